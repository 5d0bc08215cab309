/* SPDX-License-Identifier: ISC */
/* flight_waiter.c - the table of waiters. Knows nothing of what they wait for. */
#include "sign/flight_waiter.h"

#include <stdlib.h>

#define uthash_nonfatal_oom(added) ((added)->id = 0)
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct flight_waiter {
	uint64_t id;
	flight_done *done;
	void *arg;
	struct flight_waiters *list; /* the only one it stands in, or NULL */
	struct flight_waiter *next;
	struct flight_waiter *previous;
	UT_hash_handle hh;
};

static struct flight_waiter *table;
static uint64_t last_id;

size_t flight_waiters_count(void)
{
	return HASH_COUNT(table);
}

struct flight_waiter *flight_waiter_new(flight_done *done, void *arg, struct acmems_error *err)
{
	struct flight_waiter *waiter = calloc(1, sizeof(*waiter));

	if (waiter) {
		waiter->id = ++last_id;
		waiter->done = done;
		waiter->arg = arg;
		HASH_ADD(hh, table, id, sizeof(waiter->id), waiter);
		if (waiter->id != 0)
			return waiter;
		free(waiter);
	}
	acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to wait for an order");
	return NULL;
}

static void detach(struct flight_waiter *waiter)
{
	struct flight_waiters *list = waiter->list;

	HASH_DEL(table, waiter);
	if (!list)
		return;
	*(waiter->previous ? &waiter->previous->next : &list->first) = waiter->next;
	*(waiter->next ? &waiter->next->previous : &list->last) = waiter->previous;
	waiter->list = NULL;
}

void flight_waiter_free(struct flight_waiter *waiter)
{
	detach(waiter);
	free(waiter);
}

uint64_t flight_waiter_add(struct flight_waiters *waiters, struct flight_waiter *waiter)
{
	waiter->list = waiters;
	waiter->previous = waiters->last;
	*(waiters->last ? &waiters->last->next : &waiters->first) = waiter;
	waiters->last = waiter;
	return waiter->id;
}

void flight_leave(uint64_t id)
{
	struct flight_waiter *waiter;

	HASH_FIND(hh, table, &id, sizeof(id), waiter);
	if (waiter)
		flight_waiter_free(waiter);
}

void flight_waiters_tell(struct flight_waiters *waiters, const char *chain, size_t len,
	const struct acmems_error *err)
{
	while (waiters->first) {
		struct flight_waiter *waiter = waiters->first;
		flight_done *done = waiter->done;
		void *arg = waiter->arg;

		flight_waiter_free(waiter);
		done(arg, chain, len, err);
	}
}
