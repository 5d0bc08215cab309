/* SPDX-License-Identifier: ISC */
/*
 * sign.c - the steps of one request: judged, looked up, issued.
 *
 * Each step waits for exactly one thing, and sign_step says which; whatever ends the request while
 * it waits (its client, say) cancels that one thing. An issuance is not the request's: leaving it
 * only means to stop listening. Requests are known by number, as their clients may leave at any time.
 */
#include "sign/sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define uthash_nonfatal_oom(added) ((added)->number = 0)
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <acmems/log.h>
#include "sign/answer.h"
#include "base/op_core.h"
#include "net/http_server.h"
#include "x509/client_cert.h"
#include "sign/csr_cache.h"
#include "notify/events.h"
#include "sign/flight.h"
#include "sign/policy.h"
#include "sign/sign_log.h"

#define GET_DEADLINE_MS 10000
#define CACHE_ENTRIES 1024
#define CACHE_BYTES (8u << 20)

enum sign_step { SIGN_READ, SIGN_JUDGE, SIGN_LOOK_UP, SIGN_ISSUE };

struct sign {
	uint64_t number;
	char subject[24]; /* "r12", for the log */
	uint64_t request;
	struct generation *generation;
	struct acmems_sign_request ask;
	struct csr_entry *csr;
	struct client_cert *client; /* NULL: it has shown none */
	struct block *block; /* the one that lets it in */
	enum sign_step step;
	struct policy_run *run; /* SIGN_JUDGE waits for it */
	uint64_t op; /* SIGN_LOOK_UP */
	uint64_t waiter; /* SIGN_ISSUE */
	int64_t started;
	UT_hash_handle hh;
};

static struct {
	struct sign *table;
	struct csr_cache *csrs;
	uint64_t last;
} signs;

size_t sign_count(void)
{
	return HASH_COUNT(signs.table);
}

static const char *step_name(enum sign_step step)
{
	switch (step) {
	case SIGN_READ:
		return "reading";
	case SIGN_JUDGE:
		return "judgement";
	case SIGN_LOOK_UP:
		return "look-up";
	case SIGN_ISSUE:
		return "issuance, which goes on";
	}
	return "";
}

static struct sign_log facts(const struct sign *sign)
{
	return (struct sign_log){
		.subject = sign->subject,
		.peer = &sign->ask.peer,
		.csr = sign->ask.csr,
		.block = sign->block ? sign->block->name : NULL,
		.started = sign->started,
	};
}

/* Stops listening to what the step waits for, and frees. */
static void free_sign(struct sign *sign)
{
	struct generation *generation = sign->generation;

	policy_cancel(sign->run);
	op_cancel(sign->op);
	flight_leave(sign->waiter);
	HASH_DEL(signs.table, sign);
	csr_entry_drop(sign->csr);
	client_cert_free(sign->client);
	free(sign);
	generation_drop(generation);
}

static bool is_reject(enum acmems_code code)
{
	return code == ACMEMS_REFUSED || code == ACMEMS_BAD_CSR || code == ACMEMS_TOO_LARGE;
}

static void fail(struct sign *sign, const struct acmems_error *err)
{
	struct sign_log log = facts(sign);

	sign_log_failed(&log, answer_status(err->code), err);
	/* what the CA would not is told by the flight, once for all who wait for it */
	if (sign->step <= SIGN_JUDGE && is_reject(err->code))
		events_rejected(sign->generation, sign->ask.csr, &sign->ask.peer, err,
			answer_status(err->code));
	answer_error(sign->request, err);
	free_sign(sign);
}

/* Answers with the chain. False if it is none; then nothing has happened. */
static bool deliver(struct sign *sign, const char *chain, size_t len, const char *what,
	struct acmems_error *err)
{
	struct sign_log log = facts(sign);
	struct etag *etag = csr_entry_etag(sign->csr);

	if (!etag_of(etag, chain, len, err))
		return false;
	if (answer_chain(sign->request, chain, len, etag->text) == 304)
		what = "unchanged";
	sign_log_done(&log, what);
	if (sign->step == SIGN_LOOK_UP)
		events_cached(sign->block, sign->ask.csr, &sign->ask.peer, chain, len);
	free_sign(sign);
	return true;
}

/* ---- issue ---- */

static void on_flight(void *arg, const char *chain, size_t len, const struct acmems_error *err)
{
	struct sign *sign = arg;
	struct acmems_error odd = {0};

	sign->waiter = 0;
	if (err)
		fail(sign, err);
	else if (!deliver(sign, chain, len, "issued", &odd))
		fail(sign, &odd);
}

static void issue(struct sign *sign)
{
	struct acmems_error err = {0};

	sign->step = SIGN_ISSUE;
	sign->waiter = flight_join(sign->block, sign->ask.csr, sign->ask.body, sign->ask.body_len,
		&sign->ask.peer, on_flight, sign, &err);
	if (!sign->waiter)
		fail(sign, &err);
}

/* ---- look up ---- */

/* A storage that fails costs an issuance, not the request. */
static void warn_lookup(const struct sign *sign, const struct acmems_error *err)
{
	acmems_log(ACMEMS_LOG_WARNING, "sign", sign->subject,
		"storage \"%s\" could not be asked, a new certificate is ordered: %s",
		sign->block->storage->name, err->message);
}

static void on_get(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct sign *sign = arg;
	struct acmems_error odd = {0};

	sign->op = 0;
	if (!err && len > 0 && deliver(sign, data, len, "kept", &odd))
		return;
	if (err || len > 0)
		warn_lookup(sign, err ? err : &odd);
	issue(sign);
}

static bool start_get(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct sign *sign = ctx;
	const struct instance *storage = sign->block->storage;
	struct acmems_entry entry = {.csr = sign->ask.body, .csr_len = sign->ask.body_len};

	return storage->ops.storage.get(storage->data, op, &entry, err);
}

static void look_up(struct sign *sign)
{
	struct acmems_error err = {0};
	struct op_spec spec = {
		.owner = sign->block->storage->module->owner,
		.what = "get",
		.deadline_ms = GET_DEADLINE_MS,
		.start = start_get,
		.ctx = sign,
		.done = on_get,
		.arg = sign,
	};

	sign->step = SIGN_LOOK_UP;
	sign->op = op_run(&spec, &err);
	if (sign->op)
		return;
	warn_lookup(sign, &err);
	issue(sign);
}

/* ---- judge ---- */

static void on_judged(void *arg, struct block *block, const struct acmems_error *err)
{
	struct sign *sign = arg;

	sign->run = NULL;
	if (err) {
		fail(sign, err);
		return;
	}
	sign->block = block;
	/* where a flight is under way, the storage had nothing a moment ago */
	if (!block->storage->ops.storage.get || flight_under_way(block, sign->ask.csr))
		issue(sign);
	else
		look_up(sign);
}

static bool judge(struct sign *sign, struct acmems_error *err)
{
	sign->step = SIGN_JUDGE;
	sign->run = policy_start(sign->generation, &sign->ask, on_judged, sign, err);
	return sign->run != NULL;
}

/* ---- read ---- */

static bool read_csr(struct sign *sign, struct acmems_error *err)
{
	size_t len = 0;
	const void *body = acmems_http_request_body(sign->ask.http, &len);

	if (len == 0)
		return acmems_error_set(err, ACMEMS_BAD_CSR,
			"the body is empty: post the PEM file with --data-binary @FILE");
	if (!signs.csrs)
		signs.csrs = csr_cache_new(CACHE_ENTRIES, CACHE_BYTES);
	if (!signs.csrs)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for CSRs");
	sign->csr = csr_cache_get(signs.csrs, body, len, err);
	if (!sign->csr)
		return false;
	sign->ask.csr = csr_entry_csr(sign->csr);
	sign->ask.body = body;
	sign->ask.body_len = len;
	return policy_names(sign->ask.csr, err);
}

static bool read_client(struct sign *sign, struct acmems_error *err)
{
	const STACK_OF(X509) *chain = http_request_chain(sign->ask.http);

	if (!chain)
		return true;
	sign->client = client_cert_new(chain, err);
	if (sign->client)
		sign->ask.client = client_cert_facts(sign->client);
	return sign->client != NULL;
}

/* The client has left. By number, as the request may have been answered meanwhile. */
static void on_gone(void *arg)
{
	uint64_t number = (uint64_t)(uintptr_t)arg;
	struct sign_log log;
	struct sign *sign;

	HASH_FIND(hh, signs.table, &number, sizeof(number), sign);
	if (!sign)
		return;
	log = facts(sign);
	sign_log_gone(&log, step_name(sign->step));
	free_sign(sign);
}

static struct sign *new_sign(struct generation *generation, struct acmems_http_request *request)
{
	struct sign *sign = calloc(1, sizeof(*sign));

	if (!sign)
		return NULL;
	sign->number = ++signs.last;
	HASH_ADD(hh, signs.table, number, sizeof(sign->number), sign);
	if (sign->number == 0) {
		free(sign);
		return NULL;
	}
	snprintf(sign->subject, sizeof(sign->subject), "r%" PRIu64, sign->number);
	generation_hold(generation);
	sign->generation = generation;
	sign->request = acmems_http_request_id(request);
	sign->ask.peer = *acmems_http_request_peer(request);
	sign->ask.http = request;
	sign->started = acmems_clock_ms();
	return sign;
}

void sign_start(struct generation *generation, struct acmems_http_request *request)
{
	struct sign *sign = new_sign(generation, request);
	struct acmems_error err = {0};

	if (!sign) {
		acmems_error_set(&err, ACMEMS_NO_MEMORY, "no memory for a request");
		answer_error(acmems_http_request_id(request), &err);
		return;
	}
	acmems_http_request_on_gone(sign->request, on_gone, (void *)(uintptr_t)sign->number);
	if (!read_client(sign, &err) || !policy_possible(generation, &sign->ask, &err) ||
		!read_csr(sign, &err) || !judge(sign, &err))
		fail(sign, &err);
}

void sign_fini(void)
{
	csr_cache_free(signs.csrs);
	signs.csrs = NULL;
}
