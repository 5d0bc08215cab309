/* SPDX-License-Identifier: ISC */
/*
 * acme/order_view.h - all that is known of an order: what the CA says, and what we did. Every answer
 * of the CA goes in here; acme/order_decide.h says what follows. Sends nothing, waits for nothing.
 */
#ifndef ACME_ORDER_VIEW_H
#define ACME_ORDER_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include "acme/authz.h"
#include "acme/status.h"

#define ORDER_AUTHORIZATIONS_MAX 128
#define ORDER_FINALIZE_TRIES 4

enum order_finalize {
	ORDER_FINALIZE_OPEN, /* not sent, or sent in vain */
	ORDER_FINALIZE_LOST, /* sent; whether it arrived is unknown */
	ORDER_FINALIZE_TAKEN, /* sent, and the CA took it */
};

struct order_view {
	/* what the CA says */
	bool placed; /* there is an order */
	enum acme_status status;
	char *url;
	char *finalize_url;
	char *certificate_url; /* NULL until there is a certificate */
	char *why; /* of an invalid order, in the CA's words; or NULL */
	enum acmems_code why_code;
	char problem[ACMEMS_ERROR_PROBLEM_MAX];
	struct authz *authz;
	size_t authz_count;

	/* what we did */
	bool account; /* there is an account to place it with */
	enum order_finalize finalize;
	unsigned finalize_tries;
	bool grace_over; /* waited long enough for the verdicts beside a failed one */
	bool has_chain; /* downloaded and checked */
	bool failed; /* something went wrong for good, or it was given up */
	bool clean; /* nothing that we have published is left, or we can do no more */
};

/* Reads an order object of newOrder, with its Location. False: *err, nothing is changed. */
bool order_view_place(struct order_view *view, const char *location, const struct acmems_json *json,
	struct acmems_error *err);

/* Reads the order object again. False: *err, nothing is changed. */
bool order_view_read(
	struct order_view *view, const struct acmems_json *json, struct acmems_error *err);

/* Forgets the order, not what became of us: another one will be placed. */
void order_view_forget(struct order_view *view);

/* Frees what it holds. Safe on a zeroed struct. */
void order_view_fini(struct order_view *view);

#endif
