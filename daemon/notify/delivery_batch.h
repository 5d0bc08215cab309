/* SPDX-License-Identifier: ISC */
/*
 * delivery_batch.h - the entries that one send is about, and what the receiver sees of them: one as a
 * rule, several where a digest is due. They are taken off and put back by delivery.c, all alike.
 */
#ifndef DELIVERY_BATCH_H
#define DELIVERY_BATCH_H

#include "notify/delivery_face.h"

#define DELIVERY_BATCH_MAX 100

struct delivery_batch {
	size_t count; /* 0: there is none */
	struct delivery_entry *entries[DELIVERY_BATCH_MAX]; /* oldest first */
	const struct acmems_event *events[DELIVERY_BATCH_MAX];
	struct delivery_face first; /* so that there is always room for one */
	struct delivery_face *others; /* count - 1 of them */
};

/*
 * Takes what is due next, of which something must be, and marks it as being sent. Without memory for
 * several it is one.
 */
void delivery_batch_take(
	struct delivery_batch *batch, const struct delivery_queue *queue, int64_t now);

/* Empties it; its entries may be gone, and are not looked at. */
void delivery_batch_clear(struct delivery_batch *batch);

#endif
