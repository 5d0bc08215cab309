/* SPDX-License-Identifier: ISC */
/* order_steps.c - the states in which an order does one thing: place, publish, answer, finalize. */
#include "acme/order_core.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/loop.h>

#include "acme/json.h"
#include "acme/problem.h"
#include "base/json.h"
#include "base/str.h"
#include "x509/cert.h"

#define PAYLOAD_MAX 131072

bool order_answer_lost(const struct acmems_error *err)
{
	return (err->problem[0] == '\0' || problem_is(err, "serverInternal")) &&
	       (err->code == ACMEMS_UNAVAILABLE || err->code == ACMEMS_TIMEOUT ||
		       err->code == ACMEMS_SYSTEM);
}

uint64_t order_send(struct acme_order *order, const struct acme_request *request,
	acme_request_done *done, void *arg)
{
	struct acme_request bounded = *request;
	struct acmems_error err = {0};
	int64_t left = order->deadline - acmems_clock_ms();
	uint64_t id;

	bounded.timeout_ms = left > 0 ? left : 1;
	id = acme_request_start(order->client, &bounded, done, arg, &err);
	if (id == 0)
		order_fail(order, &err);
	return id;
}

static void on_account(void *arg, const struct acmems_error *err)
{
	struct acme_order *order = arg;

	order->waiting = 0;
	if (err) {
		order_fail(order, err);
		return;
	}
	order->view.account = true;
	flow_step(&order->flow);
}

void order_enter_account(void *subject)
{
	struct acme_order *order = subject;
	struct acmems_error err = {0};

	if (acme_client_ready(order->client, &err)) {
		on_account(order, NULL);
		return;
	}
	order->waiting = acme_client_wait(order->client, on_account, order, &err);
	if (order->waiting == 0)
		order_fail(order, &err);
}

static bool named_before(const struct acmems_csr *csr, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (csr->names[i].kind == csr->names[index].kind &&
			strcmp(csr->names[i].text, csr->names[index].text) == 0)
			return true;
	}
	return false;
}

/* newOrder's payload (RFC 8555, 7.4; RFC 8738); NULL: no memory, or a name of a kind unknown. */
static char *new_order_payload(const struct acmems_csr *csr)
{
	struct str out;

	str_init(&out, PAYLOAD_MAX);
	str_add(&out, "{\"identifiers\":[");
	for (size_t i = 0; i < csr->name_count; i++) {
		if (named_before(csr, i))
			continue;
		str_addf(&out, "%s{\"type\":\"%s\",\"value\":", i > 0 ? "," : "",
			csr->names[i].kind == ACMEMS_NAME_IP ? "ip" : "dns");
		json_quote(&out, csr->names[i].text);
		str_add(&out, "}");
	}
	str_add(&out, "]}");
	return str_take(&out);
}

static void on_placed(void *arg, const struct acme_answer *answer, const struct acmems_error *err)
{
	struct acme_order *order = arg;
	struct acmems_error bad = {0};

	order->self.request = 0;
	/* the account itself may be meant */
	if (err && problem_is(err, "unauthorized") && acme_client_doubt(order->client)) {
		order_place_anew(order, err);
		return;
	}
	if (err) {
		order_request_failed(order, err);
		return;
	}
	if (!order_view_place(&order->view, answer->location, answer->json, &bad) ||
		!order_make_asked(order, &bad)) {
		order_fail(order, &bad);
		return;
	}
	order->self.asked_ms = answer->retry_after_ms;
	flow_step(&order->flow);
}

void order_enter_new_order(void *subject)
{
	struct acme_order *order = subject;
	struct acmems_error err = {0};
	const char *url = acme_client_new_order_url(order->client);
	char *payload = new_order_payload(order->csr);

	if (!payload || !url) {
		acmems_error_set(&err, payload ? ACMEMS_UNAVAILABLE : ACMEMS_NO_MEMORY,
			payload ? "the CA's directory is not known" : "no memory for an order");
		order_fail(order, &err);
	} else {
		order->self.request = order_send(order,
			&(struct acme_request){.url = url, .payload = payload, .repeatable = true},
			on_placed, order);
	}
	free(payload);
}

static struct order_asked *asked_of(struct acme_order *order, const char *url)
{
	for (size_t i = 0; i < order->asked_count; i++) {
		if (strcmp(order->view.authz[i].url, url) == 0)
			return &order->asked[i];
	}
	return NULL;
}

static void on_published(void *arg, const char *url, const struct acmems_error *err)
{
	struct acme_order *order = arg;
	struct order_asked *asked = asked_of(order, url);
	struct acmems_error failed;

	if (!asked)
		return;
	if (err) {
		failed = *err;
		acmems_error_context(&failed, "%s", order->view.authz[asked->index].name);
		order_fail(order, &failed);
		return;
	}
	order->view.authz[asked->index].published = true;
	flow_step(&order->flow);
}

static void on_seen(void *arg, const char *url)
{
	struct acme_order *order = arg;
	struct order_asked *asked = asked_of(order, url);
	int64_t early;

	if (!asked)
		return;
	if (!acmems_timer_running(asked->timer)) {
		asked->seen = true;
		return;
	}
	early = order_poll_early(&asked->poll);
	if (early >= 0)
		acmems_timer_start(asked->timer, early);
}

void order_enter_present(void *subject)
{
	struct acme_order *order = subject;

	for (size_t i = 0; i < order->view.authz_count; i++) {
		const struct authz *authz = &order->view.authz[i];
		struct acmems_error err = {0};

		if (authz->status != ACME_STATUS_PENDING || !authz->challenge.type ||
			authz->challenge.status == ACME_STATUS_VALID ||
			effect_is_known(&order->effects, authz->url))
			continue;
		if (!effect_publish(
			    &order->effects, order->client, authz, on_published, on_seen, &err)) {
			acmems_error_context(&err, "%s", authz->name);
			order_fail(order, &err);
			return;
		}
	}
}

/* The CA may call an answer malformed because it came twice: the authorization knows better. */
static void on_response(void *arg, const struct acme_answer *answer, const struct acmems_error *err)
{
	struct order_asked *asked = arg;
	struct acme_order *order = asked->order;
	struct authz *authz = &order->view.authz[asked->index];

	asked->request = 0;
	if (err && !order_answer_lost(err) && !problem_is(err, "malformed")) {
		order_request_failed(order, err);
		return;
	}
	authz->response = err ? AUTHZ_RESPONSE_LOST : AUTHZ_RESPONSE_TAKEN;
	asked->asked_ms = answer ? answer->retry_after_ms : -1;
	flow_step(&order->flow);
}

void order_enter_respond(void *subject)
{
	struct acme_order *order = subject;

	for (size_t i = 0; i < order->view.authz_count && !order->view.failed; i++) {
		struct authz *authz = &order->view.authz[i];

		if (authz->status != ACME_STATUS_PENDING || !authz->challenge.type ||
			authz->challenge.status != ACME_STATUS_PENDING ||
			authz->response != AUTHZ_RESPONSE_OPEN || order->asked[i].request != 0)
			continue;
		acmems_timer_stop(order->asked[i].timer);
		authz->responses++;
		order->asked[i].request = order_send(order,
			&(struct acme_request){
				.url = authz->challenge.url, .payload = CHALLENGE_RESPONSE},
			on_response, &order->asked[i]);
	}
}

static char *finalize_payload(const struct acmems_csr *csr)
{
	size_t len = ACMEMS_BASE64URL_LEN(csr->der_len);
	char *text = malloc(len + 1);
	struct str out;

	if (!text)
		return NULL;
	acmems_base64url(csr->der, csr->der_len, text);
	str_init(&out, PAYLOAD_MAX);
	str_addf(&out, "{\"csr\":\"%s\"}", text);
	free(text);
	return str_take(&out);
}

static void on_finalized(
	void *arg, const struct acme_answer *answer, const struct acmems_error *err)
{
	struct acme_order *order = arg;
	struct acmems_error bad = {0};

	order->self.request = 0;
	if (err && problem_is(err, "orderNotReady")) {
		/* so it is pending after all, or on its way: the order itself says */
		order->view.finalize = ORDER_FINALIZE_LOST;
	} else if (err && order_answer_lost(err)) {
		order->view.finalize = ORDER_FINALIZE_LOST;
	} else if (err) {
		order_request_failed(order, err);
		return;
	} else {
		order->view.finalize = ORDER_FINALIZE_TAKEN;
		order->self.asked_ms = answer->retry_after_ms;
		if (!order_view_read(&order->view, answer->json, &bad)) {
			order_fail(order, &bad);
			return;
		}
	}
	flow_step(&order->flow);
}

void order_enter_finalize(void *subject)
{
	struct acme_order *order = subject;
	struct acmems_error err = {0};
	char *payload = finalize_payload(order->csr);

	if (!payload) {
		acmems_error_set(&err, ACMEMS_NO_MEMORY, "no memory to send the CSR");
		order_fail(order, &err);
		return;
	}
	acmems_timer_stop(order->self.timer);
	order->view.finalize_tries++;
	order->self.request = order_send(order,
		&(struct acme_request){.url = order->view.finalize_url, .payload = payload},
		on_finalized, order);
	free(payload);
}

static bool take_chain(
	struct acme_order *order, const char *chain, size_t len, struct acmems_error *err)
{
	struct acmems_cert cert;

	if (!acmems_cert_read(chain, len, &cert, err) ||
		!cert_fits_csr(chain, len, order->csr, err))
		return acmems_error_context(err, "the chain that the CA has issued");
	order->chain = malloc(len + 1);
	if (!order->chain)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the chain");
	memcpy(order->chain, chain, len);
	order->chain[len] = '\0';
	order->chain_len = len;
	order->view.has_chain = true;
	return true;
}

static void on_chain(void *arg, const struct acme_answer *answer, const struct acmems_error *err)
{
	struct acme_order *order = arg;
	struct acmems_error bad = {0};

	order->self.request = 0;
	if (err)
		order_request_failed(order, err);
	else if (!take_chain(order, answer->body, answer->len, &bad))
		order_fail(order, &bad);
	else
		flow_step(&order->flow);
}

void order_enter_download(void *subject)
{
	struct acme_order *order = subject;

	acmems_timer_stop(order->self.timer);
	order->self.request = order_send(order,
		&(struct acme_request){
			.url = order->view.certificate_url, .expect = ACME_EXPECT_CHAIN},
		on_chain, order);
}
