/* SPDX-License-Identifier: ISC */
/* delivery_queue.c - a list in order of arrival. */
#include "notify/delivery_queue.h"

#include <stdlib.h>

#include <acmems/loop.h>

struct delivery_entry *delivery_queue_add(struct delivery_queue *queue, struct notice *take_event)
{
	struct delivery_entry *entry = calloc(1, sizeof(*entry));

	if (!entry) {
		notice_drop(take_event);
		return NULL;
	}
	entry->event = take_event;
	entry->key = notice_key(take_event);
	entry->count = 1;
	entry->last = take_event->when;
	entry->made = take_event->when;
	entry->due = acmems_clock_ms();
	entry->stale = acmems_clock_ms() + DELIVERY_STALE_MS;
	entry->previous = queue->last;
	if (queue->last)
		queue->last->next = entry;
	else
		queue->first = entry;
	queue->last = entry;
	queue->count++;
	if (take_event->kind == NOTICE_SUMMARY)
		queue->summary = entry;
	return entry;
}

void delivery_queue_remove(struct delivery_queue *queue, struct delivery_entry *entry)
{
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		queue->first = entry->next;
	if (entry->next)
		entry->next->previous = entry->previous;
	else
		queue->last = entry->previous;
	queue->count--;
	if (queue->summary == entry)
		queue->summary = NULL;
	notice_drop(entry->event);
	free(entry);
}

void delivery_queue_clear(struct delivery_queue *queue)
{
	while (queue->first)
		delivery_queue_remove(queue, queue->first);
}

struct delivery_entry *delivery_queue_find(const struct delivery_queue *queue, uint64_t id)
{
	struct delivery_entry *entry = queue->first;

	while (entry && entry->event->id != id)
		entry = entry->next;
	return entry;
}

static void fold(struct delivery_entry *entry, uint32_t count, int64_t last)
{
	entry->count = entry->count > UINT32_MAX - count ? UINT32_MAX : entry->count + count;
	if (last > entry->last)
		entry->last = last;
	entry->stale = acmems_clock_ms() + DELIVERY_STALE_MS;
}

/* ---- recent keys ---- */

/* Until when the next of this key has to wait; notes that one is due then. */
static int64_t due_of(struct delivery_queue *queue, uint64_t key)
{
	int64_t now = acmems_clock_ms();
	int64_t due = now;
	size_t at = DELIVERY_RECENT;

	for (size_t i = 0; i < DELIVERY_RECENT; i++) {
		if (queue->recent[i].key == key)
			at = i;
	}
	if (at < DELIVERY_RECENT && queue->recent[at].until > now)
		due = queue->recent[at].until;
	if (at == DELIVERY_RECENT) {
		at = queue->recent_next;
		queue->recent_next = (at + 1) % DELIVERY_RECENT;
	}
	queue->recent[at].key = key;
	queue->recent[at].until = due + queue->fold_ms;
	return due;
}

/* ---- digests ---- */

bool delivery_queue_is_error(const struct delivery_entry *entry)
{
	return notice_severity(entry->event) == ACMEMS_EVENT_ERROR;
}

bool delivery_queue_digests(const struct delivery_queue *queue, const struct delivery_entry *entry)
{
	return queue->digest_ms > 0 && !entry->alone && !delivery_queue_is_error(entry);
}

/* The first of a digest begins a new one. */
static int64_t digest_due(struct delivery_queue *queue)
{
	int64_t now = acmems_clock_ms();

	if (queue->digest_due <= now)
		queue->digest_due = now + queue->digest_ms;
	return queue->digest_due;
}

/* What is left of the time since the oldest of them was made, by a clock that may have been set. */
static int64_t digest_left(const struct delivery_queue *queue)
{
	int64_t oldest = acmems_clock_wall(), age;

	for (const struct delivery_entry *entry = queue->first; entry; entry = entry->next) {
		if (delivery_queue_digests(queue, entry) && entry->made < oldest)
			oldest = entry->made;
	}
	age = acmems_clock_wall() - oldest;
	return age < queue->digest_ms / 1000 ? queue->digest_ms - age * 1000 : 0;
}

void delivery_queue_set_digest(struct delivery_queue *queue, int64_t digest_ms)
{
	int64_t due = acmems_clock_ms();

	if (digest_ms == queue->digest_ms)
		return;
	queue->digest_ms = digest_ms;
	due += digest_left(queue);
	for (struct delivery_entry *entry = queue->first; entry; entry = entry->next) {
		if (entry == queue->summary || entry->sending ||
			(digest_ms > 0 && !delivery_queue_digests(queue, entry)))
			continue;
		entry->due = due;
		queue->digest_due = due;
	}
}

/* ---- in ---- */

static struct delivery_entry *find_equal(const struct delivery_queue *queue, uint64_t key)
{
	struct delivery_entry *entry = queue->last;

	while (entry && (entry->key != key || entry->sending))
		entry = entry->previous;
	return entry;
}

/* The summary that can still take more, made if there is none. */
static struct delivery_entry *summary_of(struct delivery_queue *queue, const struct notice *event)
{
	struct notice *summary;

	if (queue->summary && !queue->summary->sending)
		return queue->summary;
	summary = notice_new(NOTICE_SUMMARY);
	if (!summary)
		return NULL;
	summary->when = event->when;
	if (!delivery_queue_add(queue, summary))
		return NULL;
	queue->summary->count = 0;
	return queue->summary;
}

static struct delivery_entry *hold_back(struct delivery_queue *queue, const struct notice *event,
	uint32_t count, int64_t last, int64_t due)
{
	struct delivery_entry *summary = summary_of(queue, event);

	if (!summary)
		return NULL;
	if (summary->count == 0)
		summary->due = due;
	fold(summary, count, last);
	return summary;
}

/* Whoever is refused often does not take the room of errors. */
static bool has_room(const struct delivery_queue *queue, const struct notice *event)
{
	bool error = notice_severity(event) == ACMEMS_EVENT_ERROR;

	return queue->count < (error ? 2 * queue->max : queue->max);
}

enum delivery_put delivery_queue_put(
	struct delivery_queue *queue, struct notice *event, struct delivery_entry **ret_entry)
{
	uint64_t key = notice_key(event);
	struct delivery_entry *entry = key ? find_equal(queue, key) : NULL;

	if (entry) {
		fold(entry, 1, event->when);
		*ret_entry = entry;
		return DELIVERY_FOLDED;
	}
	if (!has_room(queue, event)) {
		*ret_entry =
			hold_back(queue, event, 1, event->when, acmems_clock_ms() + queue->fold_ms);
		return *ret_entry ? DELIVERY_HELD_BACK : DELIVERY_LOST;
	}
	entry = delivery_queue_add(queue, notice_hold(event));
	if (!entry)
		return DELIVERY_LOST;
	if (key && queue->fold_ms > 0)
		entry->due = due_of(queue, key);
	if (delivery_queue_digests(queue, entry) && entry->due < digest_due(queue))
		entry->due = queue->digest_due;
	*ret_entry = entry;
	return DELIVERY_NEW;
}

struct delivery_entry *delivery_queue_hold_back(
	struct delivery_queue *queue, const struct delivery_entry *entry, int64_t due)
{
	return hold_back(queue, entry->event, entry->count, entry->last, due);
}

/* ---- out ---- */

struct delivery_entry *delivery_queue_due(const struct delivery_queue *queue, int64_t now)
{
	struct delivery_entry *best = NULL;

	for (struct delivery_entry *entry = queue->first; entry; entry = entry->next) {
		if (entry->due <= now && (!best || entry->due < best->due))
			best = entry;
	}
	return best;
}

int64_t delivery_queue_next(const struct delivery_queue *queue)
{
	int64_t next = INT64_MAX;

	for (const struct delivery_entry *entry = queue->first; entry; entry = entry->next)
		next = entry->due < next ? entry->due : next;
	return next;
}
