/* SPDX-License-Identifier: ISC */
/*
 * notice.h - something that happened, as the core keeps it until everybody has been told.
 *
 * Life: notice_new -> notice_add for each field that is known, notice_summary -> shared by all the
 * queues that it goes to (notice_hold) -> notice_drop. It does not change once it is shared: how many
 * equal ones it stands for is the queues' business.
 */
#ifndef NOTICE_H
#define NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "settings/notice_kind.h"

#define NOTICE_FIELDS_MAX 16
#define NOTICE_TEXT_MAX 8192 /* of a field; longer ones are cut and end in "..." */
#define NOTICE_SUMMARY_MAX 500
/* Of an encoded event. */
#define NOTICE_BYTES_MAX 65536

struct notice {
	enum notice_kind kind;
	unsigned holds;
	bool failed; /* something did not fit into memory: of no use */
	uint64_t id;
	int64_t when; /* wall */
	char summary[NOTICE_SUMMARY_MAX + 1];
	struct acmems_field fields[NOTICE_FIELDS_MAX];
	size_t field_count;
};

/* Held once, with an id of its own, of this moment. NULL: no memory. */
struct notice *notice_new(enum notice_kind kind);
struct notice *notice_hold(struct notice *event);
void notice_drop(struct notice *event); /* NULL is allowed */

/*
 * Adds a field of the closed list. The text is cut to size; bytes that are not UTF-8, and characters
 * that are not utf8_harmless() but for line ends, become '?'. NULL or "" adds nothing.
 */
void notice_add(struct notice *event, const char *name, const char *text);
void notice_addf(struct notice *event, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void notice_add_date(struct notice *event, const char *name, int64_t wall); /* 0 adds nothing */

/* One line for a person; line ends become spaces. */
void notice_summary(struct notice *event, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

const char *notice_field(const struct notice *event, const char *name); /* NULL: has none */

/* Hash of what equal events have in common; 0: equal to none. */
uint64_t notice_key(const struct notice *event);

/* That of its kind, but for accounts: what has happened to one decides. */
enum acmems_severity notice_severity(const struct notice *event);

#define NOTICE_DATE_MAX 32
/* "2026-11-24T10:03:00Z" (RFC 3339). Returns out. */
const char *notice_date(int64_t wall, char out[NOTICE_DATE_MAX]);

/* Appends the event as texts with a NUL behind each. */
void notice_encode(const struct notice *event, struct str *out);

/* Reads them again. NULL: they make no sense, or there is no memory. */
struct notice *notice_decode(const char *data, size_t len);

/* The next text of NUL-terminated ones, or NULL; advances *data and *len behind it. */
const char *notice_next_text(const char **data, size_t *len);

#endif
