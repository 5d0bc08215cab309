/* SPDX-License-Identifier: ISC */
/* nonce_source.c - see nonce_source.h. */
#include "acme/nonce_source.h"

#include <string.h>

#include "acme/reply.h"
#include "acme/json.h"
#include "acme/problem.h"

#define TIMEOUT_MS 15000
#define FIRST_PAUSE_MS 250
#define FAILURES_MAX 5
#define PAUSE_MAX_MS 5000 /* a longer one is told to those who wait, instead of let them wait */

static void after_pause(void *arg)
{
	struct nonce_source *source = arg;

	source->changed(source->arg);
}

bool nonce_source_init(struct nonce_source *source)
{
	for (size_t i = 0; i < NONCE_FETCHES_MAX; i++)
		source->fetches[i] = (struct nonce_fetch){.source = source};
	source->pause = acmems_timer_new(after_pause, source);
	return source->pause != NULL;
}

void nonce_source_fini(struct nonce_source *source)
{
	for (size_t i = 0; i < NONCE_FETCHES_MAX; i++) {
		if (source->fetches[i].call != 0)
			source->transport->cancel(source->transport->ctx, source->fetches[i].call);
		source->fetches[i].call = 0;
	}
	source->under_way = 0;
	acmems_timer_free(source->pause);
	source->pause = NULL;
	nonce_clear(&source->pool);
}

static void failure(struct nonce_source *source, struct acmems_error *err)
{
	int64_t pause = (int64_t)FIRST_PAUSE_MS << source->failures;
	int64_t asked = (int64_t)err->retry_after * 1000;

	/* what failed together counts once */
	if (acmems_timer_running(source->pause))
		return;
	source->failures++;
	if (asked > pause)
		pause = asked;
	if (source->failures < FAILURES_MAX && pause <= PAUSE_MAX_MS) {
		acmems_timer_start(source->pause, pause);
		return;
	}
	source->failures = 0;
	acmems_error_context(err, "newNonce");
	source->failed(source->arg, err);
}

static void on_answer(
	void *arg, const struct acmems_http_answer *http, const struct acmems_error *lost)
{
	struct nonce_fetch *fetch = arg;
	struct nonce_source *source = fetch->source;
	struct acmems_error err = {0};
	const char *nonce;

	fetch->call = 0;
	source->under_way--;
	if (lost != NULL) {
		err = *lost;
		failure(source, &err);
		return;
	}
	nonce = acmems_http_answer_header(http, "replay-nonce");
	if (nonce != NULL && nonce_is_valid(nonce) && http->status < 300) {
		source->failures = 0;
		nonce_put(&source->pool, nonce, acmems_clock_ms());
		source->changed(source->arg);
		return;
	}
	if (http->status >= 300)
		reply_problem(http, &err);
	else
		acmems_error_set(&err, ACMEMS_BAD_ANSWER, "the CA's answer has no usable nonce");
	failure(source, &err);
}

/* False: could not be started, which has been dealt with. */
static bool fetch_one(struct nonce_source *source, struct nonce_fetch *fetch, const char *url)
{
	struct acmems_error err = {0};
	struct acmems_http_call call = {
		.method = "HEAD",
		.url = url,
		.timeout_ms = TIMEOUT_MS,
		.ca_file = source->ca_file,
	};

	fetch->call =
		source->transport->start(source->transport->ctx, &call, on_answer, fetch, &err);
	if (fetch->call == 0) {
		/* by way of the pause: this is no place to call those who wait */
		acmems_timer_start(source->pause, FIRST_PAUSE_MS);
		return false;
	}
	source->under_way++;
	return true;
}

void nonce_source_want(struct nonce_source *source, const char *url, size_t count)
{
	if (acmems_timer_running(source->pause))
		return;
	for (size_t i = 0; i < NONCE_FETCHES_MAX && source->under_way < count; i++) {
		if (source->fetches[i].call == 0 && !fetch_one(source, &source->fetches[i], url))
			return;
	}
}
