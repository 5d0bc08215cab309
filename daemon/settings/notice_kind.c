/* SPDX-License-Identifier: ISC */
/* notice_kind.c - one row for each event. */
#include "settings/notice_kind.h"

#include <string.h>

#include "conf/nearest.h"

static const char *const key_cached[] = {"names", "block", NULL};
static const char *const key_rejected[] = {"names", "peer", "status", "closest-block", NULL};
static const char *const key_failed[] = {"names", "account", "problem", NULL};
static const char *const key_limited[] = {"names", "account", NULL};
static const char *const key_expiring[] = {"names", "storage", NULL};
static const char *const key_account[] = {"account", NULL};
static const char *const key_what[] = {"account", "what", NULL};
static const char *const key_config[] = {"file", NULL};

static const struct {
	const char *name;
	bool choosable; /* in `events` and `notify-events` */
	bool usual; /* on where nothing is said */
	enum acmems_severity severity;
	const char *const *key;
} kinds[NOTICE_KINDS] = {
	[NOTICE_ISSUED] = {"issued", true, true, ACMEMS_EVENT_INFO, NULL},
	[NOTICE_RENEWED] = {"renewed", true, true, ACMEMS_EVENT_INFO, NULL},
	[NOTICE_CACHED] = {"cached", true, false, ACMEMS_EVENT_INFO, key_cached},
	[NOTICE_REJECTED] = {"rejected", true, true, ACMEMS_EVENT_WARNING, key_rejected},
	[NOTICE_FAILED] = {"failed", true, true, ACMEMS_EVENT_ERROR, key_failed},
	[NOTICE_RATE_LIMITED] = {"rate-limited", true, true, ACMEMS_EVENT_WARNING, key_limited},
	[NOTICE_EXPIRING] = {"expiring", true, true, ACMEMS_EVENT_WARNING, key_expiring},
	[NOTICE_CA_UNREACHABLE] = {"ca-unreachable", true, true, ACMEMS_EVENT_ERROR, key_account},
	[NOTICE_CA_RECOVERED] = {"ca-recovered", true, true, ACMEMS_EVENT_INFO, key_account},
	[NOTICE_ACCOUNT] = {"account", true, true, ACMEMS_EVENT_INFO, key_what},
	[NOTICE_CONFIG] = {"config", true, true, ACMEMS_EVENT_ERROR, key_config},
	[NOTICE_TEST] = {"test", false, false, ACMEMS_EVENT_INFO, NULL},
	[NOTICE_SUMMARY] = {"summary", false, false, ACMEMS_EVENT_WARNING, NULL},
};

static const char *const fields[] = {"account", "block", "closest-block", "days-left", "detail",
	"directory", "down-since", "duration-ms", "file", "first", "held-back", "instance", "last",
	"missed", "names", "not-after", "old-not-after", "peer", "problem", "retry-after", "serial",
	"status", "storage", "validator", "what"};

const char *notice_kind_name(enum notice_kind kind)
{
	return kinds[kind].name;
}

enum acmems_severity notice_kind_severity(enum notice_kind kind)
{
	return kinds[kind].severity;
}

bool notice_kind_find(const char *name, enum notice_kind *ret_kind)
{
	for (int kind = 0; kind < NOTICE_KINDS; kind++) {
		if (strcmp(kinds[kind].name, name) == 0) {
			*ret_kind = (enum notice_kind)kind;
			return true;
		}
	}
	return false;
}

const char *const *notice_kind_key(enum notice_kind kind)
{
	return kinds[kind].key;
}

notice_mask notice_mask_default(void)
{
	notice_mask mask = 0;

	for (int kind = 0; kind < NOTICE_KINDS; kind++)
		mask |= kinds[kind].usual ? NOTICE_BIT(kind) : 0;
	return mask;
}

static const char *nearest_kind(const char *name)
{
	const char *names[NOTICE_KINDS];
	size_t count = 0;

	for (int kind = 0; kind < NOTICE_KINDS; kind++) {
		if (kinds[kind].choosable)
			names[count++] = kinds[kind].name;
	}
	return nearest_word(name, names, count);
}

bool notice_mask_read(const struct acmems_list *list, notice_mask *ret_mask, const char **ret_wrong,
	const char **ret_near)
{
	notice_mask mask = 0;

	for (size_t i = 0; i < list->count; i++) {
		enum notice_kind kind;

		if (!notice_kind_find(list->items[i], &kind) || !kinds[kind].choosable) {
			*ret_wrong = list->items[i];
			*ret_near = nearest_kind(list->items[i]);
			return false;
		}
		mask |= NOTICE_BIT(kind);
	}
	*ret_mask = mask;
	return true;
}

const char *notice_field_find(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(fields[i], name) == 0)
			return fields[i];
	}
	return NULL;
}
