/* SPDX-License-Identifier: ISC */
/*
 * acme/order_decide.h - which state follows from what is known of an order. Pure: no clock, no
 * memory, no effect; the effects of the states are in order_steps.c.
 */
#ifndef ACME_ORDER_DECIDE_H
#define ACME_ORDER_DECIDE_H

#include "acme/order_view.h"

enum order_state {
	ORDER_ACCOUNT, /* waiting for the account */
	ORDER_NEW_ORDER, /* placing the order */
	ORDER_AUTHORIZE, /* fetching all authorizations */
	ORDER_PRESENT, /* publishing what the CA will look for */
	ORDER_RESPOND, /* telling the CA that it can look */
	ORDER_AWAIT_AUTHORIZATIONS, /* waiting for its verdicts */
	ORDER_FINALIZE, /* handing the CSR over */
	ORDER_AWAIT_ISSUANCE, /* waiting for the certificate */
	ORDER_DOWNLOAD,
	ORDER_CLEAN_UP, /* taking away what was published */
	ORDER_DONE,
	ORDER_FAILED,
	ORDER_STATES,
};

enum order_state order_decide(const struct order_view *view);

/* Whether the view leaves no way on; *err then says why. */
bool order_fault(const struct order_view *view, struct acmems_error *err);

#endif
