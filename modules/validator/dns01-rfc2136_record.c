/* SPDX-License-Identifier: ISC */
/* dns01-rfc2136_record.c - see dns01-rfc2136_record.h. */
#include "dns01-rfc2136_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/dns_find.h>
#include <acmems/log.h>

#include "dns01-rfc2136_journal.h"
#include "dns01-rfc2136_leftover.h"
#include "dns01-rfc2136_primary.h"

#define ROOM "dns01-rfc2136"

static void on_cancel(void *arg)
{
	struct rfc2136_record *record = arg;

	record->unsure = record->update != 0;
	rfc2136_record_stop(record);
	record->state = RECORD_FAILED;
}

/* ---- present, state by state ---- */

static enum rfc2136_state next_state(const struct rfc2136_record *record)
{
	switch (record->state) {
	case RECORD_FIND:
		return record->rfc2136->server.count > 0 ? RECORD_JOURNAL : RECORD_PRIMARY;
	case RECORD_PRIMARY:
		return RECORD_JOURNAL;
	case RECORD_JOURNAL:
		return RECORD_ADD;
	case RECORD_ADD:
		return acmems_dns_look_waits(&record->rfc2136->look) ? RECORD_WAIT : RECORD_SHOWN;
	case RECORD_WAIT:
	case RECORD_SHOWN:
		return RECORD_SHOWN;
	case RECORD_FAILED:
	case RECORD_REMOVE:
		break;
	}
	return RECORD_FAILED;
}

static void enter(struct rfc2136_record *record, enum rfc2136_state state);

/* Whether a CNAME, that of a wildcard maybe, has led from the name to another. */
static bool is_led_elsewhere(const struct rfc2136_record *record)
{
	size_t len = strlen(record->name);

	return record->entry && (strncmp(record->entry->owner, record->name, len) != 0 ||
					strcmp(record->entry->owner + len, ".") != 0);
}

/* What the state waited for has come, or has failed. */
static void advance(struct rfc2136_record *record, const struct acmems_error *err)
{
	struct acmems_error why;

	if (!err) {
		enter(record, next_state(record));
		return;
	}
	why = *err;
	if (is_led_elsewhere(record))
		acmems_error_context(
			&why, "the CNAME of %s leads to %s", record->name, record->entry->owner);
	record->state = RECORD_FAILED;
	rfc2136_record_finish(record, &why);
}

static bool set_place(struct rfc2136_record *record, const struct acmems_dns_place *place,
	struct acmems_error *err)
{
	const struct acmems_list *servers = &record->rfc2136->server;

	snprintf(record->primary_name, sizeof(record->primary_name), "%s",
		place->primary ? place->primary : "");
	record->entry = rfc2136_entry_new(place->owner, place->zone, record->value);
	for (size_t i = 0; record->entry && i < servers->count; i++) {
		if (!rfc2136_entry_add_server(record->entry, servers->items[i]))
			return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a server");
	}
	if (!record->entry)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a TXT record");
	acmems_log(ACMEMS_LOG_DEBUG, ROOM, record->rfc2136->self.name,
		"TXT of %s goes to %s in zone %s", record->name, place->owner, place->zone);
	return true;
}

static void on_place(
	void *arg, const struct acmems_dns_place *place, const struct acmems_error *why)
{
	struct rfc2136_record *record = arg;
	struct acmems_error err = {0};

	record->find = 0;
	if (place && set_place(record, place, &err))
		why = NULL;
	else if (place)
		why = &err;
	advance(record, why);
}

static bool enter_find(struct rfc2136_record *record, struct acmems_error *err)
{
	struct acmems_dns_find find = {.name = record->name,
		.zone = record->rfc2136->zone,
		.resolvers = rfc2136_resolvers(record->rfc2136),
		.timeout_ms = rfc2136_record_left_ms(record)};

	record->find = acmems_dns_find(&find, on_place, record, err);
	return record->find != 0;
}

static void on_primary(void *arg, const struct acmems_error *err)
{
	struct rfc2136_record *record = arg;

	record->primary = NULL;
	advance(record, err);
}

static bool enter_primary(struct rfc2136_record *record, struct acmems_error *err)
{
	if (!record->primary_name[0])
		return acmems_error_set(err, ACMEMS_CONFIG,
			"zone %s names no primary server: say which one takes updates (server)",
			record->entry->zone);
	record->primary = rfc2136_primary_start(record->rfc2136, record->primary_name,
		record->entry, rfc2136_record_left_ms(record) / 2, on_primary, record, err);
	return record->primary != NULL;
}

/* One sync for all that were written down in this round of the loop. */
static void on_sync(void *arg)
{
	struct rfc2136 *rfc2136 = arg;
	struct rfc2136_record *record = rfc2136->records, *next;
	struct acmems_error err = {0};
	bool ok = rfc2136_journal_sync(rfc2136->journal, &err);

	for (; record; record = next) {
		next = record->next;
		if (record->state == RECORD_JOURNAL)
			advance(record, ok ? NULL : &err);
	}
}

static bool enter_journal(struct rfc2136_record *record, struct acmems_error *err)
{
	struct rfc2136 *rfc2136 = record->rfc2136;

	if (!rfc2136_journal_add(rfc2136->journal, record->entry, err))
		return false;
	record->written = true;
	record->entry->next = rfc2136->entries;
	rfc2136->entries = record->entry;
	rfc2136_leftover_take(rfc2136, record->entry);
	rfc2136_record_take(rfc2136, record->entry);
	acmems_task_post(&rfc2136->sync, on_sync, rfc2136);
	return true;
}

static void on_added(
	void *arg, const struct acmems_dns_updated *updated, const struct acmems_error *err)
{
	struct rfc2136_record *record = arg;

	record->update = 0;
	record->untouched = !updated->maybe_applied;
	record->unsure = err && updated->maybe_applied;
	rfc2136_record_tell_skew(record->rfc2136, updated->skew);
	advance(record, err);
}

static bool enter_add(struct rfc2136_record *record, struct acmems_error *err)
{
	return rfc2136_record_update(record, false, on_added, err);
}

static void on_seen(void *arg, const struct acmems_error *err)
{
	struct rfc2136_record *record = arg;

	record->wait = 0;
	advance(record, err);
}

static bool enter_wait(struct rfc2136_record *record, struct acmems_error *err)
{
	const struct rfc2136_entry *entry = record->entry;

	record->wait = acmems_dns_look_wait(&record->rfc2136->look, entry->owner, entry->zone,
		entry->value, rfc2136_record_left_ms(record), on_seen, record, err);
	return record->wait != 0;
}

static const struct {
	const char *name;
	bool (*enter)(struct rfc2136_record *record, struct acmems_error *err); /* NULL: an end */
} states[] = {
	[RECORD_FIND] = {"find", enter_find},
	[RECORD_PRIMARY] = {"primary", enter_primary},
	[RECORD_JOURNAL] = {"journal", enter_journal},
	[RECORD_ADD] = {"add", enter_add},
	[RECORD_WAIT] = {"wait", enter_wait},
	[RECORD_SHOWN] = {"shown", NULL},
	[RECORD_FAILED] = {"failed", NULL},
	[RECORD_REMOVE] = {"remove", NULL},
};

static void enter(struct rfc2136_record *record, enum rfc2136_state state)
{
	struct acmems_error err = {0};

	record->state = state;
	acmems_log(ACMEMS_LOG_DEBUG, ROOM, record->rfc2136->self.name, "%s: %s", record->name,
		states[state].name);
	if (!states[state].enter)
		rfc2136_record_finish(record, NULL);
	else if (!states[state].enter(record, &err))
		advance(record, &err);
}

bool rfc2136_record_present(struct rfc2136 *rfc2136, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct rfc2136_record *record = calloc(1, sizeof(*record));

	if (!record || !acmems_challenge_txt(challenge, record->value)) {
		free(record);
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a TXT record");
	}
	if (!acmems_challenge_txt_name(challenge, record->name)) {
		free(record);
		return acmems_error_set(err, ACMEMS_VALIDATION,
			"the TXT record of \"%s\" would have too long a name",
			challenge->identifier);
	}
	record->rfc2136 = rfc2136;
	record->challenge = challenge->id;
	record->op = op;
	record->end_ms = acmems_clock_ms() + rfc2136->timeout_ms;
	record->next = rfc2136->records;
	rfc2136->records = record;
	acmems_op_on_cancel(op, on_cancel, record);
	enter(record, RECORD_FIND);
	return true;
}
