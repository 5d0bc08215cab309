/* SPDX-License-Identifier: ISC */
/*
 * acme/reply.h - reads one HTTP answer of a CA: a good one of the kind that was asked for, or an
 * error. Pure; sends nothing and repeats nothing.
 */
#ifndef ACME_REPLY_H
#define ACME_REPLY_H

#include <stdbool.h>

#include <acmems/error.h>
#include <acmems/http.h>
#include "acme/request.h"

/* Bytes of a chain in PEM. */
#define REPLY_CHAIN_MAX 262144

/*
 * True: *answer is filled, and points into http and *ret_json, which the caller frees with
 * acmems_json_free() (NULL for a chain). False: *err is the CA's problem, or ACMEMS_BAD_ANSWER for a type,
 * status or body that was not asked for.
 */
bool reply_read(const struct acmems_http_answer *http, enum acme_expect expect,
	struct acme_answer *answer, struct acmems_json **ret_json, struct acmems_error *err);

/* Fills *err from an answer whose status is not 2xx. Returns false. */
bool reply_problem(const struct acmems_http_answer *http, struct acmems_error *err);

#endif
