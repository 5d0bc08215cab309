/* SPDX-License-Identifier: ISC */
/* paper_ca.c - see paper_ca.h. */
#include "paper_ca.h"

#include "unit.h"

#include <stdio.h>

#include <acmems/crypto.h>

#include "acme/json.h"

#define BAD_NONCE                                                                                  \
	"{\"type\":\"urn:ietf:params:acme:error:badNonce\",\"detail\":\"JWS has a bad nonce\"}"

struct paper_call {
	struct paper_call *next;
	struct paper_ca *ca;
	uint64_t id;
	bool post;
	struct paper_reply reply;
	char body[2048];
	char nonce[32]; /* "": none */
	struct acmems_timer *timer;
	acmems_http_done *done;
	void *arg;
};

static void unlink_call(struct paper_call *call)
{
	struct paper_call **at = &call->ca->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->ca->open--;
	if (call->post)
		call->ca->on_wire--;
	acmems_timer_free(call->timer);
}

static void deliver(void *arg)
{
	struct paper_call *call = arg;
	struct acmems_http_header headers[4] = {{"content-type", call->reply.type}};
	struct acmems_http_answer answer = {
		.status = call->reply.status,
		.body = call->body,
		.len = strlen(call->body),
		.headers = headers,
		.header_count = 1,
	};
	struct acmems_error err = {0};

	unlink_call(call);
	if (call->reply.lost != ACMEMS_OK) {
		acmems_error_set(&err, call->reply.lost, "connection lost");
		call->done(call->arg, NULL, &err);
		free(call);
		return;
	}
	if (call->nonce[0] != '\0')
		headers[answer.header_count++] =
			(struct acmems_http_header){"replay-nonce", call->nonce};
	if (call->reply.location != NULL)
		headers[answer.header_count++] =
			(struct acmems_http_header){"location", call->reply.location};
	if (call->reply.retry_after != NULL)
		headers[answer.header_count++] =
			(struct acmems_http_header){"retry-after", call->reply.retry_after};
	call->done(call->arg, &answer, NULL);
	free(call);
}

static void give_nonce(struct paper_call *call)
{
	struct paper_ca *ca = call->ca;

	assert_true(ca->nonces_given < sizeof(ca->nonce_used) / sizeof(ca->nonce_used[0]));
	snprintf(call->nonce, sizeof(call->nonce), "n%u", ca->nonces_given++);
}

static void answer_directory(struct paper_call *call)
{
	struct paper_ca *ca = call->ca;

	ca->directory_calls++;
	if (ca->directory_type != NULL)
		call->reply.type = ca->directory_type;
	snprintf(call->body, sizeof(call->body),
		"{\"newNonce\":\"" PAPER_NEW_NONCE "\",\"newAccount\":\"" PAPER_NEW_ACCOUNT
		"\",\"newOrder\":\"" PAPER_NEW_ORDER
		"\",\"meta\":{%s%s%s\"externalAccountRequired\":%s}}",
		ca->terms != NULL ? "\"termsOfService\":\"" : "",
		ca->terms != NULL ? ca->terms : "", ca->terms != NULL ? "\"," : "",
		ca->external ? "true" : "false");
}

static void answer_nonce(struct paper_call *call)
{
	struct paper_ca *ca = call->ca;

	ca->nonce_calls++;
	if (ca->nonce_status != 0)
		call->reply.status = ca->nonce_status;
	call->reply.retry_after = ca->nonce_retry_after;
	if (!ca->no_new_nonce && call->reply.status == 200)
		give_nonce(call);
}

static void decode(const struct acmems_json *json, const char *name, char *out, size_t room)
{
	struct acmems_error err = {0};
	const char *text;
	size_t len = room - 1;

	assert_true(acmems_json_need_text(json, name, 2 * room, &text, &err));
	assert_true(acmems_unbase64url(text, strlen(text), (unsigned char *)out, &len));
	out[len] = '\0';
}

/* Whether the nonce was given by us and is used for the first time. */
static bool take_nonce(struct paper_ca *ca, const char *protected)
{
	struct acmems_error err = {0};
	struct acmems_json *json = json_parse(protected, strlen(protected), &err);
	unsigned number;
	const char *nonce;
	bool ok;

	assert_non_null(json);
	assert_true(acmems_json_need_text(json, "nonce", 100, &nonce, &err));
	number = (unsigned)strtoul(nonce + 1, NULL, 10);
	ok = number < ca->nonces_given && !ca->nonce_used[number];
	if (ok)
		ca->nonce_used[number] = true;
	acmems_json_free(json);
	return ok;
}

static void answer_post(struct paper_call *call, const struct acmems_http_call *http)
{
	struct paper_ca *ca = call->ca;
	struct acmems_error err = {0};
	struct acmems_json *json = json_parse(http->body, http->body_len, &err);
	struct paper_post *post = &ca->posts[ca->post_count++];

	assert_non_null(json);
	assert_true(ca->post_count < PAPER_LOG_MAX);
	assert_string_equal(http->headers[0].name, "Content-Type");
	assert_string_equal(http->headers[0].value, "application/jose+json");
	snprintf(post->url, sizeof(post->url), "%s", http->url);
	decode(json, "protected", post->protected, sizeof(post->protected));
	decode(json, "payload", post->payload, sizeof(post->payload));
	post->at = acmems_clock_ms();
	acmems_json_free(json);
	call->post = true;
	ca->on_wire++;
	if (ca->script_at < ca->script_len)
		call->reply = ca->script[ca->script_at++];
	else if (strcmp(http->url, PAPER_NEW_ACCOUNT) == 0)
		call->reply = (struct paper_reply){.status = 201, .location = PAPER_ACCOUNT};
	if (!take_nonce(ca, post->protected))
		call->reply.bad_nonce = true;
	if (call->reply.bad_nonce)
		call->reply = (struct paper_reply){.status = 400,
			.type = "application/problem+json",
			.body = BAD_NONCE,
			.no_nonce = call->reply.no_nonce};
	if (call->reply.status == 0)
		call->reply.status = 200;
	if (call->reply.type == NULL)
		call->reply.type =
			call->reply.status < 300 ? "application/json" : "application/problem+json";
	snprintf(call->body, sizeof(call->body), "%s",
		call->reply.body != NULL ? call->reply.body : "{\"status\":\"valid\"}");
	if (!call->reply.no_nonce && call->reply.lost == ACMEMS_OK)
		give_nonce(call);
}

static uint64_t start(void *ctx, const struct acmems_http_call *http, acmems_http_done *done,
	void *arg, struct acmems_error *err)
{
	struct paper_ca *ca = ctx;
	struct paper_call *call;

	if (ca->refuse) {
		acmems_error_set(err, ACMEMS_SYSTEM, "no more sockets");
		return 0;
	}
	call = calloc(1, sizeof(*call));
	assert_non_null(call);
	*call = (struct paper_call){.ca = ca,
		.id = ++ca->last_id,
		.reply = {.status = 200, .type = "application/json"},
		.done = done,
		.arg = arg,
		.next = ca->calls};
	ca->calls = call;
	if (++ca->open > ca->peak)
		ca->peak = ca->open;
	if (strcmp(http->method, "GET") == 0 && strcmp(http->url, PAPER_DIRECTORY) == 0)
		answer_directory(call);
	else if (strcmp(http->method, "HEAD") == 0 && strcmp(http->url, PAPER_NEW_NONCE) == 0)
		answer_nonce(call);
	else
		answer_post(call, http);
	if (ca->down)
		call->reply.lost = ACMEMS_UNAVAILABLE;
	call->timer = acmems_timer_new(deliver, call);
	assert_non_null(call->timer);
	if (!call->reply.never)
		acmems_timer_start(call->timer, ca->latency_ms);
	return call->id;
}

static void cancel(void *ctx, uint64_t id)
{
	struct paper_ca *ca = ctx;

	for (struct paper_call *call = ca->calls; call != NULL; call = call->next) {
		if (call->id == id) {
			unlink_call(call);
			free(call);
			return;
		}
	}
}

void paper_ca_init(struct paper_ca *ca)
{
	memset(ca, 0, sizeof(*ca));
	ca->transport = (struct acme_transport){start, cancel, ca};
	ca->latency_ms = 1;
}

void paper_ca_fini(struct paper_ca *ca)
{
	assert_null(ca->calls);
}

void paper_ca_will(struct paper_ca *ca, struct paper_reply reply, int times)
{
	for (int i = 0; i < times; i++) {
		assert_true(ca->script_len < PAPER_SCRIPT_MAX);
		ca->script[ca->script_len++] = reply;
	}
}
