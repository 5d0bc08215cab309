/* SPDX-License-Identifier: ISC */
/* delivery_batch.c - which entries go together. */
#include "notify/delivery_batch.h"

#include <stdlib.h>

/* What is never part of a digest does not wait for one that is late either. */
static struct delivery_entry *choose(const struct delivery_queue *queue, int64_t now)
{
	struct delivery_entry *entry = queue->first;

	if (queue->digest_ms == 0)
		return delivery_queue_due(queue, now);
	while (entry && (entry->due > now || delivery_queue_digests(queue, entry)))
		entry = entry->next;
	return entry ? entry : delivery_queue_due(queue, now);
}

static size_t collect(struct delivery_batch *batch, const struct delivery_queue *queue, int64_t now)
{
	struct delivery_entry *entry = choose(queue, now);
	size_t count = 0;

	batch->entries[0] = entry;
	if (!delivery_queue_digests(queue, entry))
		return 1;
	for (entry = queue->first; entry && count < DELIVERY_BATCH_MAX; entry = entry->next) {
		if (entry->due <= now && delivery_queue_digests(queue, entry))
			batch->entries[count++] = entry;
	}
	return count;
}

void delivery_batch_take(
	struct delivery_batch *batch, const struct delivery_queue *queue, int64_t now)
{
	batch->count = collect(batch, queue, now);
	if (batch->count > 1)
		batch->others = calloc(batch->count - 1, sizeof(*batch->others));
	if (!batch->others)
		batch->count = 1;
	for (size_t i = 0; i < batch->count; i++) {
		struct delivery_face *face = i == 0 ? &batch->first : &batch->others[i - 1];

		delivery_face_fill(face, batch->entries[i]);
		batch->events[i] = &face->event;
		batch->entries[i]->sending = true;
	}
}

void delivery_batch_clear(struct delivery_batch *batch)
{
	free(batch->others);
	batch->others = NULL;
	batch->count = 0;
}
