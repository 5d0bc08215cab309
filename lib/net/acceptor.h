/* SPDX-License-Identifier: ISC */
/*
 * net/acceptor.h - takes connections from a listening socket, and a rest when that fails: without
 * descriptors to be had, the loop would spin on a queue that can not be emptied.
 */
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include <stdbool.h>

#include <acmems/address.h>
#include <acmems/error.h>
#include <acmems/loop.h>

/* Takes an accepted, non-blocking socket, which is closed by whoever takes it. */
typedef void acceptor_take(void *arg, int fd, const struct acmems_address *peer);

struct acceptor {
	int fd; /* listens */
	const char *room, *name; /* for the log */
	acceptor_take *take;
	void *arg;
	/* the acceptor's own */
	struct acmems_watch *watch;
	struct acmems_timer *rest;
};

/* Begins to take. False and *err on failure; then nothing is left to be undone. */
bool acceptor_begin(struct acceptor *acceptor, struct acmems_error *err);

/* Takes no more. The socket stays its owner's. */
void acceptor_stop(struct acceptor *acceptor);

#endif
