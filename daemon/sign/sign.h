/* SPDX-License-Identifier: ISC */
/*
 * sign.h - one POST /sign from body to answer: policy, CSR, storage, flight.
 */
#ifndef SIGN_H
#define SIGN_H

#include <stddef.h>

#include <acmems/http.h>
#include "generation/generation.h"

/* Takes the request: it will be answered. */
void sign_start(struct generation *generation, struct acmems_http_request *request);

/* Requests under way (for the cap, and for draining). */
size_t sign_count(void);

/* Frees what is kept for speed (CSRs already verified). Nothing may be under way. */
void sign_fini(void);

#endif
