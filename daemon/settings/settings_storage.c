/* SPDX-License-Identifier: ISC */
/* settings_storage.c - what every storage can be told, whatever its module. */
#include <stdio.h>

#include "conf/schema.h"
#include "settings/settings_parts.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

const char *const settings_storage_keys[] = {"type", "warn-within", NULL};

static const struct acmems_option rows[] = {
	{.name = "warn-within",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct settings_instance, warn_within),
		.fallback = "7d",
		.unit = "d",
		.min = 0,
		.max = 36500 * DAY_MS,
		.help = "how long before its end one is told of a certificate that nobody renews"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct acmems_option *settings_storage_rows(size_t *ret_count)
{
	*ret_count = ROWS;
	return rows;
}

static bool read_one(struct settings_instance *storage, struct conf_faults *faults)
{
	char what[96];
	struct schema schema = {.what = what, .rows = rows, .count = ROWS, .others = true};

	/* one that is no group has been named already; one that nobody wrote is none at all */
	if (storage->node && storage->node->type != CONF_GROUP)
		return true;
	snprintf(what, sizeof(what), "storage \"%.64s\"", storage->name);
	return schema_apply(&schema, storage->node, storage, faults);
}

bool settings_storages_read(struct settings *settings, struct conf_faults *faults)
{
	bool ok = true;

	for (size_t i = 0; i < settings->storage_count; i++)
		ok = read_one(&settings->storages[i], faults) && ok;
	return ok;
}
