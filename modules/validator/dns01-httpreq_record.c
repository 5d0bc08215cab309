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

void httpreq_record_stop(struct httpreq_record *record)
{
	acmems_dns_find_cancel(record->find);
	acmems_http_insist_cancel(record->call);
	acmems_dns_wait_cancel(record->wait);
	record->find = record->call = record->wait = 0;
	record->op = 0;
	record->held = false;
}

void httpreq_record_drop(struct httpreq_record *record)
{
	struct httpreq_record **at = &record->httpreq->records;

	while (*at && *at != record)
		at = &(*at)->next;
	if (*at)
		*at = record->next;
	httpreq_record_stop(record);
	free(record->body);
	free(record->domain);
	free(record->token);
	free(record->key_authorization);
	free(record);
}

void httpreq_record_finish(struct httpreq_record *record, const struct acmems_error *err)
{
	uint64_t op = record->op;

	record->op = 0;
	if (op)
		acmems_op_finish(op, err);
}

static void on_cancel(void *arg)
{
	httpreq_record_stop(arg);
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

bool httpreq_record_ask(struct httpreq_record *record, const char *what, acmems_http_done *done,
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

/* Of an endpoint what is in front of its path, as that may be a secret, and clients are told, too. */
static int shown_len(const char *endpoint)
{
	const char *host = strstr(endpoint, "://");

	return (int)(host ? (size_t)(host + 3 - endpoint) + strcspn(host + 3, "/") : 0);
}

bool httpreq_record_accepted(const struct httpreq_record *record, const char *what,
	const struct acmems_http_answer *answer, const struct acmems_error *why,
	struct acmems_error *err)
{
	if (answer && answer->status / 100 == 2)
		return true;
	if (answer)
		acmems_http_answer_error(answer, err);
	else
		*err = *why;
	return acmems_error_context(err, "%s of the server at %.*s", what,
		shown_len(record->httpreq->endpoint), record->httpreq->endpoint);
}

/* ---- present ---- */

static void on_seen(void *arg, const struct acmems_error *err)
{
	struct httpreq_record *record = arg;

	record->wait = 0;
	httpreq_record_finish(record, err);
}

/* Starts to wait until the record is seen, or is done at once. */
static bool wait_for_it(struct httpreq_record *record, struct acmems_error *err)
{
	const struct acmems_dns_look *look = &record->httpreq->look;

	if (!acmems_dns_look_waits(look)) {
		httpreq_record_finish(record, NULL);
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
	if (!httpreq_record_accepted(record, "present", answer, why, &err) ||
		!wait_for_it(record, &err))
		httpreq_record_finish(record, &err);
}

bool httpreq_record_publish(struct httpreq_record *record, struct acmems_error *err)
{
	struct dns01_notes *notes = record->httpreq->notes;
	const char *texts[DNS01_NOTE_TEXTS] = {record->domain, record->body};

	record->held = httpreq_record_is_going(record);
	if (record->held)
		return true;
	if (!dns01_notes_write(notes, &record->note, texts, err))
		return false;
	httpreq_record_take_over(record);
	record->sent = httpreq_record_ask(record, "present", on_presented, err);
	if (!record->sent)
		dns01_notes_erase(notes, record->note);
	return record->sent;
}

static bool publish(struct httpreq_record *record, struct acmems_error *err)
{
	return write_body(record, err) && httpreq_record_publish(record, err);
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
		httpreq_record_finish(record, why);
		return;
	}
	snprintf(record->zone, sizeof(record->zone), "%s", place->zone);
	snprintf(record->owner, sizeof(record->owner), "%s", place->owner);
	if (record->httpreq->follow_cname)
		set_fqdn(record, place->owner);
	if (!publish(record, &err))
		httpreq_record_finish(record, &err);
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

struct httpreq_record *httpreq_record_find(const struct httpreq *httpreq, uint64_t challenge)
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
		httpreq_record_drop(record);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel, record);
	return true;
}
