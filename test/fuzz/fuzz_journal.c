/* SPDX-License-Identifier: ISC */
/*
 * fuzz_journal.c - a journal of notifications whose records are whole and hold anything: a byte for the
 * type, two for the length, the record, and so on. What is read from it can be written anew, and is
 * the same when it is read again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log_target.h"
#include "base/loop.h"
#include "notify/delivery_face.h"
#include "notify/delivery_journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/acmems-fuzz-XXXXXX";

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void ignore(void *arg, unsigned char type, const char *data, size_t len)
{
	(void)arg;
	(void)type;
	(void)data;
	(void)len;
}

static void write_records(const char *path, const uint8_t *data, size_t size)
{
	struct acmems_error err = {0};
	struct journal *journal = journal_open(path, ignore, NULL, &err);

	must(journal != NULL);
	while (size > 3) {
		size_t len = data[1] | (size_t)data[2] << 8;

		len = len < size - 3 ? len : size - 3;
		must(journal_append(journal, data[0], (const char *)data + 3, len, &err));
		data += 3 + len;
		size -= 3 + len;
	}
	journal_close(journal);
}

static void read_queue(struct delivery_queue *queue)
{
	struct delivery_journal keep = {.name = "fuzz"};

	*queue = (struct delivery_queue){.max = 1000, .fold_ms = 1000, .digest_ms = 1000};
	delivery_journal_open(&keep, queue, dir);
	must(keep.journal && !keep.failed);
	/* all of it is put behind what is there, under the numbers it has */
	for (struct delivery_entry *entry = queue->first; entry; entry = entry->next) {
		entry->kept = false;
		delivery_journal_keep(&keep, entry);
	}
	must(!keep.failed);
	delivery_journal_close(&keep);
}

static void compare(const struct delivery_queue *a, const struct delivery_queue *b)
{
	const struct delivery_entry *other = b->first;

	must(a->count == b->count);
	for (const struct delivery_entry *entry = a->first; entry; entry = entry->next) {
		struct delivery_face face, other_face;

		delivery_face_fill(&face, entry);
		delivery_face_fill(&other_face, other);
		must(entry->count > 0 && entry->unknown < 2);
		must(face.event.id == other_face.event.id &&
			face.event.count == other_face.event.count);
		must(strcmp(face.summary, other_face.summary) == 0);
		must(face.event.field_count == other_face.event.field_count);
		other = other->next;
	}
}

static void remove_dir(void)
{
	rmdir(dir);
}

static void begin(void)
{
	static const struct log_config quiet = {ACMEMS_LOG_ERROR, LOG_FORMAT_TEXT, "/dev/null"};
	struct acmems_error err = {0};
	static bool begun;

	if (!begun)
		must(loop_init(&err) && log_configure(&quiet, &err) && mkdtemp(dir) &&
			atexit(remove_dir) == 0);
	begun = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct delivery_queue first, second;
	char path[64];

	begin();
	snprintf(path, sizeof(path), "%s/notify-fuzz.journal", dir);
	write_records(path, data, size);
	read_queue(&first);
	read_queue(&second);
	compare(&first, &second);
	delivery_queue_clear(&first);
	delivery_queue_clear(&second);
	unlink(path);
	return 0;
}
