/* SPDX-License-Identifier: ISC */
/* settings_ref.c - names in one place of the configuration that stand for groups in another. */
#include <string.h>

#include "conf/nearest.h"
#include "settings/settings_parts.h"

static const struct {
	const char *kind;
	const char *plural;
	const char *default_key;
} words[] = {
	[SETTINGS_REF_ACCOUNT] = {"account", "accounts", "default-account"},
	[SETTINGS_REF_VALIDATOR] = {"validator", "validators", "default-validator"},
	[SETTINGS_REF_STORAGE] = {"storage", "storages", "default-storage"},
	[SETTINGS_REF_NOTIFY] = {"notify", "notifiers", "default-notify"},
};

static size_t count_of(const struct settings *settings, enum settings_ref ref)
{
	switch (ref) {
	case SETTINGS_REF_ACCOUNT:
		return settings->account_count;
	case SETTINGS_REF_VALIDATOR:
		return settings->validator_count;
	case SETTINGS_REF_STORAGE:
		return settings->storage_count;
	case SETTINGS_REF_NOTIFY:
		return settings->notify_count;
	}
	return 0;
}

static const char *name_at(const struct settings *settings, enum settings_ref ref, size_t i)
{
	switch (ref) {
	case SETTINGS_REF_ACCOUNT:
		return settings->accounts[i].name;
	case SETTINGS_REF_VALIDATOR:
		return settings->validators[i].name;
	case SETTINGS_REF_STORAGE:
		return settings->storages[i].name;
	case SETTINGS_REF_NOTIFY:
		return settings->notifies[i].name;
	}
	return NULL;
}

static const char *default_of(const struct settings *settings, enum settings_ref ref)
{
	switch (ref) {
	case SETTINGS_REF_ACCOUNT:
		return settings->mgmt.default_account;
	case SETTINGS_REF_VALIDATOR:
		return settings->mgmt.default_validator;
	case SETTINGS_REF_STORAGE:
		return settings->mgmt.default_storage;
	case SETTINGS_REF_NOTIFY:
		break;
	}
	return NULL;
}

bool settings_ref_check(const struct settings *settings, enum settings_ref ref, const char *name,
	const struct conf_node *node, const char *what, struct conf_faults *faults)
{
	const char *names[SETTINGS_NAMES_MAX];
	size_t count = count_of(settings, ref);
	const char *near;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(name_at(settings, ref, i), name) == 0)
			return true;
	}
	if (count > SETTINGS_NAMES_MAX)
		count = SETTINGS_NAMES_MAX;
	for (size_t i = 0; i < count; i++)
		names[i] = name_at(settings, ref, i);
	near = nearest_word(name, names, count);
	conf_fault(faults, node, "%s: there is no %s \"%s\"%s%s%s", what, words[ref].kind, name,
		near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return false;
}

const char *settings_ref_default(const struct settings *settings, enum settings_ref ref,
	const struct conf_node *node, const char *what, struct conf_faults *faults)
{
	size_t count = count_of(settings, ref);

	if (default_of(settings, ref))
		return default_of(settings, ref);
	if (count == 1)
		return name_at(settings, ref, 0);
	if (count == 0)
		conf_fault(faults, node, "%s: there is no %s, add %s: { NAME: { ... }; };", what,
			words[ref].kind, words[ref].kind);
	else
		conf_fault(faults, node,
			"%s: which of the %zu %s? Name one here, or one for all with \"%s\" in "
			"mgmt",
			what, count, words[ref].plural, words[ref].default_key);
	return NULL;
}

bool settings_ref_mgmt(const struct settings *settings, struct conf_faults *faults)
{
	const struct conf_node *mgmt = conf_child(settings->root, "mgmt");
	bool ok = true;

	for (int ref = SETTINGS_REF_ACCOUNT; ref <= SETTINGS_REF_STORAGE; ref++) {
		const char *name = default_of(settings, (enum settings_ref)ref);

		if (name)
			ok = settings_ref_check(settings, (enum settings_ref)ref, name,
				     conf_child(mgmt, words[ref].default_key), "mgmt", faults) &&
			     ok;
	}
	for (size_t i = 0; i < settings->mgmt.default_notify.count; i++)
		ok = settings_ref_check(settings, SETTINGS_REF_NOTIFY,
			     settings->mgmt.default_notify.items[i],
			     conf_child(mgmt, words[SETTINGS_REF_NOTIFY].default_key), "mgmt",
			     faults) &&
		     ok;
	return ok;
}
