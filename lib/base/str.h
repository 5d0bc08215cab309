/* SPDX-License-Identifier: ISC */
/*
 * base/str.h - growing text that can not be made without a maximum.
 *
 * Every append either succeeds or marks the text as failed (no memory, or over the maximum); a
 * failed text swallows further appends, so callers check once, at the end.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct str {
	char *data; /* NUL-terminated; NULL while nothing was appended */
	size_t len;
	size_t room;
	size_t max;
	bool failed;
};

/* Prepares an empty text of at most max bytes, NUL not counted. */
void str_init(struct str *str, size_t max);
void str_add(struct str *str, const char *text);
void str_add_bytes(struct str *str, const void *data, size_t len);
void str_addf(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text so far, "" when there is none; NULL if it failed. Owned by str. */
const char *str_text(const struct str *str);

/* Hands the text over, to be freed by the caller, and resets str; NULL if it failed. */
char *str_take(struct str *str);
void str_fini(struct str *str);

#endif
