/* SPDX-License-Identifier: ISC */
/*
 * settings_auth.c - the list `auth`. Whatever is unclear in a block is a fault: a block without a
 * method, without domains, or with a key that nobody knows must never let anybody in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/glob.h>

#include "conf/nearest.h"
#include "conf/schema.h"
#include "settings/settings_parts.h"

#define WHAT_MAX 112

static const struct acmems_option rows[] = {
	{.name = "name",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_auth, name),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 64,
		.help = "what the log calls the block"},
	{.name = "domains",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings_auth, domains),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 10000,
		.help = "globs of the names it allows"},
	{.name = "validator",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_auth, validator),
		.help = "what proves control of the names"},
	{.name = "storage",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_auth, storage),
		.help = "what keeps the certificates"},
	{.name = "account",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_auth, account),
		.help = "the CA account"},
	{.name = "notify",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings_auth, notify),
		.help = "who is told"},
	{.name = "notify-events",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings_auth, notify_list),
		.help = "what of; default: whatever the notifiers want"},
	{.name = "wildcards",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct settings_auth, wildcards),
		.fallback = "true",
		.help = "whether wildcard names may be asked for"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* What is being read. */
struct reading {
	const struct settings *settings;
	struct settings_auth *auth;
	const struct conf_node *node;
	char what[WHAT_MAX];
	struct conf_faults *faults;
};

const struct acmems_option *settings_auth_rows(size_t *ret_count)
{
	*ret_count = ROWS;
	return rows;
}

size_t settings_auth_keys(const char **keys, size_t room)
{
	size_t count = 0;

	for (; count < ROWS && count < room; count++)
		keys[count] = rows[count].name;
	return count;
}

static bool is_ours(const char *key)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].name, key) == 0)
			return true;
	}
	return false;
}

/* A key that is not ours, while the required one it looks like is missing, is a slip of the pen. */
static bool is_slip(const struct reading *reading, const struct conf_node *child)
{
	const char *keys[ROWS];
	const char *near = nearest_word(child->name, keys, settings_auth_keys(keys, ROWS));

	if (!near || conf_child(reading->node, near) ||
		(strcmp(near, "name") != 0 && strcmp(near, "domains") != 0))
		return false;
	conf_fault(reading->faults, child, "%s: unknown option \"%s\", did you mean \"%s\"?",
		reading->what, child->name, near);
	return true;
}

static bool read_methods(struct reading *reading)
{
	struct settings_auth *auth = reading->auth;
	const struct conf_node *node = reading->node;
	bool ok = true;

	auth->methods = calloc(node->count + 1, sizeof(*auth->methods));
	if (!auth->methods) {
		conf_fault(reading->faults, node, "%s: no memory", reading->what);
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct conf_node *child = node->children[i];

		if (is_ours(child->name))
			continue;
		if (is_slip(reading, child)) {
			ok = false;
		} else if (!settings_type_valid(child->name)) {
			conf_fault(reading->faults, child,
				"%s: unknown option \"%s\" (and no module can have that name)",
				reading->what, child->name);
			ok = false;
		} else {
			auth->methods[auth->method_count++] =
				(struct settings_method){.type = child->name, .node = child};
		}
	}
	if (ok && auth->method_count == 0) {
		conf_fault(reading->faults, node,
			"%s: no method says who is let in, add ip = [ ... ], hmac: { ... } or "
			"another auth module",
			reading->what);
		ok = false;
	}
	return ok;
}

static bool check_domains(const struct reading *reading)
{
	const struct acmems_list *domains = &reading->auth->domains;
	bool ok = true;

	for (size_t i = 0; i < domains->count; i++) {
		struct acmems_error err = {0};

		if (acmems_glob_domain(domains->items[i], &err))
			continue;
		conf_fault(reading->faults, conf_child(reading->node, "domains"), "%s: %s",
			reading->what, err.message);
		ok = false;
	}
	return ok;
}

static bool check_wildcards(const struct reading *reading)
{
	const struct conf_node *node = conf_child(reading->node, "wildcards");

	if (reading->settings->mgmt.wildcards)
		return true;
	if (node && reading->auth->wildcards) {
		conf_fault(reading->faults, node,
			"%s: \"wildcards\" can not be true, as mgmt forbids them for all",
			reading->what);
		return false;
	}
	reading->auth->wildcards = false;
	return true;
}

/* Checks the name that the block gives, or puts in the default. */
static bool read_ref(
	const struct reading *reading, enum settings_ref ref, const char *key, char **name)
{
	const char *fallback;

	if (*name)
		return settings_ref_check(reading->settings, ref, *name,
			conf_child(reading->node, key), reading->what, reading->faults);
	fallback = settings_ref_default(
		reading->settings, ref, reading->node, reading->what, reading->faults);
	if (!fallback)
		return false;
	*name = strdup(fallback);
	if (*name)
		return true;
	conf_fault(reading->faults, reading->node, "%s: no memory", reading->what);
	return false;
}

static bool copy_list(struct acmems_list *copy, const struct acmems_list *list)
{
	copy->items = calloc(list->count + 1, sizeof(*copy->items));
	if (!copy->items)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		copy->items[i] = strdup(list->items[i]);
		if (!copy->items[i])
			return false;
		copy->count++;
	}
	return true;
}

static bool read_notify(const struct reading *reading)
{
	struct acmems_list *notify = &reading->auth->notify;
	bool ok = true;

	if (!notify->given) {
		if (copy_list(notify, &reading->settings->mgmt.default_notify))
			return true;
		conf_fault(reading->faults, reading->node, "%s: no memory", reading->what);
		return false;
	}
	for (size_t i = 0; i < notify->count; i++)
		ok = settings_ref_check(reading->settings, SETTINGS_REF_NOTIFY, notify->items[i],
			     conf_child(reading->node, "notify"), reading->what, reading->faults) &&
		     ok;
	return ok;
}

static bool read_block(struct reading *reading)
{
	struct settings_auth *auth = reading->auth;
	const struct conf_node *name = conf_child(reading->node, "name");
	struct schema schema = {.what = reading->what, .rows = rows, .count = ROWS, .others = true};
	bool ok;

	snprintf(reading->what, sizeof(reading->what), "auth block \"%.64s\"",
		name && name->type == CONF_STRING ? name->text : "?");
	auth->node = reading->node;
	ok = schema_apply(&schema, reading->node, auth, reading->faults);
	if (reading->node->type != CONF_GROUP)
		return false;
	ok = read_methods(reading) && ok;
	ok = check_domains(reading) && ok;
	ok = check_wildcards(reading) && ok;
	ok = read_ref(reading, SETTINGS_REF_ACCOUNT, "account", &auth->account) && ok;
	ok = read_ref(reading, SETTINGS_REF_VALIDATOR, "validator", &auth->validator) && ok;
	ok = read_ref(reading, SETTINGS_REF_STORAGE, "storage", &auth->storage) && ok;
	ok = settings_events_read(&auth->notify_list, ~(notice_mask)0, &auth->notify_events,
		     conf_child(reading->node, "notify-events"), reading->what, reading->faults) &&
	     ok;
	return read_notify(reading) && ok;
}

bool settings_auth_read(struct settings *settings, struct conf_faults *faults)
{
	const struct conf_node *list = conf_child(settings->root, "auth");
	bool ok = true;

	if (!list)
		return true;
	if (list->type != CONF_LIST) {
		conf_fault(faults, list,
			"auth must be a list of blocks ( { ... }, { ... } ), not %s",
			conf_type_text(list->type));
		return false;
	}
	settings->auths = calloc(list->count + 1, sizeof(*settings->auths));
	if (!settings->auths) {
		conf_fault(faults, list, "no memory for the auth blocks");
		return false;
	}
	settings->auth_count = list->count;
	for (size_t i = 0; i < list->count; i++) {
		struct reading reading = {.settings = settings,
			.auth = &settings->auths[i],
			.node = list->children[i],
			.faults = faults};

		ok = read_block(&reading) && ok;
	}
	return ok;
}

void settings_auth_free(struct settings *settings)
{
	for (size_t i = 0; i < settings->auth_count; i++) {
		schema_free(rows, ROWS, &settings->auths[i]);
		free(settings->auths[i].methods);
	}
	free(settings->auths);
}
