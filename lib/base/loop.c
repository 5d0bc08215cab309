/* SPDX-License-Identifier: ISC */
/*
 * loop.c - the event loop over libevent.
 *
 * Tasks wait in one intrusive queue that a single libevent event drains. Tasks posted while it is
 * drained still run in the same round, up to a bound, so that a chain of completions costs no extra
 * trip through the kernel and yet can not starve the sockets.
 */
#include "base/loop.h"

#include <event2/event.h>
#include <stdlib.h>

#include <acmems/log.h>

#define TASKS_PER_ROUND 1024

struct acmems_timer {
	struct event *event;
	acmems_callback *callback;
	void *arg;
};

struct acmems_watch {
	struct event *event;
	acmems_watch_callback *callback;
	void *arg;
};

static struct {
	struct event_base *base;
	struct event *drain;
	struct acmems_task *first;
	struct acmems_task *last;
	bool pulled; /* the drain event is active already */
} loop;

static void pull(void)
{
	if (loop.pulled || !loop.drain)
		return;
	loop.pulled = true;
	event_active(loop.drain, EV_TIMEOUT, 0);
}

static void unlink_task(struct acmems_task *task)
{
	if (task->previous)
		task->previous->next = task->next;
	else
		loop.first = task->next;
	if (task->next)
		task->next->previous = task->previous;
	else
		loop.last = task->previous;
	task->next = NULL;
	task->previous = NULL;
	task->posted = false;
}

static void on_drain(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	for (int i = 0; i < TASKS_PER_ROUND && loop.first; i++) {
		struct acmems_task *task = loop.first;

		unlink_task(task);
		task->callback(task->arg);
	}
	loop.pulled = false;
	if (loop.first)
		pull();
}

/* libevent would write to standard error what it has to say. */
static void on_event_log(int severity, const char *message)
{
	acmems_log(severity >= EVENT_LOG_WARN ? ACMEMS_LOG_WARNING : ACMEMS_LOG_DEBUG, "loop", NULL,
		"libevent: %s", message);
}

/* Called for what it can not go on after; it ends the process itself then. */
static void on_event_fatal(int code)
{
	acmems_log(ACMEMS_LOG_ERROR, "loop", NULL, "libevent gives up (code %d)", code);
}

/*
 * With a list of changes, what one round does to a descriptor costs one system call in all, and most
 * often none: evhttp stops and starts reading around each request. It asks that descriptors are not
 * duplicated, which nobody does here.
 */
static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (!config)
		return NULL;
	if (event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

bool loop_init(struct acmems_error *err)
{
	event_set_log_callback(on_event_log);
	event_set_fatal_callback(on_event_fatal);
	loop.base = new_base();
	if (!loop.base)
		return acmems_error_set(err, ACMEMS_SYSTEM, "cannot make the event loop");
	loop.drain = event_new(loop.base, -1, 0, on_drain, NULL);
	if (!loop.drain) {
		event_base_free(loop.base);
		loop.base = NULL;
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the event loop");
	}
	/* tasks may have been posted before the loop was made */
	loop.pulled = false;
	if (loop.first)
		pull();
	return true;
}

void loop_fini(void)
{
	while (loop.first)
		unlink_task(loop.first);
	if (loop.drain)
		event_free(loop.drain);
	if (loop.base)
		event_base_free(loop.base);
	loop.drain = NULL;
	loop.base = NULL;
	loop.pulled = false;
}

void loop_run(void)
{
	event_base_loop(loop.base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_stop(void)
{
	event_base_loopbreak(loop.base);
}

static void on_nothing(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

void loop_run_once(int64_t ms)
{
	struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

	if (ms <= 0) {
		event_base_loop(loop.base, EVLOOP_NONBLOCK);
		return;
	}
	if (event_base_once(loop.base, -1, EV_TIMEOUT, on_nothing, NULL, &wait) == 0)
		event_base_loop(loop.base, EVLOOP_ONCE);
}

struct event_base *loop_base(void)
{
	return loop.base;
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
	if (loop.last)
		loop.last->next = task;
	else
		loop.first = task;
	loop.last = task;
	pull();
}

void acmems_task_cancel(struct acmems_task *task)
{
	if (task->posted)
		unlink_task(task);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct acmems_timer *timer = arg;

	(void)fd;
	(void)what;
	timer->callback(timer->arg);
}

struct acmems_timer *acmems_timer_new(acmems_callback *callback, void *arg)
{
	struct acmems_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	timer->callback = callback;
	timer->arg = arg;
	timer->event = event_new(loop.base, -1, 0, on_timer, timer);
	if (!timer->event) {
		free(timer);
		return NULL;
	}
	return timer;
}

void acmems_timer_start(struct acmems_timer *timer, int64_t ms)
{
	struct timeval wait = {0};

	if (ms > 0) {
		wait.tv_sec = ms / 1000;
		wait.tv_usec = (ms % 1000) * 1000;
	}
	/* libevent needs memory only when its heap grows; firing at once beats never firing */
	if (event_add(timer->event, &wait) < 0)
		event_active(timer->event, EV_TIMEOUT, 0);
}

void acmems_timer_stop(struct acmems_timer *timer)
{
	event_del(timer->event);
}

bool acmems_timer_running(const struct acmems_timer *timer)
{
	return event_pending(timer->event, EV_TIMEOUT, NULL) != 0;
}

void acmems_timer_free(struct acmems_timer *timer)
{
	if (!timer)
		return;
	event_free(timer->event);
	free(timer);
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct acmems_watch *watch = arg;
	unsigned ready = 0;

	if (what & EV_READ)
		ready |= ACMEMS_READ;
	if (what & EV_WRITE)
		ready |= ACMEMS_WRITE;
	watch->callback(watch->arg, (int)fd, ready);
}

struct acmems_watch *acmems_watch_new(int fd, unsigned events, acmems_watch_callback *callback,
	void *arg, struct acmems_error *err)
{
	struct acmems_watch *watch = calloc(1, sizeof(*watch));
	short what = EV_PERSIST;

	if (!watch)
		goto no_memory;
	if (events & ACMEMS_READ)
		what |= EV_READ;
	if (events & ACMEMS_WRITE)
		what |= EV_WRITE;
	watch->callback = callback;
	watch->arg = arg;
	watch->event = event_new(loop.base, fd, what, on_watch, watch);
	if (!watch->event)
		goto no_memory;
	if (event_add(watch->event, NULL) < 0) {
		acmems_watch_free(watch);
		acmems_error_set(err, ACMEMS_SYSTEM, "cannot watch descriptor %d", fd);
		return NULL;
	}
	return watch;

no_memory:
	free(watch);
	acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to watch a descriptor");
	return NULL;
}

void acmems_watch_free(struct acmems_watch *watch)
{
	if (!watch)
		return;
	event_free(watch->event);
	free(watch);
}
