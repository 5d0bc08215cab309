/* SPDX-License-Identifier: ISC */
/*
 * dns01-rfc2136_end.c - see dns01-rfc2136_record.h: what the records of all states have in common, and
 * how they end.
 */
#include "dns01-rfc2136_record.h"

#include <stdlib.h>

#include <acmems/dns_find.h>
#include <acmems/log.h>

#include "dns01-rfc2136_journal.h"
#include "dns01-rfc2136_leftover.h"
#include "dns01-rfc2136_primary.h"

#define ROOM "dns01-rfc2136"
/* A failed order's client waits for it. */
#define CLEANUP_MS 15000

/* Stops whatever is waited for. */
void rfc2136_record_stop(struct rfc2136_record *record)
{
	acmems_dns_find_cancel(record->find);
	rfc2136_primary_cancel(record->primary);
	acmems_dns_update_cancel(record->update);
	acmems_dns_wait_cancel(record->wait);
	record->find = record->update = record->wait = 0;
	record->primary = NULL;
	record->op = 0;
}

/* What is in the journal stays there, as the instance's. */
static void drop(struct rfc2136_record *record)
{
	struct rfc2136_record **at = &record->rfc2136->records;

	while (*at != record)
		at = &(*at)->next;
	*at = record->next;
	rfc2136_record_stop(record);
	if (!record->written)
		rfc2136_entry_free(record->entry);
	free(record);
}

void rfc2136_record_finish(struct rfc2136_record *record, const struct acmems_error *err)
{
	uint64_t op = record->op;

	record->op = 0;
	acmems_op_finish(op, err);
}

int64_t rfc2136_record_left_ms(const struct rfc2136_record *record)
{
	int64_t left = record->end_ms - acmems_clock_ms();

	return left > 1 ? left : 1;
}

void rfc2136_record_tell_skew(struct rfc2136 *rfc2136, int64_t skew)
{
	if (skew == 0 || rfc2136->skew_told)
		return;
	rfc2136->skew_told = true;
	acmems_log(ACMEMS_LOG_WARNING, ROOM, rfc2136->self.name,
		"the name server's clock is %lld s %s ours, and updates are signed with its time: "
		"set the clocks (NTP)",
		(long long)(skew > 0 ? skew : -skew), skew > 0 ? "ahead of" : "behind");
}

bool rfc2136_record_update(struct rfc2136_record *record, bool remove, acmems_dns_update_done *done,
	struct acmems_error *err)
{
	const struct rfc2136 *rfc2136 = record->rfc2136;
	struct acmems_dns_update update = {.zone = record->entry->zone,
		.owner = record->entry->owner,
		.value = record->entry->value,
		.remove = remove,
		.ttl = (uint32_t)(rfc2136->ttl_ms / 1000),
		.servers = record->entry->servers,
		.key = rfc2136->key,
		.timeout_ms = rfc2136_record_left_ms(record)};

	record->update = acmems_dns_update(&update, done, record, err);
	return record->update != 0;
}

/* ---- cleanup ---- */

static void on_removed(
	void *arg, const struct acmems_dns_updated *updated, const struct acmems_error *err)
{
	struct rfc2136_record *record = arg;
	struct rfc2136 *rfc2136 = record->rfc2136;

	record->update = 0;
	rfc2136_record_tell_skew(rfc2136, updated->skew);
	rfc2136_record_finish(record, err);
	/* what nobody has answered may come later than this: once more when it has had time to */
	if (err || record->unsure)
		rfc2136_leftover(rfc2136, record->entry);
	else
		rfc2136_forget(rfc2136, record->entry);
	drop(record);
}

static void on_cancel_cleanup(void *arg)
{
	struct rfc2136_record *record = arg;

	rfc2136_leftover(record->rfc2136, record->entry);
	drop(record);
}

static struct rfc2136_record *find_record(const struct rfc2136 *rfc2136, uint64_t challenge)
{
	struct rfc2136_record *record = rfc2136->records;

	while (record && record->challenge != challenge)
		record = record->next;
	return record;
}

/* Whether nothing is left for us to take away. */
static bool is_done_with(struct rfc2136_record *record)
{
	return (record->untouched && !record->entry->stood) ||
	       rfc2136_hand_over(record->rfc2136, record->entry);
}

bool rfc2136_record_cleanup(struct rfc2136 *rfc2136, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct rfc2136_record *record = find_record(rfc2136, challenge->id);

	if (record)
		rfc2136_record_stop(record);
	if (record && record->written && is_done_with(record))
		rfc2136_forget(rfc2136, record->entry);
	else if (record && record->written) {
		record->op = op;
		record->state = RECORD_REMOVE;
		record->end_ms = acmems_clock_ms() + CLEANUP_MS;
		acmems_op_on_cancel(op, on_cancel_cleanup, record);
		if (rfc2136_record_update(record, true, on_removed, err))
			return true;
		record->op = 0;
		rfc2136_leftover(rfc2136, record->entry);
		drop(record);
		return false;
	}
	if (record)
		drop(record);
	acmems_op_finish(op, NULL);
	return true;
}

void rfc2136_record_take(struct rfc2136 *rfc2136, struct rfc2136_entry *entry)
{
	struct rfc2136_record *record = rfc2136->records, *next;

	for (; record; record = next) {
		next = record->next;
		if (record->state != RECORD_REMOVE || !rfc2136_is_same(record->entry, entry))
			continue;
		entry->stood = true;
		rfc2136_record_finish(record, NULL);
		rfc2136_forget(rfc2136, record->entry);
		drop(record);
	}
}

void rfc2136_record_drop_all(struct rfc2136 *rfc2136)
{
	while (rfc2136->records)
		drop(rfc2136->records);
}
