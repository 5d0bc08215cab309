/* SPDX-License-Identifier: ISC */
/*
 * notice_kind.h - the closed list of acmems/notify.h as a table: names, what is on by default, how
 * grave it is, and which fields make two events equal.
 */
#ifndef NOTICE_KIND_H
#define NOTICE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/notify.h>
#include <acmems/option.h>

enum notice_kind {
	NOTICE_ISSUED,
	NOTICE_RENEWED,
	NOTICE_CACHED,
	NOTICE_REJECTED,
	NOTICE_FAILED,
	NOTICE_RATE_LIMITED,
	NOTICE_EXPIRING,
	NOTICE_CA_UNREACHABLE,
	NOTICE_CA_RECOVERED,
	NOTICE_ACCOUNT,
	NOTICE_CONFIG,
	NOTICE_TEST,
	NOTICE_SUMMARY,
	NOTICE_KINDS
};

/* One bit for each kind. */
typedef uint32_t notice_mask;
#define NOTICE_BIT(kind) ((notice_mask)1 << (kind))

const char *notice_kind_name(enum notice_kind kind);
enum acmems_severity notice_kind_severity(enum notice_kind kind);

/* False for a name that is not on the list. */
bool notice_kind_find(const char *name, enum notice_kind *ret_kind);

/* Fields that equal events have in common, NULL at the end; NULL: no two are ever equal. */
const char *const *notice_kind_key(enum notice_kind kind);

/* What is on where nothing is said. */
notice_mask notice_mask_default(void);

/*
 * What a list of names asks for; those that can be chosen only. False: *ret_wrong, with the nearest
 * that can be in *ret_near, or NULL.
 */
bool notice_mask_read(const struct acmems_list *list, notice_mask *ret_mask, const char **ret_wrong,
	const char **ret_near);

/* The name as it stands in the closed list of fields, or NULL. */
const char *notice_field_find(const char *name);

#endif
