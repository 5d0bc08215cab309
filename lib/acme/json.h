/* SPDX-License-Identifier: ISC */
/*
 * acme/json.h - JSON from a CA: <acmems/json.h> with the bounds of ACME, and its URLs.
 */
#ifndef ACME_JSON_H
#define ACME_JSON_H

#include <acmems/json.h>

#define JSON_MAX 65536
#define JSON_URL_MAX 2048

/* acmems_json_read() of at most JSON_MAX bytes. */
struct acmems_json *json_parse(const char *text, size_t len, struct acmems_error *err);

/* As acmems_json_text() and acmems_json_need_text(), of an https URL (json_is_url()). */
bool json_url(const struct acmems_json *object, const char *name, const char **ret,
	struct acmems_error *err);
bool json_need_url(const struct acmems_json *object, const char *name, const char **ret,
	struct acmems_error *err);

/* Whether text is https://HOST..., at most JSON_URL_MAX bytes, printable ASCII without spaces,
 * quotes, brackets and backslashes, without user information. */
bool json_is_url(const char *text);

#endif
