/* SPDX-License-Identifier: ISC */
/*
 * request.c - one request's life: waiting in line -> on the wire -> (pausing -> in line again) ->
 * done. Every request is in exactly one of the line's two lists until it is detached and its owner
 * is called. The owner is called from the loop only, as the last thing that happens. Whose turn it
 * is to be sent is decided in request_line.c.
 */
#include "acme/request.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>

#include "acme/reply.h"
#include "acme/client_core.h"
#include "acme/json.h"
#include "acme/jws.h"
#include "acme/problem.h"
#include "acme/request_core.h"

#define NONCE_TRIES_MAX 250
#define TRIES_MAX 4
#define FIRST_PAUSE_MS 250
#define TIMEOUT_MS 60000
#define CALL_TIMEOUT_MS 30000

/* Takes it from its list, and what belongs to that place away; the caller puts it elsewhere. */
static void detach(struct request *request)
{
	struct request_line *line = &request->client->line;
	const struct acme_transport *transport = request->client->config.transport;

	if (request->place == REQUEST_WAITING) {
		TAILQ_REMOVE(&line->waiting, request, link);
		return;
	}
	TAILQ_REMOVE(&line->busy, request, link);
	if (request->place != REQUEST_ON_WIRE)
		return;
	if (request->call != 0)
		transport->cancel(transport->ctx, request->call);
	request->call = 0;
	line->on_wire--;
}

static void move_to_busy(struct request *request, enum request_place place)
{
	detach(request);
	request->place = place;
	TAILQ_INSERT_TAIL(&request->client->line.busy, request, link);
	if (place == REQUEST_ON_WIRE)
		request->client->line.on_wire++;
}

/* To the head of the line: whoever was there before comes before those who came later. */
static void move_to_front(struct request *request)
{
	detach(request);
	request->place = REQUEST_WAITING;
	TAILQ_INSERT_HEAD(&request->client->line.waiting, request, link);
	request_line_pump(request->client);
}

static void release(struct request *request)
{
	acmems_timer_free(request->timer);
	acmems_task_cancel(&request->task);
	free(request->url);
	free(request->payload);
	free(request);
}

void request_drop(struct request *request)
{
	detach(request);
	release(request);
}

/* The end: nothing may be touched behind it. */
static void conclude(
	struct request *request, const struct acme_answer *answer, const struct acmems_error *err)
{
	acme_request_done *done = request->done;
	void *arg = request->arg;

	detach(request);
	request_line_pump(request->client);
	release(request);
	done(arg, answer, err);
}

static void conclude_failed(void *arg)
{
	struct request *request = arg;
	struct acmems_error err = request->last;

	conclude(request, NULL, &err);
}

void request_fail_soon(struct request *request)
{
	move_to_busy(request, REQUEST_FAILED);
	acmems_task_post(&request->task, conclude_failed, request);
}

static void out_of_time(struct request *request)
{
	struct acmems_error err = {0};

	if (request->last.code != ACMEMS_OK)
		acmems_error_set(&err, ACMEMS_TIMEOUT, "no good answer in time; last: %s",
			request->last.message);
	else
		acmems_error_set(&err, ACMEMS_TIMEOUT, "%s",
			request->place == REQUEST_WAITING ? "no nonce of the CA in time"
							  : "no answer of the CA in time");
	conclude(request, NULL, &err);
}

static void on_timer(void *arg)
{
	struct request *request = arg;
	int64_t now = acmems_clock_ms();

	if (request->place == REQUEST_FAILED)
		return;
	if (now >= request->deadline) {
		out_of_time(request);
		return;
	}
	acmems_timer_start(request->timer, request->deadline - now);
	if (request->place == REQUEST_PAUSING && now >= request->resume_at)
		move_to_front(request);
	else if (request->place == REQUEST_PAUSING)
		acmems_timer_start(request->timer, request->resume_at - now);
}

/* Whether sending once more can do no harm that was not asked for. */
static bool may_repeat(const struct request *request, int status)
{
	return request->repeatable || request->payload == NULL || status == 503;
}

/*
 * The connection or the server failed (request->last): another try after a pause, or the end. status
 * is 0 when there was no answer.
 */
static void try_later(struct request *request, int status)
{
	int64_t pause = (int64_t)FIRST_PAUSE_MS << request->tries;
	int64_t asked = (int64_t)request->last.retry_after * 1000;
	int64_t now = acmems_clock_ms();

	if (asked > pause)
		pause = asked;
	if (!may_repeat(request, status) || request->tries >= TRIES_MAX ||
		now + pause >= request->deadline) {
		conclude_failed(request);
		return;
	}
	request->tries++;
	request->resume_at = now + pause;
	acmems_log(ACMEMS_LOG_DEBUG, "request", request->client->config.name,
		"%s: %s; again in %lld ms", request->url, request->last.message, (long long)pause);
	move_to_busy(request, REQUEST_PAUSING);
	acmems_timer_start(request->timer, pause);
	request_line_pump(request->client);
}

static void on_answer(
	void *arg, const struct acmems_http_answer *http, const struct acmems_error *lost);

void request_send(struct request *request, char *nonce)
{
	static const struct acmems_http_header headers[] = {
		{"Content-Type", "application/jose+json"},
		{"Accept-Language", "en"},
	};
	struct acme_client *client = request->client;
	const struct acme_transport *transport = client->config.transport;
	int64_t left = request->deadline - acmems_clock_ms();
	char *message = NULL;

	move_to_busy(request, REQUEST_ON_WIRE);
	if (!request->with_jwk && client->account.url == NULL)
		acmems_error_set(
			&request->last, ACMEMS_UNAVAILABLE, "the account at the CA is not known");
	else
		message = jws_sign(&(struct jws){.key = client->key,
					   .kid = request->with_jwk ? NULL : client->account.url,
					   .nonce = nonce,
					   .url = request->url,
					   .payload = request->payload},
			&request->last);
	free(nonce);
	if (message != NULL)
		request->call = transport->start(transport->ctx,
			&(struct acmems_http_call){
				.method = "POST",
				.url = request->url,
				.headers = headers,
				.header_count = sizeof(headers) / sizeof(headers[0]),
				.body = message,
				.body_len = strlen(message),
				.max_answer = request->expect == ACME_EXPECT_CHAIN ? REPLY_CHAIN_MAX
										   : JSON_MAX,
				.timeout_ms = left < 1                 ? 1
					      : left < CALL_TIMEOUT_MS ? left
								       : CALL_TIMEOUT_MS,
				.ca_file = client->config.ca_file,
			},
			on_answer, request, &request->last);
	free(message);
	if (request->call == 0)
		request_fail_soon(request);
}

/* The CA did not like the nonce: again with the one it has just given. */
static void renonce(struct request *request, const char *fresh)
{
	char *copy;

	request->nonce_tries++;
	if (request->nonce_tries > NONCE_TRIES_MAX) {
		conclude_failed(request);
		return;
	}
	copy = fresh != NULL && nonce_is_valid(fresh) ? strdup(fresh) : NULL;
	if (copy != NULL)
		request_send(request, copy);
	else
		move_to_front(request);
}

static void judge_failure(
	struct request *request, const struct acmems_http_answer *http, const char *nonce)
{
	struct acme_client *client = request->client;

	if (problem_is(&request->last, "badNonce")) {
		renonce(request, nonce);
		return;
	}
	nonce_put(&client->line.nonces.pool, nonce, acmems_clock_ms());
	if (http->status == 404 || http->status == 410)
		directory_keeper_suspect(&client->directory);
	if (http->status >= 500)
		try_later(request, http->status);
	else
		conclude_failed(request);
}

static bool is_lost(const struct acmems_error *err)
{
	return err->code == ACMEMS_UNAVAILABLE || err->code == ACMEMS_TIMEOUT ||
	       err->code == ACMEMS_SYSTEM;
}

static void on_answer(
	void *arg, const struct acmems_http_answer *http, const struct acmems_error *lost)
{
	struct request *request = arg;
	struct acme_client *client = request->client;
	struct acme_answer answer;
	struct acmems_json *json = NULL;
	const char *nonce;

	request->call = 0;
	if (lost != NULL) {
		request->last = *lost;
		if (is_lost(lost))
			try_later(request, 0);
		else
			conclude_failed(request);
		return;
	}
	nonce = acmems_http_answer_header(http, "replay-nonce");
	if (http->status < 200 || http->status > 299) {
		reply_problem(http, &request->last);
		judge_failure(request, http, nonce);
		return;
	}
	nonce_put(&client->line.nonces.pool, nonce, acmems_clock_ms());
	if (reply_read(http, request->expect, &answer, &json, &request->last))
		conclude(request, &answer, NULL);
	else
		conclude_failed(request);
	acmems_json_free(json);
}

static struct request *make(struct acme_client *client, const struct acme_request *asked)
{
	struct request *request = calloc(1, sizeof(*request));
	int64_t timeout = asked->timeout_ms > 0 ? asked->timeout_ms : TIMEOUT_MS;

	if (request == NULL)
		return NULL;
	request->client = client;
	request->url = strdup(asked->url);
	request->payload = asked->payload != NULL ? strdup(asked->payload) : NULL;
	request->expect = asked->expect;
	request->repeatable = asked->repeatable;
	request->with_jwk = asked->with_jwk;
	request->deadline = acmems_clock_ms() + timeout;
	request->timer = acmems_timer_new(on_timer, request);
	if (request->url == NULL || request->timer == NULL ||
		(asked->payload != NULL && request->payload == NULL)) {
		release(request);
		return NULL;
	}
	acmems_timer_start(request->timer, timeout);
	return request;
}

uint64_t acme_request_start(struct acme_client *client, const struct acme_request *asked,
	acme_request_done *done, void *arg, struct acmems_error *err)
{
	struct request *request;

	if (!json_is_url(asked->url)) {
		acmems_error_set(err, ACMEMS_BAD_ANSWER, "the CA named a URL that is not https");
		return 0;
	}
	if (client->directory.current == NULL) {
		acmems_error_set(err, ACMEMS_UNAVAILABLE, "the CA's directory is not known yet");
		return 0;
	}
	request = make(client, asked);
	if (request == NULL) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request to the CA");
		return 0;
	}
	request->done = done;
	request->arg = arg;
	request->id = ++client->line.last_id;
	request->place = REQUEST_WAITING;
	TAILQ_INSERT_TAIL(&client->line.waiting, request, link);
	request_line_pump(client);
	return request->id;
}

static struct request *find(struct request_list *list, uint64_t id)
{
	struct request *request;

	TAILQ_FOREACH(request, list, link)
	{
		if (request->id == id)
			return request;
	}
	return NULL;
}

void acme_request_cancel(struct acme_client *client, uint64_t id)
{
	struct request *request = find(&client->line.waiting, id);

	if (request == NULL)
		request = find(&client->line.busy, id);
	if (request == NULL)
		return;
	request_drop(request);
	request_line_pump(client);
}
