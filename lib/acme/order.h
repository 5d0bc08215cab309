/* SPDX-License-Identifier: ISC */
/*
 * acme/order.h - one order from CSR to chain (RFC 8555, 7.1.6).
 *
 * Waits for the account, places the order, solves what authorizations are not valid yet (all at
 * once), finalizes, waits for the issuance, downloads the chain and checks that it fits the CSR's
 * key. Every end passes through clean-up, which takes away whatever the solver has published.
 */
#ifndef ACME_ORDER_H
#define ACME_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/validator.h>
#include <acmems/x509.h>
#include "acme/client.h"

/* Solves challenges; the daemon puts a validator module behind it, tests a script. */
struct acme_solver {
	const char *const *types; /* challenge types, best first, NULL at the end */
	/* As op_run(): number or 0 with *err; done once, from the loop; challenge stays valid. */
	uint64_t (*present)(void *ctx, const struct acmems_challenge *challenge,
		void (*done)(void *arg, const struct acmems_error *err), void *arg,
		struct acmems_error *err);
	uint64_t (*cleanup)(void *ctx, const struct acmems_challenge *challenge,
		void (*done)(void *arg, const struct acmems_error *err), void *arg,
		struct acmems_error *err);
	/* Silent cancel of either. */
	void (*cancel)(void *ctx, uint64_t id);
	void *ctx;
};

struct acme_order_config {
	const struct acmems_csr *csr; /* copied as far as it is needed */
	struct acme_solver solver;
	int64_t deadline_ms; /* for everything but the clean-up */
};

/* Exactly one of chain and err is given; both are valid during the call. The order is gone after. */
typedef void acme_order_done(
	void *arg, const char *chain, size_t len, const struct acmems_error *err);

struct acme_order;

/* Starts it; done comes exactly once, from the loop. NULL and *err on failure. */
struct acme_order *acme_order_start(struct acme_client *client,
	const struct acme_order_config *config, acme_order_done *done, void *arg,
	struct acmems_error *err);

/*
 * Gives up: done comes, from the loop, with ACMEMS_UNAVAILABLE after the clean-up (which has its own
 * deadline), so that nothing published stays behind.
 */
void acme_order_abort(struct acme_order *order);

/* For logs and status: "o7", and the state's name. */
const char *acme_order_id(const struct acme_order *order);
const char *acme_order_state(const struct acme_order *order);

#endif
