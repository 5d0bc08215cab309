/* SPDX-License-Identifier: ISC */
/*
 * delivery_journal.h - a queue on the disk. Records: an entry; its new count; a send begun; a send
 * that failed; an entry that is done. A send that was begun and has no end was cut off by a crash: its
 * receiver may have heard, and after two such sends it is not sent again.
 *
 * When something can not be written, the log says so, and it goes on in memory; once a minute all of
 * the queue is tried to be written anew. A file that another process has in use, which may be the
 * daemon before this one that has not quite ended, is tried to be opened as often.
 */
#ifndef DELIVERY_JOURNAL_H
#define DELIVERY_JOURNAL_H

#include <stdbool.h>

#include "notify/delivery_queue.h"
#include "notify/journal.h"

struct delivery_journal {
	const char *name; /* of the instance, for the log */
	char *path; /* NULL: there is none */
	struct journal *journal; /* NULL: could not be opened */
	size_t written; /* bytes in it when it was written anew */
	bool failed; /* something is not in it */
	int64_t retry_at; /* clock */
	uint64_t dropped; /* events that were cut off twice */
};

/* Opens DIR/notify-NAME.journal and puts what it has into the queue. */
void delivery_journal_open(
	struct delivery_journal *keep, struct delivery_queue *queue, const char *dir);
void delivery_journal_close(struct delivery_journal *keep);

/* Writes the entry, or its new count when the journal has it. */
void delivery_journal_keep(struct delivery_journal *keep, struct delivery_entry *entry);
void delivery_journal_begun(struct delivery_journal *keep, const struct delivery_entry *entry);
void delivery_journal_failed(struct delivery_journal *keep, const struct delivery_entry *entry);
void delivery_journal_done(struct delivery_journal *keep, const struct delivery_entry *entry);

/* When the file has become large for what it is worth, or lacks something, writes it anew. */
void delivery_journal_tidy(struct delivery_journal *keep, struct delivery_queue *queue);

#endif
