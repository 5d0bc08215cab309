/* SPDX-License-Identifier: ISC */
/* settings_notify.c - what every notifier can be told, whatever its module; and lists of events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/schema.h"
#include "settings/settings_parts.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

const char *const settings_notify_keys[] = {
	"type", "events", "fold", "digest", "at-most", "queue", NULL};

static const struct acmems_option rows[] = {
	{.name = "events",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings_instance, event_list),
		.help = "what it hears of; default: all but cached"},
	{.name = "fold",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct settings_instance, fold),
		.fallback = "5m",
		.min = 0,
		.max = DAY_MS,
		.help = "equal events within this time become one"},
	{.name = "digest",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct settings_instance, digest),
		.fallback = "0s",
		.min = 0,
		.max = DAY_MS,
		.help = "events within this time are sent together, errors at once"},
	{.name = "at-most",
		.type = ACMEMS_INT,
		.offset = offsetof(struct settings_instance, at_most),
		.fallback = "60",
		.min = 1,
		.max = 1000000,
		.help = "deliveries an hour; more becomes one summary"},
	{.name = "queue",
		.type = ACMEMS_INT,
		.offset = offsetof(struct settings_instance, queue),
		.fallback = "1000",
		.min = 1,
		.max = 10000,
		.help = "events that wait at most; more becomes one summary"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct acmems_option *settings_notify_rows(size_t *ret_count)
{
	*ret_count = ROWS;
	return rows;
}

bool settings_events_read(const struct acmems_list *list, notice_mask fallback,
	notice_mask *ret_mask, const struct conf_node *node, const char *what,
	struct conf_faults *faults)
{
	const char *wrong = NULL, *near = NULL;

	*ret_mask = fallback;
	if (!list->given || notice_mask_read(list, ret_mask, &wrong, &near))
		return true;
	conf_fault(faults, node, "%s: there is no event \"%s\"%s%s%s", what, wrong,
		near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return false;
}

static bool read_one(struct settings_instance *notify, struct conf_faults *faults)
{
	char what[96];
	struct schema schema = {.what = what, .rows = rows, .count = ROWS, .others = true};
	bool ok;

	/* one that is no group has been named already */
	if (notify->node->type != CONF_GROUP)
		return true;
	snprintf(what, sizeof(what), "notify \"%.64s\"", notify->name);
	ok = schema_apply(&schema, notify->node, notify, faults);
	return settings_events_read(&notify->event_list, notice_mask_default(), &notify->events,
		       conf_child(notify->node, "events"), what, faults) &&
	       ok;
}

/* What is configured is meant to be used. */
static bool default_to_all(struct settings *settings)
{
	struct acmems_list *list = &settings->mgmt.default_notify;

	if (list->given || list->count > 0 || settings->notify_count == 0)
		return true;
	free(list->items);
	list->items = calloc(settings->notify_count + 1, sizeof(*list->items));
	for (size_t i = 0; list->items && i < settings->notify_count; i++) {
		list->items[i] = strdup(settings->notifies[i].name);
		if (!list->items[i])
			return false;
		list->count++;
	}
	return list->items != NULL;
}

bool settings_notifies_read(struct settings *settings, struct conf_faults *faults)
{
	bool ok = true;

	for (size_t i = 0; i < settings->notify_count; i++)
		ok = read_one(&settings->notifies[i], faults) && ok;
	if (default_to_all(settings))
		return ok;
	conf_fault(faults, NULL, "no memory for the configuration");
	return false;
}

void settings_notifies_free(struct settings *settings)
{
	for (size_t i = 0; i < settings->notify_count; i++)
		schema_free(rows, ROWS, &settings->notifies[i]);
}
