/* SPDX-License-Identifier: ISC */
/*
 * acme/problem.h - problem documents (RFC 9457, RFC 8555, 6.7) become error objects.
 *
 * The one table from ACME's problem types to our codes. Whatever text the CA sends is cut to size
 * and made printable here, so that it can be logged, mailed and handed to clients.
 */
#ifndef ACME_PROBLEM_H
#define ACME_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

struct acmems_json;

/*
 * Fills *err from a problem document: code by type (or by status, if the type is unknown), problem,
 * message 'the CA says: DETAIL (TYPE)', for userActionRequired ': go to INSTANCE' behind it, and a detail
 * line for each subproblem that has an identifier. problem may be NULL or nonsense, then only the status counts. status is that of the
 * HTTP answer, 0 for a problem inside an object (an authorization's challenge, an order).
 * retry_after in seconds, 0 for none. Returns false, as acmems_error_set() does.
 */
bool problem_read(const struct acmems_json *problem, int status, uint32_t retry_after,
	struct acmems_error *err);

/* Whether an error is of this ACME problem type, "badNonce" say. */
bool problem_is(const struct acmems_error *err, const char *type);

/*
 * Copies text, cut to room - 1 bytes: printable ASCII stays, white space becomes one space, all
 * else \xNN. Returns out.
 */
char *problem_printable(const char *text, char *out, size_t room);

#endif
