/* SPDX-License-Identifier: ISC */
/*
 * virtual_loop.h - clock and loop of tests in which time passes only when nothing else is left to do.
 * Takes the place of lib/base/loop.c and clock.c; descriptors are not watched.
 */
#ifndef VIRTUAL_LOOP_H
#define VIRTUAL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Clock and calendar at the beginning of a test. */
#define VIRTUAL_START_MS 1000000
#define VIRTUAL_START_WALL 1780000000

/* Back to the beginning; tasks and timers of an earlier test must be gone. */
void virtual_reset(void);

/* Runs tasks until none is left, without letting time pass. */
void virtual_run_tasks(void);

/* Runs the first one, if there is any. */
void virtual_run_one(void);

/* Lets ms pass, running what becomes due in its order. */
void virtual_pass(int64_t ms);

/* Goes from timer to timer until *flag is true or `ms` have passed; whether it is true. */
bool virtual_until(const bool *flag, int64_t ms);

/* Somebody sets the calendar; the clock goes on as it did. */
void virtual_set_wall(int64_t seconds_later);

/* Timers that exist, for finding those that were forgotten. */
int virtual_timers(void);

#endif
