/* SPDX-License-Identifier: ISC */
/*
 * flight.h - one issuance, any number of requests waiting for it.
 *
 * Requests for the same CSR (by its DER), account, validator and storage join the flight that is
 * under way instead of starting another. A flight that everybody has left goes on, and its result
 * is kept, for the next call of the client. It holds its generation.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/x509.h>
#include "generation/generation.h"

/* Exactly one of chain and err is given; valid during the call. From the loop, exactly once. */
typedef void flight_done(void *arg, const char *chain, size_t len, const struct acmems_error *err);

/*
 * Joins the flight for this CSR or starts one. body is the CSR as sent, the key for the storage; peer (or
 * NULL) is who asks, for events; csr
 * and body are copied as far as needed. Number for flight_leave(), or 0 and *err: ACMEMS_UNAVAILABLE
 * with retry_after when as much is pending as mgmt.max-pending allows.
 */
uint64_t flight_join(struct block *block, const struct acmems_csr *csr, const void *body,
	size_t len, const struct acmems_address *peer, flight_done *done, void *arg,
	struct acmems_error *err);

/* Silent; the flight goes on. Harmless for numbers that are done. */
void flight_leave(uint64_t waiter);

/* Whether there is a flight that a request for this CSR would join. */
bool flight_under_way(const struct block *block, const struct acmems_csr *csr);

/* Under way now; for the cap and for draining. */
size_t flight_count(void);

/* Gives up all flights of a generation (orders clean up); their waiters hear ACMEMS_UNAVAILABLE. */
void flight_abort(const struct generation *generation);

#endif
