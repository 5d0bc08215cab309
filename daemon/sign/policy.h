/* SPDX-License-Identifier: ISC */
/*
 * policy.h - which auth block, if any, lets a request in.
 *
 * Blocks are tried in the order of the file. First, with headers and address only, blocks whose
 * methods can not fit are struck out; if none is left the body is not even parsed. Then, with the
 * CSR, the first block wins whose every name fits a domain and whose every method says yes. Nothing
 * fails open: an error of a method is a no for its block.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/auth.h>
#include <acmems/error.h>
#include "generation/generation.h"

/*
 * Could any block let this in? ACMEMS_REFUSED in *err if not: its message is for the client and says
 * nothing about rules; its detail is for the log ("BLOCK: why not").
 */
bool policy_possible(const struct generation *generation, const struct acmems_sign_request *request,
	struct acmems_error *err);

/*
 * Names that no rule can ever allow (IP, e-mail, URI, other kinds): ACMEMS_BAD_CSR naming the name.
 */
bool policy_names(const struct acmems_csr *csr, struct acmems_error *err);

struct policy_run;

/* block is NULL when err is given: ACMEMS_REFUSED as above. From the loop, exactly once. */
typedef void policy_done(void *arg, struct block *block, const struct acmems_error *err);

/* Judges a request; everything it points to must stay until done or cancel. NULL and *err: no. */
struct policy_run *policy_start(const struct generation *generation,
	const struct acmems_sign_request *request, policy_done *done, void *arg,
	struct acmems_error *err);
void policy_cancel(struct policy_run *run); /* silent */

#endif
