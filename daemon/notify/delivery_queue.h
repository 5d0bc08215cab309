/* SPDX-License-Identifier: ISC */
/*
 * delivery_queue.h - what one receiver has not been told yet: bounded, equal events folded.
 *
 * The first of a kind is due at once. Others of its kind become one entry, due when `fold_ms` have
 * passed since the last entry of the kind was made; its count says how many they are. With a digest
 * all but errors are due together, when `digest_ms` have passed since the first of them. What finds no
 * room, of which errors have twice as much, or is due when the hour's budget is spent, becomes part of
 * the one entry of NOTICE_SUMMARY, so that totals are right. Waits for nothing, touches no file:
 * delivery.c does.
 */
#ifndef DELIVERY_QUEUE_H
#define DELIVERY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "notify/notice.h"

struct delivery_entry {
	struct notice *event; /* the first one; held */
	uint64_t key; /* notice_key(); 0: never folded */
	uint32_t count;
	int64_t last; /* wall; when the last of them was */
	int64_t made; /* wall; when it entered the queue */
	int64_t due; /* clock */
	int64_t stale; /* clock; when the last of them is too old to be tried again */
	unsigned failures; /* of sends, in this process */
	unsigned unknown; /* sends that nobody knows the outcome of */
	bool alone; /* is sent by itself: as a part of a digest it was refused */
	bool sending; /* nothing more is folded into it */
	bool kept; /* is in the journal */
	struct delivery_entry *next, *previous;
};

#define DELIVERY_STALE_MS (INT64_C(3) * 24 * 3600 * 1000)

/* Keys of late, so that the second of a kind waits. */
#define DELIVERY_RECENT 256

struct delivery_queue {
	struct delivery_entry *first, *last;
	struct delivery_entry *summary; /* one of them, or NULL */
	size_t count;
	size_t max;
	int64_t fold_ms;
	int64_t digest_ms; /* 0: each is sent by itself */
	int64_t digest_due; /* clock; of those that come until then */
	struct {
		uint64_t key;
		int64_t until; /* clock */
	} recent[DELIVERY_RECENT];
	size_t recent_next;
};

/* Where an event has gone. */
enum delivery_put {
	DELIVERY_NEW, /* an entry of its own: *ret_entry */
	DELIVERY_FOLDED, /* into *ret_entry */
	DELIVERY_HELD_BACK, /* no room: into the summary, *ret_entry */
	DELIVERY_LOST, /* no memory even for that */
};

/* Holds the event as long as it is needed. */
enum delivery_put delivery_queue_put(
	struct delivery_queue *queue, struct notice *event, struct delivery_entry **ret_entry);

/* Adds an entry read from the journal; takes the event over. NULL: no memory. */
struct delivery_entry *delivery_queue_add(struct delivery_queue *queue, struct notice *take_event);

/* How long events are collected from now on; those that wait are due as if it had been so before. */
void delivery_queue_set_digest(struct delivery_queue *queue, int64_t digest_ms);

bool delivery_queue_is_error(const struct delivery_entry *entry);

/* Whether it is to be sent together with others. */
bool delivery_queue_digests(const struct delivery_queue *queue, const struct delivery_entry *entry);

/* The one that is due first, and not later than now; NULL: none. */
struct delivery_entry *delivery_queue_due(const struct delivery_queue *queue, int64_t now);

/* When the next is due; INT64_MAX: the queue is empty. */
int64_t delivery_queue_next(const struct delivery_queue *queue);

/*
 * Adds an entry, which is the caller's to remove then, to the summary; one that is made is due at that
 * time. Returns the summary, or NULL when there is no memory.
 */
struct delivery_entry *delivery_queue_hold_back(
	struct delivery_queue *queue, const struct delivery_entry *entry, int64_t due);

void delivery_queue_remove(struct delivery_queue *queue, struct delivery_entry *entry);
struct delivery_entry *delivery_queue_find(const struct delivery_queue *queue, uint64_t id);
void delivery_queue_clear(struct delivery_queue *queue);

#endif
