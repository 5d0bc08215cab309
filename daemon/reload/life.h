/* SPDX-License-Identifier: ISC */
/*
 * life.h - a generation's life: from its start to its end.
 *
 * built -> start (every instance's start, accounts, listeners bound) -> open (requests come in) ->
 * retire (listeners shut; requests and orders under way finish, with a deadline) -> every
 * instance's stop -> freed. A reload (reload.h) builds and starts a new one beside the current; only
 * when that has worked are they swapped, otherwise the new one is taken down and nothing has changed.
 */
#ifndef LIFE_H
#define LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/loop.h>
#include "generation/generation.h"

/* err NULL: everything has started. Otherwise what had is stopped again, the generation is not alive
 * any more, and the caller's to free. From the loop, exactly once. */
typedef void life_done(void *arg, const struct acmems_error *err);

/* False and *err: no memory, and done does not come. */
bool life_start(
	struct generation *generation, life_done *done, void *arg, struct acmems_error *err);

/* Requests come to it from now on; only after it has started. */
void life_open(struct generation *generation);

/*
 * Of one that was started: no more requests come. When the last hold is dropped, or after
 * deadline_ms, its instances are stopped, it is freed, and done(arg) called. One that is only
 * starting is taken down, and the done of its start is not called any more.
 */
void life_retire(
	struct generation *generation, int64_t deadline_ms, acmems_callback *done, void *arg);

/* What still drains gets at most this long from now. */
void life_hurry(struct generation *generation, int64_t deadline_ms);

#endif
