/* SPDX-License-Identifier: ISC */
/*
 * dns01-httpreq_cleanup.c - see dns01-httpreq_record.h: how a record ends, also one that a process has
 * left that is no more.
 */
#include "dns01-httpreq_record.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>
#include <acmems/loop.h>

/* A failed order's client waits for it. */
#define CLEANUP_MS 15000
#define ROOM "dns01-httpreq"

static void on_cleaned(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct httpreq_record *record = arg;
	struct acmems_error err = {0};
	bool ok = httpreq_record_accepted(record, "cleanup", answer, why, &err);

	record->call = 0;
	/* otherwise it is tried again at the next start */
	if (ok)
		dns01_notes_erase(record->httpreq->notes, record->note);
	httpreq_record_finish(record, ok ? NULL : &err);
	httpreq_record_drop(record);
}

static void on_cancel_cleanup(void *arg)
{
	httpreq_record_drop(arg);
}

bool httpreq_record_cleanup(struct httpreq *httpreq, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct httpreq_record *record = httpreq_record_find(httpreq, challenge->id);

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
	acmems_op_on_cancel(op, on_cancel_cleanup, record);
	return true;
}

void httpreq_record_drop_all(struct httpreq *httpreq)
{
	while (httpreq->records)
		httpreq_record_drop(httpreq->records);
}

/* ---- what others have left ---- */

bool httpreq_record_is_going(const struct httpreq_record *record)
{
	const struct httpreq_record *other = record->httpreq->records;

	while (other && (!other->leftover || strcmp(other->body, record->body) != 0))
		other = other->next;
	return other != NULL;
}

/* Those that were held go on; a CA may give an order that was cut off once more. */
static void let_go(struct httpreq *httpreq)
{
	struct httpreq_record *record = httpreq->records, *next;
	struct acmems_error err = {0};

	for (; record; record = next) {
		next = record->next;
		if (record->held && !httpreq_record_publish(record, &err))
			httpreq_record_finish(record, &err);
	}
}

static void on_taken_away(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct httpreq_record *record = arg;
	struct httpreq *httpreq = record->httpreq;
	struct acmems_error err = {0};

	if (httpreq_record_accepted(record, "cleanup", answer, why, &err)) {
		acmems_log(ACMEMS_LOG_INFO, ROOM, httpreq->self.name,
			"what was left over for %s is taken away", record->domain);
		dns01_notes_erase(httpreq->notes, record->note);
	} else {
		acmems_log(ACMEMS_LOG_WARNING, ROOM, httpreq->self.name,
			"%s: what was left over is still there: %s", record->domain, err.message);
	}
	record->call = 0;
	httpreq_record_drop(record);
	let_go(httpreq);
}

static void on_found(void *arg, unsigned long number, const char *const *texts)
{
	struct httpreq *httpreq = arg;
	struct httpreq_record *record = calloc(1, sizeof(*record));
	struct acmems_error err = {0};

	if (!record)
		return;
	record->httpreq = httpreq;
	record->leftover = true;
	record->note = number;
	record->end_ms = acmems_clock_ms() + httpreq->timeout_ms;
	record->domain = strdup(texts[0]);
	record->body = strdup(texts[1]);
	record->next = httpreq->records;
	httpreq->records = record;
	if (!record->domain || !record->body)
		acmems_error_set(&err, ACMEMS_NO_MEMORY, "no memory for a request");
	else if (httpreq_record_ask(record, "cleanup", on_taken_away, &err))
		return;
	acmems_log(ACMEMS_LOG_WARNING, ROOM, httpreq->self.name,
		"cannot take away what was left over: %s", err.message);
	httpreq_record_drop(record);
}

void httpreq_record_inherit(struct httpreq *httpreq)
{
	dns01_notes_inherit(httpreq->notes, on_found, httpreq);
}
