/* SPDX-License-Identifier: ISC */
/*
 * acme/order_core.h - an order as its files see it: order.c is its beginning and end, order_steps.c
 * and order_wait.c what its states do.
 */
#ifndef ACME_ORDER_CORE_H
#define ACME_ORDER_CORE_H

#include "acme/order.h"
#include "acme/order_decide.h"
#include "acme/order_effect.h"
#include "acme/order_poll.h"
#include "acme/request.h"
#include "base/flow.h"

struct acme_order;

/* One thing at the CA that is asked for again and again: an authorization, or the order itself. */
struct order_asked {
	struct acme_order *order;
	size_t index; /* of the authorization */
	uint64_t request; /* under way, 0: none */
	struct acmems_timer *timer; /* until the next question */
	struct order_poll poll;
	int64_t asked_ms; /* Retry-After of the last answer, -1: none */
	bool seen; /* somebody fetched our answer before we came to ask */
};

struct acme_order {
	struct flow flow;
	struct order_view view;
	struct acme_client *client;
	struct acme_order_config config;
	struct acmems_csr *csr; /* our copy */
	struct effect_list effects;
	struct order_asked self;
	struct order_asked *asked; /* one for each authorization */
	size_t asked_count;
	uint64_t waiting; /* for the account */
	bool replaced; /* the order was placed anew once, after trouble with the account */
	struct acmems_timer *timer; /* the deadline of everything */
	int64_t deadline; /* clock */
	int64_t grace_until; /* clock; 0: no name has failed */
	struct acmems_error error;
	char *chain;
	size_t chain_len;
	acme_order_done *done;
	void *arg;
};

/* The order has failed for good, unless it has already ended. Steps. */
void order_fail(struct acme_order *order, const struct acmems_error *err);

/* A request has failed: repairs what can be repaired, or fails the order. Steps. */
void order_request_failed(struct acme_order *order, const struct acmems_error *err);

/* Waits for the account and begins once more; if that was done before, fails with err. Steps. */
void order_place_anew(struct acme_order *order, const struct acmems_error *err);

/* Stops every question, wait and timer; what is published is not touched. */
void order_quiet(struct acme_order *order);

/* An error that leaves open whether the CA got what was sent. */
bool order_answer_lost(const struct acmems_error *err);

/* Prepares one entry for each authorization. */
bool order_make_asked(struct acme_order *order, struct acmems_error *err);

/* POST, or POST-as-GET without payload, bounded by the order's deadline. Fails the order itself. */
uint64_t order_send(struct acme_order *order, const struct acme_request *request,
	acme_request_done *done, void *arg);

/* What the states do on entry; subject is the order. */
void order_enter_account(void *subject);
void order_enter_new_order(void *subject);
void order_enter_authorize(void *subject);
void order_enter_present(void *subject);
void order_enter_respond(void *subject);
void order_enter_await_authorizations(void *subject);
void order_enter_finalize(void *subject);
void order_enter_await_issuance(void *subject);
void order_enter_download(void *subject);

#endif
