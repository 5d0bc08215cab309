/* SPDX-License-Identifier: ISC */
/* delivery_journal.c - the records, written and read. */
#include "notify/delivery_journal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#define ROOM "notify"
#define REWRITE_BYTES (1u << 20)
#define CLEAR_BYTES 65536
#define RETRY_MS 60000
/* Sends that may have reached the receiver. */
#define UNKNOWN_MAX 2
/* The end of the year 9999, as every receiver can write it. */
#define WALL_MAX INT64_C(253402300799)

enum record { RECORD_ENTRY = 1, RECORD_COUNT, RECORD_BEGUN, RECORD_FAILED, RECORD_DONE };

static void fail(struct delivery_journal *keep, const struct acmems_error *err)
{
	if (keep->failed)
		return;
	keep->failed = true;
	keep->retry_at = acmems_clock_ms() + RETRY_MS;
	acmems_log(ACMEMS_LOG_ERROR, ROOM, keep->name,
		"what is not delivered will not survive a restart: %s", err->message);
}

/* ID, COUNT, LAST, MADE, UNKNOWN, each with a NUL behind it; the event, if the record has one. */
static bool append(struct delivery_journal *keep, enum record record,
	const struct delivery_entry *entry, struct acmems_error *err)
{
	struct str text;
	char head[160];
	int len = snprintf(head, sizeof(head),
		"%" PRIu64 "%c%" PRIu32 "%c%" PRId64 "%c%" PRId64 "%c%u", entry->event->id, 0,
		entry->count, 0, entry->last, 0, entry->made, 0, entry->unknown);
	bool ok;

	str_init(&text, JOURNAL_RECORD_MAX);
	str_add_bytes(&text, head, (size_t)len + 1);
	if (record == RECORD_ENTRY)
		notice_encode(entry->event, &text);
	ok = str_text(&text) ? journal_append(keep->journal, (unsigned char)record, str_text(&text),
				       text.len, err)
			     : acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a record");
	str_fini(&text);
	return ok;
}

static void note(
	struct delivery_journal *keep, enum record record, const struct delivery_entry *entry)
{
	struct acmems_error err = {0};

	if (keep->journal && !append(keep, record, entry, &err))
		fail(keep, &err);
}

void delivery_journal_keep(struct delivery_journal *keep, struct delivery_entry *entry)
{
	note(keep, entry->kept ? RECORD_COUNT : RECORD_ENTRY, entry);
	entry->kept = true;
}

void delivery_journal_begun(struct delivery_journal *keep, const struct delivery_entry *entry)
{
	note(keep, RECORD_BEGUN, entry);
}

void delivery_journal_failed(struct delivery_journal *keep, const struct delivery_entry *entry)
{
	note(keep, RECORD_FAILED, entry);
}

void delivery_journal_done(struct delivery_journal *keep, const struct delivery_entry *entry)
{
	note(keep, RECORD_DONE, entry);
}

/* ---- reading ---- */

struct numbers {
	int64_t id;
	int64_t count;
	int64_t last;
	int64_t made;
	int64_t unknown;
};

/* A decimal number from min to max. */
static bool read_number(
	const char **data, size_t *len, int64_t min, int64_t max, int64_t *ret_number)
{
	const char *text = notice_next_text(data, len);
	char *end = NULL;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret_number >= min && *ret_number <= max;
}

static bool read_numbers(struct numbers *numbers, const char **data, size_t *len)
{
	return read_number(data, len, 1, INT64_MAX, &numbers->id) &&
	       read_number(data, len, 1, UINT32_MAX, &numbers->count) &&
	       read_number(data, len, 0, WALL_MAX, &numbers->last) &&
	       read_number(data, len, 0, WALL_MAX, &numbers->made) &&
	       read_number(data, len, 0, UNKNOWN_MAX, &numbers->unknown);
}

static struct delivery_entry *read_event(
	struct delivery_queue *queue, uint64_t id, const char *data, size_t len)
{
	struct notice *event = notice_decode(data, len);

	if (event && event->id == id && event->when >= 0 && event->when <= WALL_MAX)
		return delivery_queue_add(queue, event);
	notice_drop(event);
	return NULL;
}

/* How old it is says the wall; how old it may become, the clock, which nobody sets. */
static int64_t stale_at(int64_t last)
{
	int64_t age = (acmems_clock_wall() - last) * 1000;

	age = age < 0 ? 0 : age;
	return acmems_clock_ms() + (age < DELIVERY_STALE_MS ? DELIVERY_STALE_MS - age : 0);
}

static void on_record(void *arg, unsigned char type, const char *data, size_t len)
{
	struct delivery_queue *queue = arg;
	struct delivery_entry *entry;
	struct numbers numbers;

	if (!read_numbers(&numbers, &data, &len))
		return;
	entry = delivery_queue_find(queue, (uint64_t)numbers.id);
	if (type == RECORD_ENTRY && !entry)
		entry = read_event(queue, (uint64_t)numbers.id, data, len);
	if (!entry)
		return;
	if (type == RECORD_DONE) {
		delivery_queue_remove(queue, entry);
		return;
	}
	entry->kept = true;
	entry->count = (uint32_t)numbers.count;
	entry->last = numbers.last;
	entry->made = numbers.made;
	entry->stale = stale_at(numbers.last);
	entry->unknown = (unsigned)numbers.unknown;
	/* counted before it was known how it would end */
	if (type == RECORD_BEGUN)
		entry->unknown++;
}

static void drop_doubtful(struct delivery_journal *keep, struct delivery_queue *queue)
{
	struct delivery_entry *next;

	for (struct delivery_entry *entry = queue->first; entry; entry = next) {
		next = entry->next;
		if (entry->unknown < UNKNOWN_MAX)
			continue;
		keep->dropped += entry->count;
		acmems_log(ACMEMS_LOG_WARNING, ROOM, keep->name,
			"dropped, as it was cut off twice while it was sent (%" PRIu64
			" so far): %s",
			keep->dropped, entry->event->summary);
		delivery_journal_done(keep, entry);
		delivery_queue_remove(queue, entry);
	}
}

static bool open_journal(
	struct delivery_journal *keep, struct delivery_queue *queue, struct acmems_error *err)
{
	keep->journal = journal_open(keep->path, on_record, queue, err);
	if (keep->journal)
		drop_doubtful(keep, queue);
	return keep->journal;
}

static char *path_of(const char *dir, const char *name, struct acmems_error *err)
{
	struct str path;
	char *text;

	str_init(&path, PATH_MAX - 1);
	str_addf(&path, "%s/notify-%s.journal", dir, name);
	text = str_take(&path);
	if (!text)
		acmems_error_set(err, ACMEMS_CONFIG, "no path below \"%.100s\"", dir);
	return text;
}

void delivery_journal_open(
	struct delivery_journal *keep, struct delivery_queue *queue, const char *dir)
{
	struct acmems_error err = {0};

	keep->path = path_of(dir, keep->name, &err);
	if (keep->path && open_journal(keep, queue, &err)) {
		delivery_journal_tidy(keep, queue);
		return;
	}
	delivery_queue_clear(queue);
	fail(keep, &err);
	/* what is wrong otherwise does not pass by itself */
	if (err.code != ACMEMS_UNAVAILABLE)
		delivery_journal_close(keep);
}

void delivery_journal_close(struct delivery_journal *keep)
{
	journal_close(keep->journal);
	keep->journal = NULL;
	free(keep->path);
	keep->path = NULL;
}

/* ---- tidying ---- */

/* All of the queue, and what is known of a send that is under way. */
static bool write_all(
	struct delivery_journal *keep, struct delivery_queue *queue, struct acmems_error *err)
{
	for (struct delivery_entry *entry = queue->first; entry; entry = entry->next) {
		if (!append(keep, RECORD_ENTRY, entry, err) ||
			(entry->sending && !append(keep, RECORD_BEGUN, entry, err)))
			return false;
		entry->kept = true;
	}
	return true;
}

/* One that is not whole does not take the place of one that is. */
static bool rewrite(
	struct delivery_journal *keep, struct delivery_queue *queue, struct acmems_error *err)
{
	if (!journal_rewrite_begin(keep->journal, err))
		return false;
	if (write_all(keep, queue, err))
		return journal_rewrite_commit(keep->journal, err);
	journal_rewrite_abort(keep->journal);
	return false;
}

static bool is_large(const struct delivery_journal *keep, const struct delivery_queue *queue)
{
	size_t size = journal_size(keep->journal);

	return size > REWRITE_BYTES + 2 * keep->written ||
	       (queue->count == 0 && size > CLEAR_BYTES);
}

void delivery_journal_tidy(struct delivery_journal *keep, struct delivery_queue *queue)
{
	struct acmems_error err = {0};
	bool ok;

	if (!keep->path ||
		!(keep->failed ? acmems_clock_ms() >= keep->retry_at : is_large(keep, queue)))
		return;
	if (!keep->journal && !open_journal(keep, queue, &err))
		ok = false;
	else if (queue->count == 0)
		ok = journal_clear(keep->journal, &err);
	else
		ok = rewrite(keep, queue, &err);
	if (!ok) {
		keep->retry_at = acmems_clock_ms() + RETRY_MS;
		fail(keep, &err);
		return;
	}
	keep->written = journal_size(keep->journal);
	if (keep->failed)
		acmems_log(ACMEMS_LOG_NOTICE, ROOM, keep->name,
			"what is not delivered survives a restart again");
	keep->failed = false;
}
