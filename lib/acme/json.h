/* SPDX-License-Identifier: ISC */
/*
 * acme/json.h - JSON from a CA, read as if the CA were hostile, and the little JSON that we write.
 *
 * What json_parse() lets through is one object of bounded size and depth, valid UTF-8, without NUL
 * and with nothing behind it. The accessors check the type of each member at the moment it is used;
 * names are compared byte by byte. Not a general JSON library, and not the place for any meaning.
 */
#ifndef ACME_JSON_H
#define ACME_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>

struct cJSON;
struct str;

#define JSON_MAX 65536
#define JSON_DEPTH_MAX 16
#define JSON_URL_MAX 2048

/* One object. NULL and *err (ACMEMS_BAD_ANSWER, ACMEMS_NO_MEMORY). Free with json_free(). */
struct cJSON *json_parse(const char *text, size_t len, struct acmems_error *err);
void json_free(struct cJSON *json);

/*
 * The readers below set *ret to NULL or 0 and return true when the member is absent or null, and
 * return false with ACMEMS_BAD_ANSWER when it is there and is not what was asked for. *ret belongs
 * to the object. `name` is the member's name; object may be NULL, and then has no members.
 */

/* Text of at most max bytes; not checked for control characters. */
bool json_text(const struct cJSON *object, const char *name, size_t max, const char **ret,
	struct acmems_error *err);

/* An https URL (json_is_url()). */
bool json_url(
	const struct cJSON *object, const char *name, const char **ret, struct acmems_error *err);

bool json_bool(const struct cJSON *object, const char *name, bool *ret, struct acmems_error *err);

bool json_object(const struct cJSON *object, const char *name, const struct cJSON **ret,
	struct acmems_error *err);

/* An array of at most max elements. */
bool json_array(const struct cJSON *object, const char *name, size_t max, const struct cJSON **ret,
	struct acmems_error *err);

/* As json_text() and json_url(), and absence is ACMEMS_BAD_ANSWER, too. */
bool json_need_text(const struct cJSON *object, const char *name, size_t max, const char **ret,
	struct acmems_error *err);
bool json_need_url(
	const struct cJSON *object, const char *name, const char **ret, struct acmems_error *err);

/* First element of an array or NULL; the element behind one, or NULL. NULL gives NULL. */
const struct cJSON *json_first(const struct cJSON *array);
const struct cJSON *json_next(const struct cJSON *element);
size_t json_count(const struct cJSON *array);

/* Whether it is an object; the text of an element that is a string, else NULL. */
bool json_is_object(const struct cJSON *json);
const char *json_element_text(const struct cJSON *element);

/* Whether text is https://HOST..., at most JSON_URL_MAX bytes, printable ASCII without spaces,
 * quotes, brackets and backslashes, without user information. */
bool json_is_url(const char *text);

/* Appends text as a JSON string with its quotes. */
void json_quote(struct str *out, const char *text);

#endif
