/* SPDX-License-Identifier: ISC */
/* dns01-httpreq_record.c - see dns01-httpreq_record.h. */
#include "dns01-httpreq_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/http.h>
#include <acmems/json.h>
#include <acmems/loop.h>

#define URL_MAX 2100
#define BODY_MAX 4096
#define ANSWER_MAX 16384
/* A failed order's client waits for it. */
#define CLEANUP_MS 15000

struct httpreq_record {
	struct httpreq_record *next;
	struct httpreq *httpreq;
	uint64_t challenge; /* its id */
	uint64_t op; /* under way; 0: none */
	uint64_t find;
	uint64_t call;
	uint64_t wait;
	int64_t end_ms; /* of the operation */
	bool sent; /* the server may have it */
	char *body; /* of both requests; NULL before the name is found */
	char *domain; /* for the raw mode */
	char *token;
	char *key_authorization;
	char value[ACMEMS_CHALLENGE_TXT_MAX];
	char fqdn[ACMEMS_DNS_NAME_MAX + 1]; /* as the server is told, with a dot at the end */
	char owner[ACMEMS_DNS_NAME_MAX]; /* where it will be seen */
	char zone[ACMEMS_DNS_NAME_MAX];
};

static void stop(struct httpreq_record *record)
{
	acmems_dns_find_cancel(record->find);
	acmems_http_insist_cancel(record->call);
	acmems_dns_wait_cancel(record->wait);
	record->find = record->call = record->wait = 0;
	record->op = 0;
}

static void drop(struct httpreq_record *record)
{
	struct httpreq_record **at = &record->httpreq->records;

	while (*at && *at != record)
		at = &(*at)->next;
	if (*at)
		*at = record->next;
	stop(record);
	free(record->body);
	free(record->domain);
	free(record->token);
	free(record->key_authorization);
	free(record);
}

static void finish(struct httpreq_record *record, const struct acmems_error *err)
{
	uint64_t op = record->op;

	record->op = 0;
	acmems_op_finish(op, err);
}

static void on_cancel(void *arg)
{
	stop(arg);
}

static int64_t left_ms(const struct httpreq_record *record)
{
	int64_t left = record->end_ms - acmems_clock_ms();

	return left > 1 ? left : 1;
}

/* ---- asking the server ---- */

/* {"fqdn", "value"}, or in raw mode {"domain", "token", "keyAuth"}. */
static bool write_body(struct httpreq_record *record, struct acmems_error *err)
{
	struct acmems_json_writer *out = acmems_json_writer_new(BODY_MAX);
	size_t len = 0;

	if (record->httpreq->mode == HTTPREQ_RAW) {
		acmems_json_put_text(out, "domain", record->domain);
		acmems_json_put_text(out, "token", record->token);
		acmems_json_put_text(out, "keyAuth", record->key_authorization);
	} else {
		acmems_json_put_text(out, "fqdn", record->fqdn);
		acmems_json_put_text(out, "value", record->value);
	}
	record->body = acmems_json_writer_finish(out, &len);
	return record->body || acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request");
}

static bool ask(struct httpreq_record *record, const char *what, acmems_http_done *done,
	struct acmems_error *err)
{
	const struct httpreq *httpreq = record->httpreq;
	size_t len = strlen(httpreq->endpoint);
	struct acmems_http_header headers[] = {{"Content-Type", "application/json"},
		{"Accept", "application/json"}, {"Authorization", httpreq->authorization}};
	char url[URL_MAX];
	struct acmems_http_call call = {.method = "POST",
		.url = url,
		.headers = headers,
		.header_count = httpreq->authorization ? 3 : 2,
		.body = record->body,
		.body_len = strlen(record->body),
		.max_answer = ANSWER_MAX,
		.timeout_ms = left_ms(record),
		.ca_file = httpreq->ca_file,
		.plain = true};

	while (len > 0 && httpreq->endpoint[len - 1] == '/')
		len--;
	snprintf(url, sizeof(url), "%.*s/%s", (int)len, httpreq->endpoint, what);
	record->call = acmems_http_insist(&call, done, record, err);
	return record->call != 0;
}

/* Whether the server has done it; if not, *err says what it said. */
static bool accepted(const struct httpreq_record *record, const char *what,
	const struct acmems_http_answer *answer, const struct acmems_error *why,
	struct acmems_error *err)
{
	if (answer && answer->status / 100 == 2)
		return true;
	if (answer)
		acmems_http_answer_error(answer, err);
	else
		*err = *why;
	return acmems_error_context(err, "%s of the server at %s", what, record->httpreq->endpoint);
}

/* ---- present ---- */

static void on_seen(void *arg, const struct acmems_error *err)
{
	struct httpreq_record *record = arg;

	record->wait = 0;
	finish(record, err);
}

/* Starts to wait until the record is seen, or is done at once. */
static bool wait_for_it(struct httpreq_record *record, struct acmems_error *err)
{
	const struct acmems_dns_look *look = &record->httpreq->look;

	if (!acmems_dns_look_waits(look)) {
		finish(record, NULL);
		return true;
	}
	record->wait = acmems_dns_look_wait(look, record->owner, record->zone, record->value,
		left_ms(record), on_seen, record, err);
	return record->wait != 0;
}

static void on_presented(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct httpreq_record *record = arg;
	struct acmems_error err = {0};

	record->call = 0;
	if (!accepted(record, "present", answer, why, &err) || !wait_for_it(record, &err))
		finish(record, &err);
}

static bool publish(struct httpreq_record *record, struct acmems_error *err)
{
	if (!write_body(record, err))
		return false;
	record->sent = ask(record, "present", on_presented, err);
	return record->sent;
}

static void set_fqdn(struct httpreq_record *record, const char *name)
{
	size_t len = strlen(name);

	snprintf(record->fqdn, sizeof(record->fqdn), "%s%s", name,
		len > 0 && name[len - 1] == '.' ? "" : ".");
}

static void on_place(
	void *arg, const struct acmems_dns_place *place, const struct acmems_error *why)
{
	struct httpreq_record *record = arg;
	struct acmems_error err = {0};

	record->find = 0;
	if (!place) {
		finish(record, why);
		return;
	}
	snprintf(record->zone, sizeof(record->zone), "%s", place->zone);
	snprintf(record->owner, sizeof(record->owner), "%s", place->owner);
	if (record->httpreq->follow_cname)
		set_fqdn(record, place->owner);
	if (!publish(record, &err))
		finish(record, &err);
}

/* The name is looked up when what is found has to be sent, or to be watched. */
static bool begin(struct httpreq_record *record, struct acmems_error *err)
{
	const struct httpreq *httpreq = record->httpreq;
	bool told = httpreq->mode == HTTPREQ_DEFAULT && httpreq->follow_cname;

	if (!told && !acmems_dns_look_waits(&httpreq->look))
		return publish(record, err);
	record->find = acmems_dns_look_find(
		&httpreq->look, record->fqdn, left_ms(record), on_place, record, err);
	return record->find != 0;
}

static struct httpreq_record *find_record(const struct httpreq *httpreq, uint64_t challenge)
{
	struct httpreq_record *record = httpreq->records;

	while (record && record->challenge != challenge)
		record = record->next;
	return record;
}

static bool fill(struct httpreq_record *record, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	char name[ACMEMS_DNS_NAME_MAX];

	if (!acmems_challenge_txt_name(challenge, name))
		return acmems_error_set(err, ACMEMS_VALIDATION,
			"the TXT record of \"%s\" would have too long a name",
			challenge->identifier);
	set_fqdn(record, name);
	record->domain = strdup(challenge->identifier);
	record->token = strdup(challenge->token);
	record->key_authorization = strdup(challenge->key_authorization);
	if (!record->domain || !record->token || !record->key_authorization ||
		!acmems_challenge_txt(challenge, record->value))
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a TXT record");
	return true;
}

bool httpreq_record_present(struct httpreq *httpreq, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct httpreq_record *record = calloc(1, sizeof(*record));

	if (!record)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a TXT record");
	record->httpreq = httpreq;
	record->challenge = challenge->id;
	record->op = op;
	record->end_ms = acmems_clock_ms() + httpreq->timeout_ms;
	record->next = httpreq->records;
	httpreq->records = record;
	if (!fill(record, challenge, err) || !begin(record, err)) {
		drop(record);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel, record);
	return true;
}

/* ---- cleanup ---- */

static void on_cleaned(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct httpreq_record *record = arg;
	struct acmems_error err = {0};
	bool ok = accepted(record, "cleanup", answer, why, &err);

	record->call = 0;
	finish(record, ok ? NULL : &err);
	drop(record);
}

static void on_cancel_cleanup(void *arg)
{
	drop(arg);
}

bool httpreq_record_cleanup(struct httpreq *httpreq, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct httpreq_record *record = find_record(httpreq, challenge->id);

	if (!record || !record->sent) {
		if (record)
			drop(record);
		acmems_op_finish(op, NULL);
		return true;
	}
	stop(record);
	record->op = op;
	record->end_ms = acmems_clock_ms() +
			 (httpreq->timeout_ms < CLEANUP_MS ? httpreq->timeout_ms : CLEANUP_MS);
	if (!ask(record, "cleanup", on_cleaned, err)) {
		drop(record);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel_cleanup, record);
	return true;
}

void httpreq_record_drop_all(struct httpreq *httpreq)
{
	while (httpreq->records)
		drop(httpreq->records);
}
