/* SPDX-License-Identifier: ISC */
/*
 * dns/tour.h - one matter brought before several servers in turn, until one of them settles it: what
 * questions and updates have in common. Every server gets a fair part of the time that is left, and 10
 * seconds at most when there are others, so that one that is dead can not use it up.
 */
#ifndef DNS_TOUR_H
#define DNS_TOUR_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>

#include "dns/message.h"
#include "dns/wire.h"

/* What an answer means for the tour. */
enum tour_verdict {
	TOUR_SETTLED, /* done, with success */
	TOUR_NEXT, /* this server does not do; *err says why */
	TOUR_AGAIN, /* the same server once more, with a new message */
};

struct tour_config {
	char *const *servers; /* copied; NULL or empty: the system's */
	int64_t timeout_ms; /* for all of it */
	void *arg; /* of the functions below */
	/* Makes the message for the next exchange, to be freed by the tour. */
	bool (*make)(void *arg, uint16_t id, struct message *message, struct acmems_error *err);
	enum tour_verdict (*judge)(void *arg, const struct wire_view *answer, const char *server,
		struct acmems_error *err);
	/* A server may have got the message, but what it says of it was lost. NULL: nobody asks. */
	void (*lost)(void *arg);
	/* Once, from the loop, unless the tour is cancelled: err NULL when it was settled. */
	void (*done)(void *arg, const struct acmems_error *err);
	/* Frees arg: after done, or when the tour is cancelled. */
	void (*release)(void *arg);
};

/*
 * Sets out. Returns its number; or 0 and *err, and then release has not been called. The error that
 * done gets names every server and what it did.
 */
uint64_t tour_start(const struct tour_config *config, struct acmems_error *err);

/* Silent; harmless for a number that is done. */
void tour_cancel(uint64_t id);

#endif
