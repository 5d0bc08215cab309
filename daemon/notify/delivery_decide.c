/* SPDX-License-Identifier: ISC */
/* delivery_decide.c - see delivery_decide.h. */
#include "notify/delivery_decide.h"

enum delivery_state delivery_decide(const struct delivery_view *view)
{
	if (view->outcome != DELIVERY_NONE)
		return DELIVERY_SETTLING;
	if (view->sending)
		return DELIVERY_SENDING;
	if (!view->attached)
		return DELIVERY_OFF;
	/* a receiver that fails does not stand in the way of the summary's sums */
	if (view->over_budget)
		return DELIVERY_HOLDING;
	if (view->now < view->rest_until)
		return DELIVERY_RESTING;
	return view->next_due <= view->now ? DELIVERY_SENDING : DELIVERY_IDLE;
}

int64_t delivery_wake_at(const struct delivery_view *view)
{
	if (view->sending || view->outcome != DELIVERY_NONE || !view->attached)
		return INT64_MAX;
	if (view->next_due == INT64_MAX || view->next_due > view->rest_until)
		return view->next_due;
	return view->rest_until;
}
