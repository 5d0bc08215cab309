/* SPDX-License-Identifier: ISC */
/*
 * acme/order_poll.h - when to ask the CA again. Pure: knows intervals, no clock and no timer.
 */
#ifndef ACME_ORDER_POLL_H
#define ACME_ORDER_POLL_H

#include <stdbool.h>
#include <stdint.h>

#define ORDER_POLL_FIRST_MS 50
#define ORDER_POLL_MAX_MS 5000
#define ORDER_POLL_ASKED_MAX_MS 60000
#define ORDER_POLL_EARLY_MS 15

struct order_poll {
	int64_t last_ms; /* interval given last where the CA named none; 0: none yet */
	bool early_used;
	bool at_once_used;
};

/*
 * How long to wait, in ms. asked_ms: the Retry-After of the last answer, -1 for none; left_ms: time
 * to the order's deadline, which no wait goes beyond.
 */
int64_t order_poll_next(struct order_poll *poll, int64_t asked_ms, int64_t left_ms);

/* Somebody has fetched our answer to a challenge: ORDER_POLL_EARLY_MS the first time, then -1. */
int64_t order_poll_early(struct order_poll *poll);

/* Something has just come to its end at the CA: 0 the first time, then -1. */
int64_t order_poll_at_once(struct order_poll *poll);

#endif
