/* SPDX-License-Identifier: ISC */
/* delivery_decide.h - which state a delivery should be in: a pure function of its view. */
#ifndef DELIVERY_DECIDE_H
#define DELIVERY_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

enum delivery_state {
	DELIVERY_OFF, /* no receiver: none configured any more, or the daemon stops */
	DELIVERY_IDLE, /* nothing is due */
	DELIVERY_HOLDING, /* something is due and the hour's budget is spent: into the summary */
	DELIVERY_SENDING,
	DELIVERY_SETTLING, /* the outcome of a send goes to the books */
	DELIVERY_RESTING, /* the receiver failed; the next try has its time */
	DELIVERY_STATES
};

enum delivery_outcome {
	DELIVERY_NONE,
	DELIVERY_DONE,
	DELIVERY_AGAIN, /* failed, and is to be tried again */
	DELIVERY_NEVER, /* failed for good */
	DELIVERY_CUT, /* given up by us */
};

/* All times are of the clock. */
struct delivery_view {
	bool attached; /* there is a receiver */
	bool sending; /* an operation is under way */
	enum delivery_outcome outcome; /* of the last send, while it is not in the books */
	bool over_budget; /* something is due for which the hour has none left */
	int64_t now;
	int64_t rest_until; /* after a failure */
	int64_t next_due; /* INT64_MAX: none */
};

enum delivery_state delivery_decide(const struct delivery_view *view);

/* When the decision may change by itself; INT64_MAX: never. */
int64_t delivery_wake_at(const struct delivery_view *view);

#endif
