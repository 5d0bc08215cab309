/* SPDX-License-Identifier: ISC */
/* dns01-acmedns_job.c - see dns01-acmedns_job.h. */
#include "dns01-acmedns_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#define BODY_MAX 8192
#define ANSWER_MAX 16384

static void stop(struct acmedns_job *job)
{
	acmems_dns_find_cancel(job->find);
	acmems_http_insist_cancel(job->call);
	acmems_dns_wait_cancel(job->wait);
	job->find = job->call = job->wait = 0;
	job->op = 0;
	if (job->step != ACMEDNS_SENT)
		job->step = ACMEDNS_OVER;
}

static void drop(struct acmedns_job *job)
{
	struct acmedns *acmedns = job->acmedns;
	struct acmedns_job **at = &acmedns->jobs;

	while (*at && *at != job)
		at = &(*at)->next;
	if (*at)
		*at = job->next;
	stop(job);
	acmems_wipe(&job->account, sizeof(job->account));
	free(job->identifier);
	free(job);
	if (acmedns->jobs)
		acmedns_line_look(acmedns);
}

void acmedns_job_finish(struct acmedns_job *job, const struct acmems_error *err)
{
	uint64_t op = job->op;

	job->op = 0;
	if (err && job->step != ACMEDNS_SENT)
		job->step = ACMEDNS_OVER;
	acmedns_line_look(job->acmedns);
	acmems_op_finish(op, err);
}

static void on_cancel(void *arg)
{
	struct acmedns_job *job = arg;

	stop(job);
	acmedns_line_look(job->acmedns);
}

int64_t acmedns_job_left_ms(const struct acmedns_job *job)
{
	int64_t left = job->end_ms - acmems_clock_ms();

	return left > 1 ? left : 1;
}

/* ---- where the name leads ---- */

/* Without the dot that answers have at the end. */
static int shown_len(const char *name)
{
	size_t len = strlen(name);

	return (int)(len > 0 && name[len - 1] == '.' ? len - 1 : len);
}

static bool leads_there(const struct acmedns_job *job, const char *owner, struct acmems_error *err)
{
	const char *full = job->account.fulldomain;

	if (!job->acmedns->check_cname || acmedns_same_name(owner, full))
		return true;
	if (acmedns_same_name(owner, job->name))
		return acmems_error_set(err, ACMEMS_VALIDATION,
			"there is no CNAME yet; set: %s. IN CNAME %.*s.", job->name,
			shown_len(full), full);
	return acmems_error_set(err, ACMEMS_VALIDATION,
		"%s leads to %.*s instead of the account's name; set: %s. IN CNAME %.*s.",
		job->name, shown_len(owner), owner, job->name, shown_len(full), full);
}

static void on_place(
	void *arg, const struct acmems_dns_place *place, const struct acmems_error *why)
{
	struct acmedns_job *job = arg;
	struct acmems_error err = {0};

	job->find = 0;
	if (!place) {
		acmedns_job_finish(job, why);
		return;
	}
	snprintf(job->zone, sizeof(job->zone), "%s", place->zone);
	if (leads_there(job, place->owner, &err))
		acmedns_line_join(job);
	else
		acmedns_job_finish(job, &err);
}

static bool find_place(struct acmedns_job *job, struct acmems_error *err)
{
	const struct acmedns *acmedns = job->acmedns;
	if (!acmedns->check_cname && !acmems_dns_look_waits(&acmedns->look)) {
		acmedns_line_join(job);
		return true;
	}
	job->find = acmems_dns_look_find(&acmedns->look,
		acmedns->check_cname ? job->name : job->account.fulldomain,
		acmedns_job_left_ms(job), on_place, job, err);
	return job->find != 0;
}

/* ---- registration ---- */

/* Both names of an order for a name and its wildcard need one account. */
static bool is_registering(const struct acmedns_job *job)
{
	for (const struct acmedns_job *at = job->acmedns->jobs; at; at = at->next) {
		if (at != job && at->step == ACMEDNS_LOOKING && at->call &&
			acmedns_same_name(at->identifier, job->identifier))
			return true;
	}
	return false;
}

static bool take_account(
	struct acmedns_job *job, const struct acmems_http_answer *answer, struct acmems_error *err)
{
	struct acmems_json *json = acmems_json_read(answer->body, answer->len, ANSWER_MAX, err);
	bool ok = json && acmedns_account_parse(json, &job->account, err);

	acmems_json_free(json);
	if (!ok)
		return acmems_error_context(err, "registration at %s", job->acmedns->server);
	snprintf(job->account.server_url, sizeof(job->account.server_url), "%s",
		job->acmedns->server);
	return acmedns_account_save(job->acmedns->accounts, job->identifier, &job->account,
		job->acmedns->allow_from.items, err);
}

static void on_registered(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct acmedns_job *job = arg;
	struct acmems_error err = {0};
	const char *full = job->account.fulldomain;

	job->call = 0;
	if (acmedns_accepted(job, "registration", answer, why, &err) &&
		take_account(job, answer, &err))
		acmems_error_set(&err, ACMEMS_VALIDATION,
			"registered an account for \"%s\" at %s; now set: %s. IN CNAME %.*s.",
			job->identifier, job->acmedns->server, job->name, shown_len(full), full);
	acmedns_job_finish(job, &err);
}

static bool do_register(struct acmedns_job *job, struct acmems_error *err)
{
	const struct acmems_list *allow_from = &job->acmedns->allow_from;
	struct acmems_json_writer *out;

	if (is_registering(job))
		return acmems_error_set(err, ACMEMS_UNAVAILABLE,
			"an account for \"%s\" is being registered", job->identifier);
	out = acmems_json_writer_new(BODY_MAX);
	if (allow_from->count > 0) {
		acmems_json_begin_array(out, "allowfrom");
		for (size_t i = 0; i < allow_from->count; i++)
			acmems_json_put_text(out, NULL, allow_from->items[i]);
		acmems_json_end(out);
	}
	return acmedns_ask(job, "register", out, on_registered, err);
}

/* ---- present and cleanup ---- */

static bool begin(struct acmedns_job *job, struct acmems_error *err)
{
	const struct acmedns *acmedns = job->acmedns;

	if (acmedns_account_load(acmedns->accounts, job->identifier, &job->account, err)) {
		if (!acmedns->server && job->account.server_url[0] == '\0')
			return acmems_error_set(err, ACMEMS_CONFIG,
				"the account of \"%s\" does not say at which server it is, and "
				"server is not set",
				job->identifier);
		return find_place(job, err);
	}
	if (err->code != ACMEMS_NOT_FOUND)
		return false;
	if (acmedns->registers)
		return do_register(job, err);
	err->code = ACMEMS_CONFIG;
	return acmems_error_context(err, "no account at acme-dns, and register is false");
}

static bool fill(
	struct acmedns_job *job, const struct acmems_challenge *challenge, struct acmems_error *err)
{
	if (!acmems_challenge_txt_name(challenge, job->name))
		return acmems_error_set(err, ACMEMS_VALIDATION,
			"the TXT record of \"%s\" would have too long a name",
			challenge->identifier);
	job->identifier = strdup(challenge->identifier);
	if (!job->identifier || !acmems_challenge_txt(challenge, job->value))
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a challenge");
	return true;
}

bool acmedns_job_present(struct acmedns *acmedns, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct acmedns_job *job = calloc(1, sizeof(*job));
	struct acmedns_job **at = &acmedns->jobs;

	if (!job)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a challenge");
	job->acmedns = acmedns;
	job->challenge = challenge->id;
	job->op = op;
	job->end_ms = acmems_clock_ms() + acmedns->timeout_ms;
	while (*at)
		at = &(*at)->next;
	*at = job;
	if (!fill(job, challenge, err) || !begin(job, err)) {
		drop(job);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel, job);
	return true;
}

void acmedns_job_cleanup(struct acmedns *acmedns, uint64_t challenge)
{
	struct acmedns_job *job = acmedns->jobs;

	while (job && job->challenge != challenge)
		job = job->next;
	if (job)
		drop(job);
}

void acmedns_job_drop_all(struct acmedns *acmedns)
{
	while (acmedns->jobs)
		drop(acmedns->jobs);
	acmems_task_cancel(&acmedns->task);
}
