/* SPDX-License-Identifier: ISC */
/*
 * json.h - JSON (RFC 8259) from elsewhere, read as if its sender were hostile, and written.
 *
 * What acmems_json_read() lets through is one object of bounded size and depth, valid UTF-8, without
 * NUL and with nothing behind it. Its readers check the type of a member at the moment it is used;
 * names are compared byte by byte, and of two members with one name the first counts.
 */
#ifndef ACMEMS_JSON_H
#define ACMEMS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

/* ---- reading ---- */

#define ACMEMS_JSON_DEPTH_MAX 16

/* A value: an object, array, text, ... */
struct acmems_json;

/*
 * One object of at most max bytes. NULL and *err (ACMEMS_BAD_ANSWER, ACMEMS_NO_MEMORY). Free with
 * acmems_json_free(), which takes NULL, too.
 */
struct acmems_json *acmems_json_read(
	const char *text, size_t len, size_t max, struct acmems_error *err);
void acmems_json_free(struct acmems_json *json);

/*
 * The readers below set *ret to NULL, false or 0 and return true when the member is absent or null, and
 * return false with ACMEMS_BAD_ANSWER when it is there and is not what was asked for. *ret belongs
 * to the object. `name` is the member's name; object may be NULL, and then has no members.
 */

/* Text of at most max bytes; not checked for control characters. */
bool acmems_json_text(const struct acmems_json *object, const char *name, size_t max,
	const char **ret, struct acmems_error *err);

/* As acmems_json_text(), and absence is ACMEMS_BAD_ANSWER, too. */
bool acmems_json_need_text(const struct acmems_json *object, const char *name, size_t max,
	const char **ret, struct acmems_error *err);

bool acmems_json_bool(
	const struct acmems_json *object, const char *name, bool *ret, struct acmems_error *err);

/* Numbers that JSON can carry from anybody to anybody are whole and within +- 2^53 (RFC 8259, 6). */
#define ACMEMS_JSON_INT_MAX 9007199254740992

/* A whole number from min to max, which must be within +- ACMEMS_JSON_INT_MAX; absent: 0. */
bool acmems_json_int(const struct acmems_json *object, const char *name, int64_t min, int64_t max,
	int64_t *ret, struct acmems_error *err);

bool acmems_json_object(const struct acmems_json *object, const char *name,
	const struct acmems_json **ret, struct acmems_error *err);

/* An array of at most max elements. */
bool acmems_json_array(const struct acmems_json *object, const char *name, size_t max,
	const struct acmems_json **ret, struct acmems_error *err);

/* First element of an array, or member of an object, or NULL; the one behind it, or NULL. NULL gives
 * NULL. */
const struct acmems_json *acmems_json_first(const struct acmems_json *json);
const struct acmems_json *acmems_json_next(const struct acmems_json *element);
size_t acmems_json_count(const struct acmems_json *json);

/* The name of a member of an object; "" for an element of an array. */
const char *acmems_json_name(const struct acmems_json *member);

/* Whether it is an object; the text of an element that is a text, else NULL. */
bool acmems_json_is_object(const struct acmems_json *json);
const char *acmems_json_element_text(const struct acmems_json *element);

/* ---- writing ---- */

/*
 * Writes one object, which is open from the beginning. What fails (no memory, too long, deeper than
 * ACMEMS_JSON_DEPTH_MAX, more ends than beginnings) makes all of it fail, so that only the result has
 * to be looked at; a writer that is NULL is one that failed. `name` is NULL inside of an array, and
 * only there.
 */
struct acmems_json_writer;

/* A text of at most max bytes; NULL when there is no memory. */
struct acmems_json_writer *acmems_json_writer_new(size_t max);

/* What is not UTF-8 is written as U+FFFD, byte by byte; a text that is NULL as null. */
void acmems_json_put_text(struct acmems_json_writer *writer, const char *name, const char *text);
void acmems_json_put_bool(struct acmems_json_writer *writer, const char *name, bool value);

/* Within +- ACMEMS_JSON_INT_MAX. */
void acmems_json_put_int(struct acmems_json_writer *writer, const char *name, int64_t value);

/* Any value that was read, whole and as it was; one that is NULL is written as null. */
void acmems_json_put(
	struct acmems_json_writer *writer, const char *name, const struct acmems_json *value);

/* From here to acmems_json_end() everything goes into this member. */
void acmems_json_begin_object(struct acmems_json_writer *writer, const char *name);
void acmems_json_begin_array(struct acmems_json_writer *writer, const char *name);
void acmems_json_end(struct acmems_json_writer *writer);

/*
 * Frees the writer and returns the text, NUL-terminated behind *ret_len bytes and the caller's to
 * free(); NULL when anything has failed or a beginning has no end.
 */
char *acmems_json_writer_finish(struct acmems_json_writer *writer, size_t *ret_len);

/* A text as JSON, with its quotes, the caller's to free(); NULL when there is no memory. */
char *acmems_json_quote(const char *text);

#endif
