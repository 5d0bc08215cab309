/* SPDX-License-Identifier: ISC */
/* settings.c - the configuration file as a whole: its outermost keys, and the order of its parts. */
#include "settings/settings.h"

#include <stdlib.h>
#include <string.h>

#include "conf/schema.h"
#include "settings/settings_parts.h"

static const struct acmems_option rows[] = {
	{.name = "modules",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, modules),
		.fallback = ACMEMS_MODULE_DIR,
		.min = 1,
		.max = 3000,
		.help = "directory of the modules"},
	{.name = "pid-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, pid_file),
		.min = 1,
		.max = 3000,
		.help = "file that the process number is written to"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *const parts[] = {
	"log", "account", "mgmt", "validator", "storage", "notify", "auth", NULL};

static const struct acmems_option *outermost_rows(size_t *ret_count)
{
	*ret_count = ROWS;
	return rows;
}

const struct acmems_option *settings_rows(const char *group, size_t *ret_count)
{
	static const struct {
		const char *name;
		const struct acmems_option *(*rows)(size_t *ret_count);
	} groups[] = {
		{"", outermost_rows},
		{"log", settings_log_rows},
		{"account", settings_account_rows},
		{"mgmt", settings_mgmt_rows},
		{"storage", settings_storage_rows},
		{"notify", settings_notify_rows},
		{"auth", settings_auth_rows},
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (strcmp(groups[i].name, group) == 0)
			return groups[i].rows(ret_count);
	}
	return NULL;
}

static bool read_outermost(struct settings *settings, struct conf_faults *faults)
{
	struct schema schema = {
		.what = "configuration", .rows = rows, .count = ROWS, .also = parts};
	bool ok = schema_apply(&schema, settings->root, settings, faults);

	if (settings->pid_file && settings->pid_file[0] != '/') {
		conf_fault(faults, conf_child(settings->root, "pid-file"),
			"\"pid-file\" must be an absolute path");
		ok = false;
	}
	return ok;
}

/* Every part is read whatever is wrong with the others, so that every fault is named at once. */
static bool read_all(struct settings *settings, struct conf_faults *faults)
{
	bool ok = read_outermost(settings, faults);

	ok = settings_log_read(settings, faults) && ok;
	ok = settings_mgmt_read(settings, faults) && ok;
	ok = settings_accounts_read(settings, faults) && ok;
	ok = settings_instances_read(settings, faults) && ok;
	ok = settings_storages_read(settings, faults) && ok;
	ok = settings_notifies_read(settings, faults) && ok;
	ok = settings_ref_mgmt(settings, faults) && ok;
	return settings_auth_read(settings, faults) && ok;
}

struct settings *settings_load(const char *path, struct conf_faults *faults)
{
	struct settings *settings = calloc(1, sizeof(*settings));

	if (!settings) {
		conf_fault(faults, NULL, "no memory for the configuration");
		return NULL;
	}
	settings->root = conf_read(path, faults);
	if (settings->root && read_all(settings, faults))
		return settings;
	settings_free(settings);
	return NULL;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	settings_auth_free(settings);
	settings_notifies_free(settings);
	settings_instances_free(settings);
	settings_accounts_free(settings);
	settings_mgmt_free(settings);
	settings_log_free(settings);
	schema_free(rows, ROWS, settings);
	conf_free(settings->root);
	free(settings);
}
