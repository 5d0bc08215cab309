/* SPDX-License-Identifier: ISC */
/*
 * child.c - programs from their turn to their end.
 *
 *   WAITING    for a place in the pool, or for another program to be gone
 *   RUNNING    until its process has ended, and then for a moment until its output has
 *   ENDING     out of time or cancelled: SIGTERM was sent; when the process has ended, the rest of
 *              its group has until the two seconds are over, or its output ends
 *   KILLED     SIGKILL was sent
 *
 * A process that has ended is waited for last of all, because until then nobody else can get its
 * number, and the signals meet its group and no other.
 */
#include "base/child.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <acmems/loop.h>

#include "base/child_exit.h"
#include "base/child_output.h"
#include "base/child_program.h"

/* From SIGTERM to SIGKILL. */
#define ENDING_MS 2000
/* For output that something in the background keeps open. */
#define GRACE_MS 250
#define READ_SIZE 16384

enum child_state { CHILD_WAITING, CHILD_RUNNING, CHILD_ENDING, CHILD_KILLED };

struct acmems_child_pool {
	unsigned most;
	unsigned running;
	struct acmems_task turn;
};

struct child {
	uint64_t id;
	struct acmems_child_pool *pool; /* NULL: freed */
	enum child_state state;
	bool late; /* it ran out of time */
	bool exited; /* its own process has ended */
	uint64_t after;
	int64_t timeout_ms;
	struct child_program program;
	struct child_process process;
	struct child_output output;
	char *subject;
	struct child_exit *exit;
	struct acmems_watch *watches[2]; /* of its outputs; NULL: ended */
	struct acmems_timer *timer;
	acmems_child_done *done; /* NULL: cancelled */
	void *arg;
	TAILQ_ENTRY(child) entry;
};

static TAILQ_HEAD(child_list, child) children = TAILQ_HEAD_INITIALIZER(children);
static uint64_t last_id;

size_t child_count(void)
{
	size_t count = 0;
	const struct child *child;

	TAILQ_FOREACH(child, &children, entry)
	count++;
	return count;
}

static struct child *find(uint64_t id)
{
	struct child *child;

	TAILQ_FOREACH(child, &children, entry)
	{
		if (child->id == id)
			return child;
	}
	return NULL;
}

static bool may_start(const struct child *child)
{
	return child->state == CHILD_WAITING && (child->after == 0 || !find(child->after));
}

static void free_child(struct child *child)
{
	acmems_timer_free(child->timer);
	child_program_free(&child->program);
	child_output_fini(&child->output);
	free(child->subject);
	free(child);
}

/* ---- turns ---- */

static void on_turn(void *arg);

static void give_turn(struct acmems_child_pool *pool)
{
	if (pool)
		acmems_task_post(&pool->turn, on_turn, pool);
}

/* Whose turn it is, or NULL. */
static struct child *next_of(const struct acmems_child_pool *pool)
{
	struct child *child;

	if (pool->running >= pool->most)
		return NULL;
	TAILQ_FOREACH(child, &children, entry)
	{
		if (child->pool == pool && may_start(child))
			return child;
	}
	return NULL;
}

/* Takes it out of everything; afterwards it is just memory. */
static void detach(struct child *child)
{
	TAILQ_REMOVE(&children, child, entry);
	if (child->pool && child->state != CHILD_WAITING)
		child->pool->running--;
	give_turn(child->pool);
}

/* ---- the end ---- */

static void close_output(struct child *child, int which)
{
	acmems_watch_free(child->watches[which]);
	child->watches[which] = NULL;
	if (child->process.outputs[which] >= 0)
		close(child->process.outputs[which]);
	child->process.outputs[which] = -1;
}

/* Without a number of its own it would be our group that is meant. */
static void signal_group(const struct child *child, int number)
{
	if (child->process.pid > 1)
		kill(-child->process.pid, number);
}

static bool outputs_ended(const struct child *child)
{
	return child->process.outputs[0] < 0 && child->process.outputs[1] < 0;
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Waits for a process that has ended or is about to. False: somebody else has. */
static bool reap(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid;
}

static void tell_late(const struct child *child, struct acmems_error *err)
{
	bool whole = child->timeout_ms % 1000 == 0;

	acmems_error_set(err, ACMEMS_TIMEOUT, "%s ran longer than %" PRId64 "%s and was ended",
		child->program.arguments[0], child->timeout_ms / (whole ? 1000 : 1),
		whole ? " s" : " ms");
}

static void tell(struct child *child, bool known, int status)
{
	struct acmems_child_result result = {
		.status = status_of(status),
		.output = str_text(&child->output.kept),
		.output_len = child->output.kept.len,
		.last_line = child->output.last,
	};
	const char *path = child->program.arguments[0];
	struct acmems_error err = {0};

	if (child->late)
		tell_late(child, &err);
	else if (!known)
		acmems_error_set(&err, ACMEMS_FAULT, "it is unknown how %s ended", path);
	else if (!result.output)
		acmems_error_set(&err, ACMEMS_NO_MEMORY, "no memory for the output of %s", path);
	if (err.code == ACMEMS_OK)
		child->done(child->arg, &result, NULL);
	else
		child->done(child->arg, NULL, &err);
}

static void finish(struct child *child)
{
	int status = 0;
	bool known;

	if (child->state != CHILD_RUNNING)
		signal_group(child, SIGKILL);
	child_exit_free(child->exit);
	known = reap(child->process.pid, &status);
	close_output(child, 0);
	close_output(child, 1);
	child_output_finish(&child->output);
	detach(child);
	if (child->done)
		tell(child, known, status);
	free_child(child);
}

/* After its process has ended: is there anything left to wait for? */
static void consider(struct child *child)
{
	if (child->exited && (outputs_ended(child) || child->state == CHILD_KILLED))
		finish(child);
}

static void on_exited(void *arg)
{
	struct child *child = arg;

	child_exit_free(child->exit);
	child->exit = NULL;
	child->exited = true;
	if (child->state == CHILD_RUNNING)
		acmems_timer_start(child->timer, GRACE_MS);
	consider(child);
}

static void on_output(void *arg, int fd, unsigned ready)
{
	struct child *child = arg;
	int which = fd == child->process.outputs[1];
	char data[READ_SIZE];
	ssize_t got = read(fd, data, sizeof(data));

	(void)ready;
	if (got > 0) {
		child_output_add(&child->output, which, data, (size_t)got);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_output(child, which);
		consider(child);
	}
}

static void ask_to_end(struct child *child)
{
	child->state = CHILD_ENDING;
	signal_group(child, SIGTERM);
	acmems_timer_start(child->timer, ENDING_MS);
}

static void on_timer(void *arg)
{
	struct child *child = arg;

	switch (child->state) {
	case CHILD_RUNNING:
		if (child->exited) {
			finish(child);
			return;
		}
		child->late = true;
		ask_to_end(child);
		return;
	case CHILD_ENDING:
		signal_group(child, SIGKILL);
		child->state = CHILD_KILLED;
		consider(child);
		return;
	case CHILD_WAITING:
	case CHILD_KILLED:
		return;
	}
}

/* ---- the beginning ---- */

/* A process that nobody could watch is none. */
static void undo(struct child *child)
{
	int status;

	signal_group(child, SIGKILL);
	reap(child->process.pid, &status);
	close_output(child, 0);
	close_output(child, 1);
	child_exit_free(child->exit);
	child->exit = NULL;
}

static bool watch(struct child *child, struct acmems_error *err)
{
	child->exit = child_exit_new(child->process.pid, on_exited, child, err);
	if (!child->exit)
		return false;
	for (int i = 0; i < 2; i++) {
		child->watches[i] = acmems_watch_new(
			child->process.outputs[i], ACMEMS_READ, on_output, child, err);
		if (!child->watches[i])
			return false;
	}
	return true;
}

static void begin(struct child *child)
{
	struct acmems_error err = {0};

	child->state = CHILD_RUNNING;
	child->pool->running++;
	if (child_program_spawn(&child->program, &child->process, &err)) {
		child->output.pid = child->process.pid;
		if (watch(child, &err)) {
			acmems_timer_start(child->timer, child->timeout_ms);
			return;
		}
		undo(child);
	}
	detach(child);
	child->done(child->arg, NULL, &err);
	free_child(child);
}

/* One a task: who hears that a program could not be started may free the pool. */
static void on_turn(void *arg)
{
	struct acmems_child_pool *pool = arg;
	struct child *child = next_of(pool);

	if (!child)
		return;
	give_turn(pool);
	begin(child);
}

static struct child *new_child(const struct acmems_child_config *config)
{
	struct child *child = calloc(1, sizeof(*child));

	if (!child)
		return NULL;
	child_output_init(&child->output, config->max_output);
	child->process.outputs[0] = -1;
	child->process.outputs[1] = -1;
	child->subject = strdup(config->subject);
	child->timer = acmems_timer_new(on_timer, child);
	if (child_program_copy(config, &child->program) && child->subject && child->timer)
		return child;
	free_child(child);
	return NULL;
}

uint64_t acmems_child_start(const struct acmems_child_config *config, acmems_child_done *done,
	void *arg, struct acmems_error *err)
{
	struct child *child;

	if (!config->command || !config->command[0] || config->command[0][0] != '/') {
		acmems_error_set(
			err, ACMEMS_CONFIG, "a command needs the absolute path of a program");
		return 0;
	}
	child = new_child(config);
	if (!child) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to run %s", config->command[0]);
		return 0;
	}
	child->output.room = config->room;
	child->output.subject = child->subject;
	child->output.name = child_program_name(&child->program);
	child->pool = config->pool;
	child->after = config->after;
	child->timeout_ms = config->timeout_ms;
	child->done = done;
	child->arg = arg;
	child->id = ++last_id;
	TAILQ_INSERT_TAIL(&children, child, entry);
	give_turn(child->pool);
	return child->id;
}

/* ---- cancelling ---- */

static void cancel(struct child *child)
{
	child->done = NULL;
	if (child->state == CHILD_WAITING) {
		detach(child);
		free_child(child);
	} else if (child->state == CHILD_RUNNING && child->exited) {
		finish(child);
	} else if (child->state == CHILD_RUNNING) {
		ask_to_end(child);
	}
}

void acmems_child_cancel(uint64_t id)
{
	struct child *child = find(id);

	if (child)
		cancel(child);
}

struct acmems_child_pool *acmems_child_pool_new(unsigned most)
{
	struct acmems_child_pool *pool = calloc(1, sizeof(*pool));

	if (pool)
		pool->most = most;
	return pool;
}

static struct child *any_of(const struct acmems_child_pool *pool)
{
	struct child *child;

	TAILQ_FOREACH(child, &children, entry)
	{
		if (child->pool == pool)
			return child;
	}
	return NULL;
}

void acmems_child_pool_free(struct acmems_child_pool *pool)
{
	struct child *child;

	if (!pool)
		return;
	child = any_of(pool);
	while (child) {
		/* it may outlive the pool while it is being ended */
		if (child->state != CHILD_WAITING) {
			pool->running--;
			child->pool = NULL;
		}
		cancel(child);
		child = any_of(pool);
	}
	acmems_task_cancel(&pool->turn);
	free(pool);
}

/* ---- without the loop ---- */

static bool exited_within(pid_t pid, int64_t end)
{
	const struct timespec moment = {.tv_nsec = 5000000};

	while (!child_has_exited(pid)) {
		if (acmems_clock_ms() >= end)
			return false;
		nanosleep(&moment, NULL);
	}
	return true;
}

void child_fini(void)
{
	int64_t end = acmems_clock_ms() + ENDING_MS;

	for (struct child *child = TAILQ_FIRST(&children); child; child = TAILQ_FIRST(&children)) {
		if (child->state == CHILD_WAITING) {
			cancel(child);
			continue;
		}
		if (!exited_within(child->process.pid, end))
			signal_group(child, SIGKILL);
		finish(child);
	}
}
