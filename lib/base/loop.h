/* SPDX-License-Identifier: ISC */
/*
 * base/loop.h - the process's one event loop: its beginning and end. What can be done on it is in
 * acmems/loop.h. The flow tests replace loop.c by one with virtual time.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>

#include <acmems/error.h>
#include <acmems/loop.h>

struct event_base;

/* Makes the loop; to be called once before anything else of acmems/loop.h, again after loop_fini. */
bool loop_init(struct acmems_error *err);

/* Frees the loop. Every timer, task and watch must be gone. */
void loop_fini(void);

/* Runs until loop_stop(). */
void loop_run(void);

/* Makes loop_run() return after the callbacks of this round. */
void loop_stop(void);

/* Runs what is ready now, waiting at most ms for something to be; for tests and start-up. */
void loop_run_once(int64_t ms);

/* libevent's object, for the rooms that wrap a library which needs it. */
struct event_base *loop_base(void);

#endif
