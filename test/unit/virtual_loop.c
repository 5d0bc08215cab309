/* SPDX-License-Identifier: ISC */
/* virtual_loop.c - see virtual_loop.h. */
#include "virtual_loop.h"

#include <stdlib.h>

#include "base/loop.h"

struct acmems_timer {
	struct acmems_timer *next;
	acmems_callback *callback;
	void *arg;
	int64_t at;
	bool running;
};

static struct {
	int64_t now;
	int64_t wall_shift; /* seconds */
	struct acmems_task *first;
	struct acmems_task *last;
	struct acmems_timer *timers;
} loop = {.now = VIRTUAL_START_MS};

int64_t acmems_clock_ms(void)
{
	return loop.now;
}

int64_t acmems_clock_wall(void)
{
	return VIRTUAL_START_WALL + (loop.now - VIRTUAL_START_MS) / 1000 + loop.wall_shift;
}

void acmems_task_cancel(struct acmems_task *task)
{
	if (!task->posted)
		return;
	if (task->previous != NULL)
		task->previous->next = task->next;
	else
		loop.first = task->next;
	if (task->next != NULL)
		task->next->previous = task->previous;
	else
		loop.last = task->previous;
	task->posted = false;
}

void acmems_task_post(struct acmems_task *task, acmems_callback *callback, void *arg)
{
	task->callback = callback;
	task->arg = arg;
	if (task->posted)
		return;
	task->posted = true;
	task->next = NULL;
	task->previous = loop.last;
	if (loop.last != NULL)
		loop.last->next = task;
	else
		loop.first = task;
	loop.last = task;
}

struct acmems_timer *acmems_timer_new(acmems_callback *callback, void *arg)
{
	struct acmems_timer *timer = calloc(1, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	timer->callback = callback;
	timer->arg = arg;
	timer->next = loop.timers;
	loop.timers = timer;
	return timer;
}

void acmems_timer_start(struct acmems_timer *timer, int64_t ms)
{
	timer->at = loop.now + (ms > 0 ? ms : 0);
	timer->running = true;
}

void acmems_timer_stop(struct acmems_timer *timer)
{
	timer->running = false;
}

bool acmems_timer_running(const struct acmems_timer *timer)
{
	return timer->running;
}

void acmems_timer_free(struct acmems_timer *timer)
{
	struct acmems_timer **at = &loop.timers;

	if (timer == NULL)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	free(timer);
}

struct acmems_watch *acmems_watch_new(int fd, unsigned events, acmems_watch_callback *callback,
	void *arg, struct acmems_error *err)
{
	(void)fd;
	(void)events;
	(void)callback;
	(void)arg;
	acmems_error_set(err, ACMEMS_FAULT, "nothing is watched on paper");
	return NULL;
}

void acmems_watch_free(struct acmems_watch *watch)
{
	(void)watch;
}

bool loop_init(struct acmems_error *err)
{
	(void)err;
	virtual_reset();
	return true;
}

void loop_fini(void)
{
}

void loop_run(void)
{
	virtual_pass(INT32_MAX);
}

void loop_stop(void)
{
}

void loop_run_once(int64_t ms)
{
	virtual_pass(ms);
}

struct event_base *loop_base(void)
{
	return NULL;
}

void virtual_set_wall(int64_t seconds_later)
{
	loop.wall_shift += seconds_later;
}

void virtual_reset(void)
{
	loop.now = VIRTUAL_START_MS;
	loop.wall_shift = 0;
	loop.first = NULL;
	loop.last = NULL;
}

void virtual_run_one(void)
{
	struct acmems_task *task = loop.first;

	if (task == NULL)
		return;
	acmems_task_cancel(task);
	task->callback(task->arg);
}

void virtual_run_tasks(void)
{
	while (loop.first != NULL)
		virtual_run_one();
}

static struct acmems_timer *earliest(void)
{
	struct acmems_timer *found = NULL;

	for (struct acmems_timer *one = loop.timers; one != NULL; one = one->next) {
		if (one->running && (found == NULL || one->at < found->at))
			found = one;
	}
	return found;
}

/* Fires the next timer if it is due by `end`; false: none is, and time is at the end. */
static bool step(int64_t end)
{
	struct acmems_timer *timer;

	virtual_run_tasks();
	timer = earliest();
	if (timer == NULL || timer->at > end) {
		loop.now = end;
		return false;
	}
	if (timer->at > loop.now)
		loop.now = timer->at;
	timer->running = false;
	timer->callback(timer->arg);
	virtual_run_tasks();
	return true;
}

void virtual_pass(int64_t ms)
{
	int64_t end = loop.now + ms;

	while (step(end))
		continue;
}

bool virtual_until(const bool *flag, int64_t ms)
{
	int64_t end = loop.now + ms;

	virtual_run_tasks();
	while (!*flag && step(end))
		continue;
	return *flag;
}

int virtual_timers(void)
{
	int count = 0;

	for (struct acmems_timer *one = loop.timers; one != NULL; one = one->next)
		count++;
	return count;
}
