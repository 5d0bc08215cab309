/* SPDX-License-Identifier: ISC */
/* order_wait.c - the states in which an order asks again and again: for verdicts, for issuance. */
#include "acme/order_core.h"

#include <stdlib.h>

#include <acmems/loop.h>

/* How long the other names' verdicts are waited for once one has failed. */
#define GRACE_MS 5000

static int64_t left(const struct acme_order *order)
{
	return order->deadline - acmems_clock_ms();
}

/* The next question of one kind is set up, unless one is under way. */
static void arm(struct order_asked *asked)
{
	int64_t early;
	int64_t wait;

	if (asked->request != 0 || acmems_timer_running(asked->timer))
		return;
	early = asked->seen ? order_poll_early(&asked->poll) : -1;
	asked->seen = false;
	wait = early >= 0 ? early
			  : order_poll_next(&asked->poll, asked->asked_ms, left(asked->order));
	/* at the deadline nobody listens any more: it ends the order by itself */
	if (wait < left(asked->order))
		acmems_timer_start(asked->timer, wait);
	asked->asked_ms = -1;
}

static void note_grace(struct acme_order *order)
{
	int64_t now = acmems_clock_ms();

	for (size_t i = 0; i < order->view.authz_count && order->grace_until == 0; i++) {
		if (order->view.authz[i].status == ACME_STATUS_INVALID)
			order->grace_until = now + GRACE_MS;
	}
	order->view.grace_over = order->grace_until != 0 && now >= order->grace_until;
}

void order_enter_await_authorizations(void *subject)
{
	struct acme_order *order = subject;
	bool open = false;

	for (size_t i = 0; i < order->view.authz_count; i++) {
		const struct authz *authz = &order->view.authz[i];

		if (authz->status != ACME_STATUS_PENDING && authz->status != ACME_STATUS_PROCESSING)
			continue;
		open = true;
		arm(&order->asked[i]);
	}
	if (open)
		return;
	/* the last verdict is in: the order should be ready by now */
	if (order->view.authz_count > 0 && order->self.request == 0 &&
		!acmems_timer_running(order->self.timer) &&
		order_poll_at_once(&order->self.poll) == 0)
		acmems_timer_start(order->self.timer, 0);
	else
		arm(&order->self);
}

void order_enter_await_issuance(void *subject)
{
	struct acme_order *order = subject;

	arm(&order->self);
}

/* Still in a state that asks: the next question. In another one, its own entry sees to it. */
static void go_on(struct acme_order *order)
{
	int before = order->flow.state;

	flow_step(&order->flow);
	if (order->flow.state != before)
		return;
	if (before == ORDER_AWAIT_AUTHORIZATIONS)
		order_enter_await_authorizations(order);
	else if (before == ORDER_AWAIT_ISSUANCE)
		order_enter_await_issuance(order);
}

static void on_authorization(
	void *arg, const struct acme_answer *answer, const struct acmems_error *err)
{
	struct order_asked *asked = arg;
	struct acme_order *order = asked->order;
	struct acmems_error bad = {0};

	asked->request = 0;
	if (err) {
		order_request_failed(order, err);
		return;
	}
	asked->asked_ms = answer->retry_after_ms;
	if (!authz_read(&order->view.authz[asked->index], answer->json, order->config.solver.types,
		    order->csr, &bad)) {
		order_fail(order, &bad);
		return;
	}
	note_grace(order);
	go_on(order);
}

static void ask_authorization(struct order_asked *asked)
{
	asked->request = order_send(asked->order,
		&(struct acme_request){.url = asked->order->view.authz[asked->index].url},
		on_authorization, asked);
}

static void on_authorization_due(void *arg)
{
	ask_authorization(arg);
}

void order_enter_authorize(void *subject)
{
	struct acme_order *order = subject;

	for (size_t i = 0; i < order->view.authz_count && !order->view.failed; i++) {
		if (!order->view.authz[i].fetched && order->asked[i].request == 0)
			ask_authorization(&order->asked[i]);
	}
}

static void on_order(void *arg, const struct acme_answer *answer, const struct acmems_error *err)
{
	struct acme_order *order = arg;
	struct acmems_error bad = {0};

	order->self.request = 0;
	if (err) {
		order_request_failed(order, err);
		return;
	}
	order->self.asked_ms = answer->retry_after_ms;
	if (!order_view_read(&order->view, answer->json, &bad)) {
		order_fail(order, &bad);
		return;
	}
	go_on(order);
}

static void on_order_due(void *arg)
{
	struct acme_order *order = arg;

	order->self.request =
		order_send(order, &(struct acme_request){.url = order->view.url}, on_order, order);
}

static bool no_memory(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an order's timers");
}

bool order_make_asked(struct acme_order *order, struct acmems_error *err)
{
	size_t count = order->view.authz_count;

	order->self.order = order;
	order->self.asked_ms = -1;
	if (!order->self.timer)
		order->self.timer = acmems_timer_new(on_order_due, order);
	if (!order->self.timer)
		return no_memory(err);
	if (count == 0)
		return true;
	order->asked = calloc(count, sizeof(*order->asked));
	if (!order->asked)
		return no_memory(err);
	order->asked_count = count;
	for (size_t i = 0; i < count; i++) {
		struct order_asked *asked = &order->asked[i];

		*asked = (struct order_asked){.order = order, .index = i, .asked_ms = -1};
		asked->timer = acmems_timer_new(on_authorization_due, asked);
		if (!asked->timer)
			return no_memory(err);
	}
	return true;
}
