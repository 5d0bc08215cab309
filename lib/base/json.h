/* SPDX-License-Identifier: ISC */
/*
 * base/json.h - JSON for the rooms of lib and the daemon: what <acmems/json.h> has no use for.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <acmems/json.h>

struct str;

/* Appends text as a JSON string with its quotes; what is not UTF-8 becomes U+FFFD, byte by byte. */
void json_quote(struct str *out, const char *text);

/* Appends a value that was read. False: no memory. */
bool json_print(struct str *out, const struct acmems_json *value);

#endif
