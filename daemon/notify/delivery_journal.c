/* SPDX-License-Identifier: ISC */
/* delivery_journal.c - the records, written and read. */
#include "notify/delivery_journal.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>

#define ROOM "notify"
#define REWRITE_BYTES (1u << 20)
#define CLEAR_BYTES 65536
/* Sends that may have reached the receiver. */
#define UNKNOWN_MAX 2

enum record { RECORD_ENTRY = 1, RECORD_COUNT, RECORD_BEGUN, RECORD_FAILED, RECORD_DONE };

static void tell(struct delivery_journal *keep, const struct acmems_error *err)
{
	if (!keep->told)
		acmems_log(ACMEMS_LOG_ERROR, ROOM, keep->name,
			"what is not delivered will not survive a restart: %s", err->message);
	keep->told = true;
}

static void append(struct delivery_journal *keep, enum record record, const char *data, size_t len)
{
	struct acmems_error err = {0};

	if (keep->journal && !journal_append(keep->journal, (unsigned char)record, data, len, &err))
		tell(keep, &err);
}

/* ID, COUNT, LAST, MADE, UNKNOWN, each with a NUL behind it. */
static void append_numbers(struct delivery_journal *keep, enum record record,
	const struct delivery_entry *entry, struct str *text)
{
	char head[160];
	int len = snprintf(head, sizeof(head),
		"%" PRIu64 "%c%" PRIu32 "%c%" PRId64 "%c%" PRId64 "%c%u", entry->event->id, 0,
		entry->count, 0, entry->last, 0, entry->made, 0, entry->unknown);

	str_add_bytes(text, head, (size_t)len + 1);
	if (record == RECORD_ENTRY)
		notice_encode(entry->event, text);
	if (str_text(text))
		append(keep, record, str_text(text), text->len);
}

static void append_entry(
	struct delivery_journal *keep, enum record record, const struct delivery_entry *entry)
{
	struct str text;

	str_init(&text, JOURNAL_RECORD_MAX);
	append_numbers(keep, record, entry, &text);
	str_fini(&text);
}

void delivery_journal_entry(struct delivery_journal *keep, struct delivery_entry *entry)
{
	append_entry(keep, RECORD_ENTRY, entry);
	entry->kept = true;
	entry->dirty = false;
}

void delivery_journal_begun(struct delivery_journal *keep, const struct delivery_entry *entry)
{
	append_entry(keep, RECORD_BEGUN, entry);
}

void delivery_journal_failed(struct delivery_journal *keep, const struct delivery_entry *entry)
{
	append_entry(keep, RECORD_FAILED, entry);
}

void delivery_journal_done(struct delivery_journal *keep, const struct delivery_entry *entry)
{
	append_entry(keep, RECORD_DONE, entry);
}

/* ---- reading ---- */

struct numbers {
	uint64_t id;
	uint32_t count;
	int64_t last;
	int64_t made;
	unsigned unknown;
};

static bool read_numbers(struct numbers *numbers, const char **data, size_t *len)
{
	const char *text[5];

	for (int i = 0; i < 5; i++) {
		text[i] = notice_next_text(data, len);
		if (!text[i])
			return false;
	}
	*numbers = (struct numbers){.id = strtoull(text[0], NULL, 10),
		.count = (uint32_t)strtoul(text[1], NULL, 10),
		.last = strtoll(text[2], NULL, 10),
		.made = strtoll(text[3], NULL, 10),
		.unknown = (unsigned)strtoul(text[4], NULL, 10)};
	return true;
}

static void on_record(void *arg, unsigned char type, const char *data, size_t len)
{
	struct delivery_queue *queue = arg;
	struct delivery_entry *entry;
	struct numbers numbers;

	if (!read_numbers(&numbers, &data, &len))
		return;
	entry = delivery_queue_find(queue, numbers.id);
	if (type == RECORD_ENTRY && !entry) {
		struct notice *event = notice_decode(data, len);

		entry = event ? delivery_queue_add(queue, event) : NULL;
	}
	if (!entry)
		return;
	if (type == RECORD_DONE) {
		delivery_queue_remove(queue, entry);
		return;
	}
	entry->kept = true;
	entry->count = numbers.count > 0 ? numbers.count : 1;
	entry->last = numbers.last;
	entry->made = numbers.made;
	entry->unknown = numbers.unknown;
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
		acmems_log(ACMEMS_LOG_WARNING, ROOM, keep->name,
			"%s of %" PRId64 " was cut off twice while it was sent, and is dropped",
			notice_kind_name(entry->event->kind), entry->event->when);
		delivery_journal_done(keep, entry);
		delivery_queue_remove(queue, entry);
	}
}

void delivery_journal_open(
	struct delivery_journal *keep, struct delivery_queue *queue, const char *dir)
{
	struct acmems_error err = {0};
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/notify-%s.journal", dir, keep->name);

	if (len < 0 || (size_t)len >= sizeof(path))
		acmems_error_set(&err, ACMEMS_CONFIG, "the path \"%.100s...\" is too long", path);
	else
		keep->journal = journal_open(path, on_record, queue, &err);
	if (!keep->journal) {
		delivery_queue_clear(queue);
		tell(keep, &err);
		return;
	}
	drop_doubtful(keep, queue);
	delivery_journal_tidy(keep, queue);
}

void delivery_journal_close(struct delivery_journal *keep)
{
	journal_close(keep->journal);
	keep->journal = NULL;
}

/* ---- tidying ---- */

static void rewrite(struct delivery_journal *keep, struct delivery_queue *queue)
{
	struct acmems_error err = {0};
	bool told = keep->told;

	if (!journal_rewrite_begin(keep->journal, &err)) {
		tell(keep, &err);
		return;
	}
	keep->told = false;
	for (struct delivery_entry *entry = queue->first; entry; entry = entry->next)
		delivery_journal_entry(keep, entry);
	/* one that is not whole may not take the place of one that is */
	if (keep->told)
		journal_rewrite_abort(keep->journal);
	else if (!journal_rewrite_commit(keep->journal, &err))
		tell(keep, &err);
	keep->told = keep->told || told;
}

void delivery_journal_tidy(struct delivery_journal *keep, struct delivery_queue *queue)
{
	struct acmems_error err = {0};

	for (struct delivery_entry *entry = queue->first; entry; entry = entry->next) {
		if (!entry->kept)
			delivery_journal_entry(keep, entry);
		else if (entry->dirty)
			append_entry(keep, RECORD_COUNT, entry);
		entry->dirty = false;
	}
	if (!keep->journal)
		return;
	if (queue->count == 0 && journal_size(keep->journal) > CLEAR_BYTES) {
		if (!journal_clear(keep->journal, &err))
			tell(keep, &err);
	} else if (journal_size(keep->journal) > REWRITE_BYTES * (1 + queue->count / 250)) {
		rewrite(keep, queue);
	}
}
