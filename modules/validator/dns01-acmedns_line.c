/* SPDX-License-Identifier: ISC */
/*
 * dns01-acmedns_line.c - who may send a value when. acme-dns keeps the last two values of an account:
 * a third pushes out the older one, whether that is still needed or not. So who comes waits for those
 * before it, and for the value that it would push out to be cleaned up. The core presents all names of
 * an order in one go, so orders wait for older ones only and never for each other in a circle.
 *
 * An update whose answer got lost is sent again, and may have pushed out another value the second time:
 * then that one is sent anew. One update of an account is under way at a time.
 */
#include <stdio.h>
#include <string.h>

#include "dns01-acmedns_job.h"

#define BODY_MAX 1024
#define KEPT 2

static bool same_account(const struct acmedns_job *a, const struct acmedns_job *b)
{
	return a != b && acmedns_same_name(a->account.fulldomain, b->account.fulldomain);
}

/* ---- update, and until it is seen ---- */

static void on_seen(void *arg, const struct acmems_error *err)
{
	struct acmedns_job *job = arg;

	job->wait = 0;
	acmedns_job_finish(job, err);
}

static bool wait_for_it(struct acmedns_job *job, struct acmems_error *err)
{
	const struct acmems_dns_look *look = &job->acmedns->look;

	if (!acmems_dns_look_waits(look)) {
		acmedns_job_finish(job, NULL);
		return true;
	}
	job->wait = acmems_dns_look_wait(look, job->account.fulldomain, job->zone, job->value,
		acmedns_job_left_ms(job), on_seen, job, err);
	return job->wait != 0;
}

static void on_updated(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why);

static bool is_sent(const struct acmedns_job *at, const struct acmedns_job *job)
{
	return at->step == ACMEDNS_SENT && (at == job || same_account(at, job));
}

/* Sends a value of the account, which is the last one from then on. */
static bool send_value(struct acmedns_job *job, const char *value, struct acmems_error *err)
{
	struct acmems_json_writer *out = acmems_json_writer_new(BODY_MAX);

	acmems_json_put_text(out, "subdomain", job->account.subdomain);
	acmems_json_put_text(out, "txt", value);
	if (!acmedns_ask(job, "update", out, on_updated, err))
		return false;
	job->step = ACMEDNS_SENT;
	snprintf(job->last, sizeof(job->last), "%s", value);
	for (struct acmedns_job *at = job->acmedns->jobs; at; at = at->next) {
		if (is_sent(at, job))
			at->later = strcmp(at->value, job->last) == 0 ? 0 : at->later + 1;
	}
	return true;
}

/* A value that is needed beside the last one, which the server may have twice now. */
static const char *pushed_out(const struct acmedns_job *job)
{
	for (const struct acmedns_job *at = job->acmedns->jobs; at; at = at->next) {
		if (is_sent(at, job) && strcmp(at->value, job->last) != 0)
			return at->value;
	}
	return NULL;
}

static void on_updated(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct acmedns_job *job = arg;
	struct acmems_error err = {0};
	bool ok = acmedns_accepted(job, "update", answer, why, &err);
	const char *other = ok && answer->tries > 1 ? pushed_out(job) : NULL;

	job->call = 0;
	if (ok)
		ok = other ? send_value(job, other, &err) : wait_for_it(job, &err);
	if (!ok)
		acmedns_job_finish(job, &err);
	acmedns_line_look(job->acmedns);
}

/* ---- the line ---- */

/* A job that has sent the same value: sent twice, it would push out another one. */
static const struct acmedns_job *twin_of(const struct acmedns_job *job)
{
	for (const struct acmedns_job *at = job->acmedns->jobs; at; at = at->next) {
		if (at->step == ACMEDNS_SENT && same_account(at, job) &&
			strcmp(at->value, job->value) == 0)
			return at;
	}
	return NULL;
}

static bool may_send(const struct acmedns_job *job)
{
	for (const struct acmedns_job *at = job->acmedns->jobs; at != job; at = at->next) {
		if (at->step < ACMEDNS_SENT && same_account(at, job))
			return false;
	}
	for (const struct acmedns_job *at = job->acmedns->jobs; at; at = at->next) {
		if (at->step == ACMEDNS_SENT && same_account(at, job) &&
			(at->call || at->later + 1 >= KEPT))
			return false;
	}
	return true;
}

static void advance(struct acmedns_job *job)
{
	const struct acmedns_job *twin = twin_of(job);
	struct acmems_error err = {0};
	bool ok = true;

	if (twin) {
		job->step = ACMEDNS_SENT;
		job->later = twin->later;
		ok = wait_for_it(job, &err);
	} else if (may_send(job)) {
		ok = send_value(job, job->value, &err);
	}
	if (!ok)
		acmedns_job_finish(job, &err);
}

/* Nothing is dropped in here: operations are finished from the loop. */
static void on_look(void *arg)
{
	struct acmedns *acmedns = arg;

	for (struct acmedns_job *job = acmedns->jobs; job; job = job->next) {
		if (job->step == ACMEDNS_LINE)
			advance(job);
	}
}

void acmedns_line_join(struct acmedns_job *job)
{
	job->step = ACMEDNS_LINE;
	acmedns_line_look(job->acmedns);
}

void acmedns_line_look(struct acmedns *acmedns)
{
	acmems_task_post(&acmedns->task, on_look, acmedns);
}
