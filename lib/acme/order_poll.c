/* SPDX-License-Identifier: ISC */
/* order_poll.c - see order_poll.h. */
#include "acme/order_poll.h"

static int64_t at_most(int64_t value, int64_t max)
{
	return value < max ? value : max;
}

int64_t order_poll_next(struct order_poll *poll, int64_t asked_ms, int64_t left_ms)
{
	int64_t wait;

	if (asked_ms >= 0) {
		/* "at once" is not meant as an invitation to spin */
		wait = asked_ms < ORDER_POLL_FIRST_MS ? ORDER_POLL_FIRST_MS
						      : at_most(asked_ms, ORDER_POLL_ASKED_MAX_MS);
	} else {
		wait = poll->last_ms == 0 ? ORDER_POLL_FIRST_MS
					  : at_most(2 * poll->last_ms, ORDER_POLL_MAX_MS);
		poll->last_ms = wait;
	}
	return at_most(wait, left_ms > 0 ? left_ms : 0);
}

int64_t order_poll_early(struct order_poll *poll)
{
	if (poll->early_used)
		return -1;
	poll->early_used = true;
	return ORDER_POLL_EARLY_MS;
}

int64_t order_poll_at_once(struct order_poll *poll)
{
	if (poll->at_once_used)
		return -1;
	poll->at_once_used = true;
	return 0;
}
