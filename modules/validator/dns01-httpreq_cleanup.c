/* SPDX-License-Identifier: ISC */
/*
 * dns01-httpreq_cleanup.c - see dns01-httpreq_record.h: how a record ends, also one that a process has
 * left that is no more.
 *
 * A CA may give the same challenge to several orders at once, and once more to one that was cut off. Then
 * the record stays until the last of them has cleaned up, and is not published while it is taken away.
 */
#include "dns01-httpreq_record.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>
#include <acmems/loop.h>

/* A failed order's client waits for it. */
#define CLEANUP_MS 15000
#define ROOM "dns01-httpreq"
/* What is left over is not all that is asked for. */
#define AT_ONCE 8

/* ---- records that are the same ---- */

static bool is_same(const struct httpreq_record *record, const struct httpreq_record *other)
{
	return other != record && other->body && strcmp(other->body, record->body) == 0;
}

/* Whether another challenge has it published, too, which is still needed. */
static bool is_shared(const struct httpreq_record *record)
{
	const struct httpreq_record *other = record->httpreq->records;

	while (other && !(is_same(record, other) && other->sent && !other->going))
		other = other->next;
	return other != NULL;
}

bool httpreq_record_is_going(const struct httpreq_record *record)
{
	const struct httpreq_record *other = record->httpreq->records;

	while (other && !(is_same(record, other) && other->going))
		other = other->next;
	return other != NULL;
}

void httpreq_record_take_over(const struct httpreq_record *record)
{
	struct httpreq_record *other = record->httpreq->records, *next;

	for (; other; other = next) {
		next = other->next;
		if (!other->leftover || !is_same(record, other))
			continue;
		dns01_notes_erase(record->httpreq->notes, other->note);
		httpreq_record_drop(other);
	}
}

/* Those that were held go on. Others than they may be dropped on the way. */
static void let_go(const struct httpreq *httpreq)
{
	struct acmems_error err = {0};

	for (struct httpreq_record *record = httpreq->records; record; record = record->next) {
		if (record->held && !httpreq_record_publish(record, &err))
			httpreq_record_finish(record, &err);
	}
}

/* It is gone, or what became of it is unknown; who was held because of it goes on. */
static void end(struct httpreq_record *record)
{
	const struct httpreq *httpreq = record->httpreq;

	httpreq_record_drop(record);
	let_go(httpreq);
}

/* ---- cleanup ---- */

/* If not, the server could not be asked, or could not do it for now: there is the next start. */
static bool is_settled(const struct acmems_http_answer *answer)
{
	return answer && answer->status != 429 && answer->status < 500;
}

static void on_cleaned(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct httpreq_record *record = arg;
	struct acmems_error err = {0};
	bool ok = httpreq_record_accepted(record, "cleanup", answer, why, &err);

	record->call = 0;
	if (is_settled(answer))
		dns01_notes_erase(record->httpreq->notes, record->note);
	httpreq_record_finish(record, ok ? NULL : &err);
	end(record);
}

static void on_cancel_cleanup(void *arg)
{
	end(arg);
}

bool httpreq_record_cleanup(struct httpreq *httpreq, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct httpreq_record *record = httpreq_record_find(httpreq, challenge->id);

	if (record && record->sent && is_shared(record)) {
		dns01_notes_erase(httpreq->notes, record->note);
		record->sent = false;
	}
	if (!record || !record->sent) {
		if (record)
			httpreq_record_drop(record);
		acmems_op_finish(op, NULL);
		return true;
	}
	httpreq_record_stop(record);
	record->op = op;
	record->end_ms = acmems_clock_ms() +
			 (httpreq->timeout_ms < CLEANUP_MS ? httpreq->timeout_ms : CLEANUP_MS);
	if (!httpreq_record_ask(record, "cleanup", on_cleaned, err)) {
		httpreq_record_drop(record);
		return false;
	}
	record->going = true;
	acmems_op_on_cancel(op, on_cancel_cleanup, record);
	return true;
}

void httpreq_record_drop_all(struct httpreq *httpreq)
{
	while (httpreq->records)
		httpreq_record_drop(httpreq->records);
}

/* ---- what others have left ---- */

static void warn(const struct httpreq_record *record, const struct acmems_error *err)
{
	acmems_log(ACMEMS_LOG_WARNING, ROOM, record->httpreq->self.name,
		"%s: what was left over could not be taken away: %s", record->domain, err->message);
}

static void go_on(struct httpreq *httpreq);

static void on_taken_away(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct httpreq_record *record = arg;
	struct httpreq *httpreq = record->httpreq;
	struct acmems_error err = {0};

	if (httpreq_record_accepted(record, "cleanup", answer, why, &err))
		acmems_log(ACMEMS_LOG_INFO, ROOM, httpreq->self.name,
			"what was left over for %s is taken away", record->domain);
	else
		warn(record, &err);
	if (is_settled(answer))
		dns01_notes_erase(httpreq->notes, record->note);
	record->call = 0;
	end(record);
	go_on(httpreq);
}

static size_t count_asked(const struct httpreq *httpreq)
{
	size_t count = 0;

	for (const struct httpreq_record *record = httpreq->records; record; record = record->next)
		count += record->leftover && record->going;
	return count;
}

/* Asks for those that wait, a few at once. */
static void go_on(struct httpreq *httpreq)
{
	struct httpreq_record *record = httpreq->records, *next;
	struct acmems_error err = {0};

	for (; record && count_asked(httpreq) < AT_ONCE; record = next) {
		next = record->next;
		if (!record->leftover || record->going)
			continue;
		record->end_ms = acmems_clock_ms() + httpreq->timeout_ms;
		record->going = httpreq_record_ask(record, "cleanup", on_taken_away, &err);
		if (record->going)
			continue;
		warn(record, &err);
		httpreq_record_drop(record);
	}
}

static void on_found(void *arg, unsigned long number, const char *const *texts)
{
	struct httpreq *httpreq = arg;
	struct httpreq_record *record = calloc(1, sizeof(*record));

	if (!record)
		return;
	record->httpreq = httpreq;
	record->leftover = true;
	record->note = number;
	record->domain = strdup(texts[0]);
	record->body = strdup(texts[1]);
	record->next = httpreq->records;
	httpreq->records = record;
	/* the note is there for the next start */
	if (!record->domain || !record->body)
		httpreq_record_drop(record);
	else
		go_on(httpreq);
}

void httpreq_record_inherit(struct httpreq *httpreq)
{
	dns01_notes_inherit(httpreq->notes, on_found, httpreq);
}
