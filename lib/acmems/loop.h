/* SPDX-License-Identifier: ISC */
/*
 * loop.h - time, tasks and descriptors on the daemon's one event loop.
 *
 * There is one thread and one loop. Nothing called from it may block or take longer than a few
 * milliseconds. All callbacks run from the loop itself, never from inside a function of this
 * header, so a function that starts something may still set up its own state afterwards.
 *
 * Life of a timer: new -> start -> (fires | stop) -> start ... -> free. A timer fires once for each
 * start. Freeing or stopping a timer is allowed anywhere, also in its own callback; after either
 * the callback does not come. Tasks are embedded in the caller's struct, so posting one can not
 * fail.
 */
#ifndef ACMEMS_LOOP_H
#define ACMEMS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>

typedef void acmems_callback(void *arg);

/* Milliseconds of a clock that never jumps. Only differences mean something. */
int64_t acmems_clock_ms(void);

/* Seconds since 1970-01-01 UTC by the system's clock. Only for dates, never for waiting. */
int64_t acmems_clock_wall(void);

struct acmems_timer;

/* A new timer, not running, owned by the caller; NULL when there is no memory. */
struct acmems_timer *acmems_timer_new(acmems_callback *callback, void *arg);

/* (Re)starts it to fire once, `ms` milliseconds from now; negative counts as 0. */
void acmems_timer_start(struct acmems_timer *timer, int64_t ms);
void acmems_timer_stop(struct acmems_timer *timer);
bool acmems_timer_running(const struct acmems_timer *timer);

/* Stops and frees it; NULL is allowed. */
void acmems_timer_free(struct acmems_timer *timer);

/* Something to do as soon as the loop is reached again. Zero it, then use the functions below. */
struct acmems_task {
	acmems_callback *callback;
	void *arg;
	/* the loop's own */
	struct acmems_task *next;
	struct acmems_task *previous;
	bool posted;
};

/* Posts the task: callback(arg) runs from the loop, in order of posting. Posting it twice is once. */
void acmems_task_post(struct acmems_task *task, acmems_callback *callback, void *arg);

/* Takes it back; harmless when it is not posted. Must be called before its memory goes away. */
void acmems_task_cancel(struct acmems_task *task);

#define ACMEMS_READ 1u
#define ACMEMS_WRITE 2u

struct acmems_watch;
typedef void acmems_watch_callback(void *arg, int fd, unsigned ready);

/*
 * Watches a descriptor: callback(arg, fd, ACMEMS_READ and/or ACMEMS_WRITE) whenever it is ready,
 * until freed. The descriptor stays the caller's and must be closed after acmems_watch_free().
 * NULL and *err on failure.
 */
struct acmems_watch *acmems_watch_new(int fd, unsigned events, acmems_watch_callback *callback,
	void *arg, struct acmems_error *err);

/* Frees it, also from its own callback; NULL is allowed. */
void acmems_watch_free(struct acmems_watch *watch);

#endif
