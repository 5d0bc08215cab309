/* SPDX-License-Identifier: ISC */
/*
 * http_insist.c - calls that are made again while the other side is down, within one deadline.
 */
#include "net/http_insist.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(added) ((added)->id = 0)
#include <uthash.h>

#include <acmems/http.h>

#include "net/http_call.h"

#define TIMEOUT_MS 30000
#define TRY_LEAST_MS 10000
#define PAUSE_FIRST_MS 250
#define PAUSE_MAX_MS 8000

struct insist {
	uint64_t id;
	struct acmems_http_call call; /* our copies */
	acmems_http_done *done;
	void *arg;
	uint64_t try;
	unsigned tries;
	struct acmems_timer *timer;
	int64_t try_ms; /* of one try, so that a server that stalls is asked again */
	int64_t pause_ms;
	int64_t end_ms;
	UT_hash_handle hh;
};

static struct insist *all;
static uint64_t last_id;

static void insist_free(struct insist *insist)
{
	acmems_http_call_cancel(insist->try);
	acmems_timer_free(insist->timer);
	http_call_free(&insist->call);
	free(insist);
}

static void finish(struct insist *insist, const struct acmems_http_answer *answer,
	const struct acmems_error *why)
{
	struct acmems_http_answer counted;
	struct acmems_error err;

	HASH_DEL(all, insist);
	if (answer) {
		counted = *answer;
		counted.tries = insist->tries;
		insist->done(insist->arg, &counted, NULL);
	} else {
		err = *why;
		if (insist->tries > 1)
			acmems_error_context(&err, "%u tries, the last", insist->tries);
		insist->done(insist->arg, NULL, &err);
	}
	insist_free(insist);
}

/* Whether another try may have another end. */
static bool passing(const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	if (answer)
		return answer->status >= 500 || answer->status == 429;
	return why->code == ACMEMS_UNAVAILABLE || why->code == ACMEMS_TIMEOUT;
}

static void on_try(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct insist *insist = arg;
	int64_t left = insist->end_ms - acmems_clock_ms();

	insist->try = 0;
	if (!passing(answer, why) || left <= insist->pause_ms) {
		finish(insist, answer, why);
		return;
	}
	acmems_timer_start(insist->timer, insist->pause_ms);
	insist->pause_ms *= 2;
	if (insist->pause_ms > PAUSE_MAX_MS)
		insist->pause_ms = PAUSE_MAX_MS;
}

static bool try_now(struct insist *insist, struct acmems_error *err)
{
	int64_t left = insist->end_ms - acmems_clock_ms();

	insist->call.timeout_ms = left < insist->try_ms ? left : insist->try_ms;
	if (insist->call.timeout_ms < 1)
		insist->call.timeout_ms = 1;
	insist->tries++;
	insist->try = acmems_http_call_start(&insist->call, on_try, insist, err);
	return insist->try != 0;
}

static void on_pause_over(void *arg)
{
	struct insist *insist = arg;
	struct acmems_error err = {0};

	if (!try_now(insist, &err))
		finish(insist, NULL, &err);
}

static bool prepare(
	struct insist *insist, const struct acmems_http_call *call, struct acmems_error *err)
{
	int64_t timeout_ms = call->timeout_ms > 0 ? call->timeout_ms : TIMEOUT_MS;

	insist->end_ms = acmems_clock_ms() + timeout_ms;
	insist->try_ms = timeout_ms / 2 > TRY_LEAST_MS ? timeout_ms / 2 : TRY_LEAST_MS;
	insist->pause_ms = PAUSE_FIRST_MS;
	insist->timer = acmems_timer_new(on_pause_over, insist);
	if (!http_call_copy(&insist->call, call) || !insist->timer)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request");
	return try_now(insist, err);
}

uint64_t acmems_http_insist(const struct acmems_http_call *call, acmems_http_done *done, void *arg,
	struct acmems_error *err)
{
	struct insist *insist = calloc(1, sizeof(*insist));

	if (!insist) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request");
		return 0;
	}
	insist->done = done;
	insist->arg = arg;
	if (!prepare(insist, call, err)) {
		insist_free(insist);
		return 0;
	}
	insist->id = ++last_id;
	HASH_ADD(hh, all, id, sizeof(insist->id), insist);
	if (insist->id == 0) {
		insist_free(insist);
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request");
		return 0;
	}
	return insist->id;
}

void acmems_http_insist_cancel(uint64_t id)
{
	struct insist *insist;

	HASH_FIND(hh, all, &id, sizeof(id), insist);
	if (!insist)
		return;
	HASH_DEL(all, insist);
	insist_free(insist);
}

size_t http_insist_count(void)
{
	return HASH_COUNT(all);
}

void http_insist_fini(void)
{
	struct insist *insist, *next;

	HASH_ITER(hh, all, insist, next)
	{
		HASH_DEL(all, insist);
		insist_free(insist);
	}
}
