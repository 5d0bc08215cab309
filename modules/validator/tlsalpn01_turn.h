/* SPDX-License-Identifier: ISC */
/*
 * tlsalpn01_turn.h - one challenge in the queue, and its operation as long as that waits for its turn.
 *
 * Life: new -> waits, if it is not its turn at once -> has come, cancelled or too late -> free.
 */
#ifndef TLSALPN01_TURN_H
#define TLSALPN01_TURN_H

#include <stdint.h>

#include <acmems/error.h>
#include <acmems/loop.h>

/* Less than what the core gives a validator, so that the reason is told. */
#define TLSALPN01_WAIT_MS 110000

struct tlsalpn01_turn {
	uint64_t id; /* of the challenge */
	uint64_t op; /* not finished yet; 0: none */
	struct acmems_timer *timer;
	const char *name; /* waited for; valid as long as op is not finished */
	struct tlsalpn01_turn *next;
};

/* NULL without memory. */
struct tlsalpn01_turn *tlsalpn01_turn_new(uint64_t id, uint64_t op);

/* Its operation, if there is one, is not finished by this. NULL is allowed. */
void tlsalpn01_turn_free(struct tlsalpn01_turn *turn);

/* Others come first: the operation is finished with ACMEMS_UNAVAILABLE if that takes too long. */
void tlsalpn01_turn_wait(struct tlsalpn01_turn *turn);

/* Now. May be said more than once. */
void tlsalpn01_turn_come(struct tlsalpn01_turn *turn);

#endif
