/* SPDX-License-Identifier: ISC */
/*
 * fake_net.h - for tests of modules: the net on paper. What a module asks for is written down, and the
 * test answers. Its functions stand before those of the library. To be included once.
 */
#ifndef FAKE_NET_H
#define FAKE_NET_H

#include <stdio.h>
#include <string.h>

#include <acmems/dns_find.h>
#include <acmems/http.h>
#include <acmems/validator.h>

#include "base/op_core.h"
#include "unit.h"

#define FAKE_NET_MAX 16

struct fake_ask {
	uint64_t id; /* 0: answered or cancelled */
	char method[8];
	char url[256];
	char headers[2048]; /* "NAME: VALUE\n" each */
	char body[8192]; /* or the name looked up, or the owner watched */
	char value[128];
	char servers[256]; /* joined by commas; "-" for NULL */
	char zone[256];
	char ca_file[64];
	uint16_t port;
	int64_t timeout_ms;
	union {
		acmems_http_done *http;
		acmems_dns_place_done *place;
		acmems_dns_wait_done *wait;
	} done;
	void *arg;
};

struct fake_asks {
	struct fake_ask asks[FAKE_NET_MAX];
	size_t count; /* ever */
	bool refuse; /* the next can not be started */
	unsigned tries; /* of the next answer; 0: 1 */
};

static struct fake_asks fake_calls, fake_finds, fake_waits;
static uint64_t fake_last_id;

static inline void fake_net_reset(void)
{
	fake_calls = fake_finds = fake_waits = (struct fake_asks){0};
}

static inline struct fake_ask *fake_ask(
	struct fake_asks *asks, void *arg, int64_t timeout_ms, struct acmems_error *err)
{
	struct fake_ask *ask;

	if (asks->refuse) {
		asks->refuse = false;
		acmems_error_set(err, ACMEMS_NO_MEMORY, "refused");
		return NULL;
	}
	assert_true(asks->count < FAKE_NET_MAX);
	ask = &asks->asks[asks->count++];
	memset(ask, 0, sizeof(*ask));
	ask->id = ++fake_last_id;
	ask->arg = arg;
	ask->timeout_ms = timeout_ms;
	assert_true(timeout_ms > 0);
	return ask;
}

static inline void fake_cancel(struct fake_asks *asks, uint64_t id)
{
	for (size_t i = 0; i < asks->count; i++) {
		if (id != 0 && asks->asks[i].id == id)
			asks->asks[i].id = 0;
	}
}

/* How many are neither answered nor cancelled. */
static inline size_t fake_open(const struct fake_asks *asks)
{
	size_t open = 0;

	for (size_t i = 0; i < asks->count; i++)
		open += asks->asks[i].id != 0;
	return open;
}

/* The last one asked, which is open. */
static inline struct fake_ask *fake_last(struct fake_asks *asks)
{
	assert_true(asks->count > 0);
	assert_int_not_equal(asks->asks[asks->count - 1].id, 0);
	return &asks->asks[asks->count - 1];
}

static inline void fake_join(char *out, size_t room, char *const *servers)
{
	size_t len = 0;

	snprintf(out, room, "-");
	for (; servers && *servers; servers++)
		len += (size_t)snprintf(
			out + len, room - len, "%s%s", len > 0 ? "," : "", *servers);
}

static inline uint64_t fake_call(const struct acmems_http_call *call, acmems_http_done *done,
	void *arg, struct acmems_error *err)
{
	struct fake_ask *ask = fake_ask(&fake_calls, arg, call->timeout_ms, err);
	size_t len = 0;

	if (!ask)
		return 0;
	snprintf(ask->method, sizeof(ask->method), "%s", call->method);
	snprintf(ask->url, sizeof(ask->url), "%s", call->url);
	snprintf(ask->body, sizeof(ask->body), "%.*s", (int)call->body_len,
		(const char *)call->body);
	snprintf(ask->ca_file, sizeof(ask->ca_file), "%s", call->ca_file ? call->ca_file : "");
	for (size_t i = 0; i < call->header_count; i++)
		len += (size_t)snprintf(ask->headers + len, sizeof(ask->headers) - len, "%s: %s\n",
			call->headers[i].name, call->headers[i].value);
	ask->done.http = done;
	return ask->id;
}

uint64_t acmems_http_call_start(const struct acmems_http_call *call, acmems_http_done *done,
	void *arg, struct acmems_error *err)
{
	return fake_call(call, done, arg, err);
}

uint64_t acmems_http_insist(const struct acmems_http_call *call, acmems_http_done *done, void *arg,
	struct acmems_error *err)
{
	return fake_call(call, done, arg, err);
}

void acmems_http_call_cancel(uint64_t id)
{
	fake_cancel(&fake_calls, id);
}

void acmems_http_insist_cancel(uint64_t id)
{
	fake_cancel(&fake_calls, id);
}

uint64_t acmems_dns_find(const struct acmems_dns_find *find, acmems_dns_place_done *done, void *arg,
	struct acmems_error *err)
{
	struct fake_ask *ask = fake_ask(&fake_finds, arg, find->timeout_ms, err);

	if (!ask)
		return 0;
	snprintf(ask->body, sizeof(ask->body), "%s", find->name);
	fake_join(ask->servers, sizeof(ask->servers), find->resolvers);
	ask->done.place = done;
	return ask->id;
}

void acmems_dns_find_cancel(uint64_t id)
{
	fake_cancel(&fake_finds, id);
}

uint64_t acmems_dns_wait(const struct acmems_dns_wait *wait, acmems_dns_wait_done *done, void *arg,
	struct acmems_error *err)
{
	struct fake_ask *ask = fake_ask(&fake_waits, arg, wait->timeout_ms, err);

	if (!ask)
		return 0;
	snprintf(ask->body, sizeof(ask->body), "%s", wait->owner);
	snprintf(ask->zone, sizeof(ask->zone), "%s", wait->zone);
	snprintf(ask->value, sizeof(ask->value), "%s", wait->value ? wait->value : "");
	fake_join(ask->servers, sizeof(ask->servers), wait->servers);
	ask->port = wait->port;
	ask->done.wait = done;
	return ask->id;
}

void acmems_dns_wait_cancel(uint64_t id)
{
	fake_cancel(&fake_waits, id);
}

/* ---- answers to the last one asked ---- */

static inline void fake_answer_with(
	int status, const char *body, const struct acmems_http_header *header)
{
	struct fake_ask *ask = fake_last(&fake_calls);
	struct acmems_http_answer answer = {.status = status,
		.body = body,
		.len = strlen(body),
		.headers = header,
		.header_count = header ? 1 : 0,
		.tries = fake_calls.tries > 0 ? fake_calls.tries : 1};

	fake_calls.tries = 0;
	ask->id = 0;
	ask->done.http(ask->arg, &answer, NULL);
}

static inline void fake_answer(int status, const char *body)
{
	fake_answer_with(status, body, NULL);
}

static inline void fake_no_answer(void)
{
	struct fake_ask *ask = fake_last(&fake_calls);
	struct acmems_error err = {0};

	acmems_error_set(&err, ACMEMS_UNAVAILABLE, "connection refused");
	ask->id = 0;
	ask->done.http(ask->arg, NULL, &err);
}

static inline void fake_place(const char *owner, const char *zone)
{
	struct fake_ask *ask = fake_last(&fake_finds);
	struct acmems_dns_place place = {
		.owner = owner, .zone = zone, .primary = "ns1.example.org."};

	ask->id = 0;
	ask->done.place(ask->arg, &place, NULL);
}

static inline void fake_no_place(void)
{
	struct fake_ask *ask = fake_last(&fake_finds);
	struct acmems_error err = {0};

	acmems_error_set(&err, ACMEMS_TIMEOUT, "nobody knows it");
	ask->id = 0;
	ask->done.place(ask->arg, NULL, &err);
}

static inline void fake_seen(bool seen)
{
	struct fake_ask *ask = fake_last(&fake_waits);
	struct acmems_error err = {0};

	acmems_error_set(&err, ACMEMS_TIMEOUT, "192.0.2.53 lags");
	ask->id = 0;
	ask->done.wait(ask->arg, seen ? NULL : &err);
}

/* ---- operations of a module ---- */

typedef bool fake_module_op(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err);

struct fake_op {
	void *instance;
	fake_module_op *start;
	const struct acmems_challenge *challenge;
	uint64_t op;
	int done; /* 1: well, 100: an error */
	struct acmems_error err;
};

static inline bool fake_op_on_start(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct fake_op *run = ctx;

	return run->start(run->instance, op, run->challenge, err);
}

static inline void fake_op_on_done(
	void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct fake_op *run = arg;

	(void)data;
	(void)len;
	run->done += err ? 100 : 1;
	if (err)
		run->err = *err;
}

/* False: the module said no; run->err says why. */
static inline bool fake_op_start(struct fake_op *run, void *instance, fake_module_op *start,
	const struct acmems_challenge *challenge)
{
	struct op_spec spec = {.owner = "module",
		.what = "operation",
		.deadline_ms = 100000,
		.start = fake_op_on_start,
		.ctx = run,
		.done = fake_op_on_done,
		.arg = run};

	*run = (struct fake_op){.instance = instance, .start = start, .challenge = challenge};
	run->op = op_run(&spec, &run->err);
	return run->op != 0;
}

#endif
