/* SPDX-License-Identifier: ISC */
/* flight_waiter.h - requests waiting for flights, by number. Between flight.c and
 * flight_waiter.c. */
#ifndef FLIGHT_WAITER_H
#define FLIGHT_WAITER_H

#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include "sign/flight.h"

struct flight_waiter;

/* Those of one flight, in order of coming. Zero it. */
struct flight_waiters {
	struct flight_waiter *first;
	struct flight_waiter *last;
};

/* One that stands in no list yet and counts already. NULL and *err: no memory. */
struct flight_waiter *flight_waiter_new(flight_done *done, void *arg, struct acmems_error *err);
void flight_waiter_free(struct flight_waiter *waiter);

/* Puts it at the end of the list; can not fail. Its number. */
uint64_t flight_waiter_add(struct flight_waiters *waiters, struct flight_waiter *waiter);

/* Takes each out and tells it. What a call does to others of the list is allowed; the list must
 * stay where it is until the end. */
void flight_waiters_tell(struct flight_waiters *waiters, const char *chain, size_t len,
	const struct acmems_error *err);

/* In all lists together. */
size_t flight_waiters_count(void);

#endif
