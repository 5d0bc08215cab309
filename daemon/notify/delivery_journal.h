/* SPDX-License-Identifier: ISC */
/*
 * delivery_journal.h - a queue on the disk. Records: an entry; its new count; a send begun; a send
 * that failed; an entry that is done. A send that was begun and has no end was cut off by a crash: its
 * receiver may have heard, and after two such sends it is not sent again.
 *
 * What can not be written is told once, in the log, and goes on in memory only.
 */
#ifndef DELIVERY_JOURNAL_H
#define DELIVERY_JOURNAL_H

#include <stdbool.h>

#include "notify/delivery_queue.h"
#include "notify/journal.h"

struct delivery_journal {
	const char *name; /* of the instance, for the log */
	struct journal *journal; /* NULL: there is none */
	bool told;
};

/* Opens DIR/notify-NAME.journal and puts what it has into the queue. */
void delivery_journal_open(
	struct delivery_journal *keep, struct delivery_queue *queue, const char *dir);
void delivery_journal_close(struct delivery_journal *keep);

void delivery_journal_entry(struct delivery_journal *keep, struct delivery_entry *entry);
void delivery_journal_begun(struct delivery_journal *keep, const struct delivery_entry *entry);
void delivery_journal_failed(struct delivery_journal *keep, const struct delivery_entry *entry);
void delivery_journal_done(struct delivery_journal *keep, const struct delivery_entry *entry);

/* Those that are new and the counts of those that are dirty; then, when the file has become large for what it is worth,
 * writes it anew. */
void delivery_journal_tidy(struct delivery_journal *keep, struct delivery_queue *queue);

#endif
