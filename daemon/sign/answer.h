/* SPDX-License-Identifier: ISC */
/*
 * answer.h - the only place where an error becomes an HTTP status, a text and headers.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/http.h>

/* The HTTP status that stands for a code. */
int answer_status(enum acmems_code code);

/*
 * Replies with an error: one clear line of text (and the details, name by name), or RFC 9457 problem
 * JSON if the client accepts that; Retry-After where the error has one or 503/429 needs one. A
 * refusal never says more than that it is one, a fault of our own not more than where to look.
 */
void answer_error(uint64_t request, const struct acmems_error *err);

/* 405 with Allow. */
void answer_method(uint64_t request, const char *allow);

/* The chain, with its ETag; or 304 if the client has it already (If-None-Match). Returns the
 * status. */
int answer_chain(uint64_t request, const char *chain, size_t len, const char *etag);

/* 200 with a text. */
void answer_text(uint64_t request, const char *text);

#endif
