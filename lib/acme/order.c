/* SPDX-License-Identifier: ISC */
/*
 * order.c - an order's beginning and end: the table of its states, its deadline, what ends it, and
 * the clean-up on the way out. What the other states do is in order_steps.c and order_wait.c, which
 * state follows in order_decide.c.
 */
#include "acme/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#include "acme/order_core.h"
#include "acme/problem.h"

#define CLEAN_UP_MS 30000

static void enter_clean_up(void *subject);
static void enter_end(void *subject);

static const struct flow_state states[ORDER_STATES] = {
	[ORDER_ACCOUNT] = {"account", order_enter_account, 0, true},
	[ORDER_NEW_ORDER] = {"new-order", order_enter_new_order, 0, true},
	[ORDER_AUTHORIZE] = {"authorize", order_enter_authorize, 0, true},
	[ORDER_PRESENT] = {"present", order_enter_present, 0, true},
	[ORDER_RESPOND] = {"respond", order_enter_respond, 0, true},
	[ORDER_AWAIT_AUTHORIZATIONS] = {"await-authorizations", order_enter_await_authorizations, 0,
		true},
	[ORDER_FINALIZE] = {"finalize", order_enter_finalize, 0, true},
	[ORDER_AWAIT_ISSUANCE] = {"await-issuance", order_enter_await_issuance, 0, true},
	[ORDER_DOWNLOAD] = {"download", order_enter_download, 0, true},
	[ORDER_CLEAN_UP] = {"clean-up", enter_clean_up, CLEAN_UP_MS, false},
	[ORDER_DONE] = {"done", enter_end, 0, false},
	[ORDER_FAILED] = {"failed", enter_end, 0, false},
};

static int decide(const void *subject)
{
	const struct acme_order *order = subject;

	return (int)order_decide(&order->view);
}

/* Only the clean-up has a deadline of its own. */
static void expired(void *subject, int state)
{
	struct acme_order *order = subject;

	(void)state;
	effect_give_up(&order->effects);
	order->view.clean = true;
}

static const struct flow_table table = {
	.room = "order",
	.states = states,
	.count = ORDER_STATES,
	.decide = decide,
	.expired = expired,
};

void order_fail(struct acme_order *order, const struct acmems_error *err)
{
	if (order->view.failed || order->view.has_chain)
		return;
	order->error = *err;
	order->view.failed = true;
	flow_step(&order->flow);
}

static void quiet_one(struct acme_order *order, struct order_asked *asked)
{
	acme_request_cancel(order->client, asked->request);
	asked->request = 0;
	if (asked->timer)
		acmems_timer_stop(asked->timer);
}

void order_quiet(struct acme_order *order)
{
	if (order->waiting != 0)
		acme_client_wait_cancel(order->client, order->waiting);
	order->waiting = 0;
	quiet_one(order, &order->self);
	for (size_t i = 0; i < order->asked_count; i++)
		quiet_one(order, &order->asked[i]);
}

static void free_asked(struct acme_order *order)
{
	for (size_t i = 0; i < order->asked_count; i++)
		acmems_timer_free(order->asked[i].timer);
	free(order->asked);
	order->asked = NULL;
	order->asked_count = 0;
}

void order_request_failed(struct acme_order *order, const struct acmems_error *err)
{
	if (problem_is(err, "userActionRequired"))
		acme_client_action(order->client, err);
	if (!problem_is(err, "accountDoesNotExist")) {
		order_fail(order, err);
		return;
	}
	acme_client_lost(order->client);
	order_place_anew(order, err);
}

void order_place_anew(struct acme_order *order, const struct acmems_error *err)
{
	if (order->replaced) {
		order_fail(order, err);
		return;
	}
	order->replaced = true;
	order_quiet(order);
	free_asked(order);
	order_view_forget(&order->view);
	effect_orphan(&order->effects);
	order->view.account = false;
	order->grace_until = 0;
	flow_step(&order->flow);
}

static void on_cleaned(void *arg)
{
	struct acme_order *order = arg;

	order->view.clean = true;
	flow_step(&order->flow);
}

static void enter_clean_up(void *subject)
{
	struct acme_order *order = subject;

	order_quiet(order);
	acmems_timer_stop(order->timer);
	if (!order->view.failed && !order->view.has_chain) {
		order_fault(&order->view, &order->error);
		order->view.failed = true;
	}
	if (!effect_clean_up(&order->effects))
		on_cleaned(order);
}

static void free_csr(struct acmems_csr *csr)
{
	struct acmems_name *names;

	if (!csr)
		return;
	names = (struct acmems_name *)csr->names;
	for (size_t i = 0; names && i < csr->name_count; i++)
		free(names[i].text);
	free(names);
	free((unsigned char *)csr->der);
	free(csr);
}

static void release(struct acme_order *order)
{
	effect_give_up(&order->effects);
	flow_fini(&order->flow);
	free_asked(order);
	acmems_timer_free(order->self.timer);
	acmems_timer_free(order->timer);
	order_view_fini(&order->view);
	free_csr(order->csr);
	free(order->chain);
	free(order);
}

static void enter_end(void *subject)
{
	struct acme_order *order = subject;
	acme_order_done *done = order->done;
	void *arg = order->arg;
	bool good = order->flow.state == ORDER_DONE;
	struct acmems_error err = order->error;
	char *chain = order->chain;
	size_t len = order->chain_len;

	if (order->effects.failures > 0)
		acmems_log(ACMEMS_LOG_DEBUG, "order", order->flow.id, "%u clean-ups have failed",
			order->effects.failures);
	order->chain = NULL;
	release(order);
	done(arg, good ? chain : NULL, good ? len : 0, good ? NULL : &err);
	free(chain);
}

static void on_deadline(void *arg)
{
	struct acme_order *order = arg;
	struct acmems_error err = {0};

	acmems_error_set(&err, ACMEMS_TIMEOUT, "the CA took too long; the order had come to \"%s\"",
		flow_state_name(&order->flow));
	order_fail(order, &err);
}

static struct acmems_csr *copy_csr(const struct acmems_csr *from)
{
	struct acmems_csr *csr = calloc(1, sizeof(*csr));
	unsigned char *der = malloc(from->der_len + 1);
	struct acmems_name *names = calloc(from->name_count + 1, sizeof(*names));
	bool ok = csr && der && names;

	if (!ok) {
		free(csr);
		free(der);
		free(names);
		return NULL;
	}
	memcpy(der, from->der, from->der_len);
	*csr = *from;
	csr->der = der;
	csr->names = names;
	for (size_t i = 0; i < from->name_count; i++) {
		names[i] = from->names[i];
		names[i].text = strdup(from->names[i].text);
		ok = ok && names[i].text;
	}
	if (ok)
		return csr;
	free_csr(csr);
	return NULL;
}

static bool check_names(const struct acmems_csr *csr, struct acmems_error *err)
{
	if (csr->name_count == 0 || csr->name_count > ORDER_AUTHORIZATIONS_MAX)
		return acmems_error_set(err, ACMEMS_BAD_CSR, "a CSR needs 1 to %d names, not %zu",
			ORDER_AUTHORIZATIONS_MAX, csr->name_count);
	for (size_t i = 0; i < csr->name_count; i++) {
		if (csr->names[i].kind != ACMEMS_NAME_DNS && csr->names[i].kind != ACMEMS_NAME_IP)
			return acmems_error_set(err, ACMEMS_BAD_CSR,
				"%s is neither a DNS name nor an address", csr->names[i].text);
	}
	return true;
}

static bool prepare(struct acme_order *order, const struct acme_order_config *config)
{
	static uint64_t last_id;
	char id[24];

	snprintf(id, sizeof(id), "o%llu", (unsigned long long)++last_id);
	order->config = *config;
	order->effects.solver = &order->config.solver;
	order->effects.cleaned = on_cleaned;
	order->effects.arg = order;
	memcpy(order->effects.id, id, sizeof(id));
	order->csr = copy_csr(config->csr);
	order->config.csr = order->csr;
	order->timer = acmems_timer_new(on_deadline, order);
	return order->csr && order->timer && flow_init(&order->flow, &table, order, id);
}

struct acme_order *acme_order_start(struct acme_client *client,
	const struct acme_order_config *config, acme_order_done *done, void *arg,
	struct acmems_error *err)
{
	struct acme_order *order;

	if (!check_names(config->csr, err))
		return NULL;
	order = calloc(1, sizeof(*order));
	if (!order || !prepare(order, config)) {
		if (order)
			release(order);
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an order");
		return NULL;
	}
	order->client = client;
	order->done = done;
	order->arg = arg;
	order->deadline = acmems_clock_ms() + config->deadline_ms;
	acmems_timer_start(order->timer, config->deadline_ms);
	flow_step(&order->flow);
	return order;
}

void acme_order_abort(struct acme_order *order)
{
	struct acmems_error err = {0};

	acmems_error_set(&err, ACMEMS_UNAVAILABLE, "the order was given up in state \"%s\"",
		flow_state_name(&order->flow));
	order_fail(order, &err);
}

const char *acme_order_id(const struct acme_order *order)
{
	return order->flow.id;
}

const char *acme_order_state(const struct acme_order *order)
{
	return flow_state_name(&order->flow);
}
