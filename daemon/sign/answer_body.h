/* SPDX-License-Identifier: ISC */
/* answer_body.h - an error as text for people or as problem JSON (RFC 9457). Between answer.c and
 * answer_body.c. */
#ifndef ANSWER_BODY_H
#define ANSWER_BODY_H

#include <stdbool.h>

#include <acmems/error.h>
#include "base/str.h"

/* What a code means to HTTP. */
struct answer_meaning {
	int status;
	const char *title;
};

/* Whether an Accept header (NULL: none) asks for application/problem+json or application/json by
 * name, with a quality that is not 0. */
bool answer_wants_problem(const char *accept);

/* Writes the body; the caller frees it with str_fini(). Whatever the error holds, only printable
 * ASCII and our own line ends come out. */
void answer_body(struct str *out, const struct answer_meaning *meaning,
	const struct acmems_error *err, bool json);

#endif
