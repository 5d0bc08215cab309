/* SPDX-License-Identifier: ISC */
/*
 * op.c - the table of operations under way, and the rules of acmems/op.h enforced.
 *
 * An operation is a slot of a growing table of pointers; its number holds the slot, a generation
 * that changes with each use, and the owner's index, so that a number that comes too late is known
 * to be dead and still names the module that used it.
 */
#include "base/op_core.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>

#define SLOT_BITS 20u
#define OWNER_BITS 12u
#define SLOT_MAX (1u << SLOT_BITS)
#define OWNER_MAX (1u << OWNER_BITS)

enum op_phase { OP_FREE, OP_STARTING, OP_RUNNING, OP_FINISHED };

struct op {
	uint64_t id;
	enum op_phase phase;
	const char *what;
	op_done_fn *done;
	void *arg;
	acmems_callback *cancel;
	void *cancel_arg;
	int64_t deadline_ms;
	struct acmems_task task;
	struct acmems_timer *timer;
	struct acmems_error *err; /* NULL: success */
	void *data;
	size_t len;
	uint32_t slot;
	uint32_t next_free;
};

static struct {
	struct op **ops;
	uint32_t count; /* slots in use or used before */
	uint32_t room;
	uint32_t free_slot; /* 1-based head of the free list */
	size_t active;
	size_t faults;
	uint32_t generation;
	const char *owners[OWNER_MAX];
	uint32_t owner_count;
} table;

static uint32_t owner_index(const char *owner)
{
	for (uint32_t i = 0; i < table.owner_count; i++) {
		if (table.owners[i] == owner || strcmp(table.owners[i], owner) == 0)
			return i;
	}
	if (table.owner_count == OWNER_MAX)
		return OWNER_MAX - 1;
	table.owners[table.owner_count] = owner;
	return table.owner_count++;
}

static const char *owner_of(uint64_t id)
{
	uint32_t owner = (uint32_t)(id >> SLOT_BITS) & (OWNER_MAX - 1);

	return owner < table.owner_count ? table.owners[owner] : "somebody";
}

static struct op *find(uint64_t id)
{
	uint32_t slot = (uint32_t)id & (SLOT_MAX - 1);

	if (id == 0 || slot >= table.count || table.ops[slot]->id != id)
		return NULL;
	return table.ops[slot];
}

static void fault(uint64_t id, const char *what)
{
	table.faults++;
	acmems_log(ACMEMS_LOG_ERROR, "op", owner_of(id),
		"module broke a rule: %s (operation %" PRIu64 "); ignored", what, id);
}

static bool make_room(void)
{
	uint32_t room = table.room ? table.room * 2 : 64;
	struct op **ops;

	if (table.count < table.room)
		return true;
	if (room > SLOT_MAX)
		return false;
	ops = realloc(table.ops, room * sizeof(*ops));
	if (!ops)
		return false;
	table.ops = ops;
	table.room = room;
	return true;
}

static void on_done(void *arg);
static void on_deadline(void *arg);

/* Slots keep their struct and timer for the next use: a cached request makes three of them. */
static struct op *take_slot(void)
{
	struct op *op;

	if (table.free_slot) {
		op = table.ops[table.free_slot - 1];
		table.free_slot = op->next_free;
		return op;
	}
	if (!make_room())
		return NULL;
	op = calloc(1, sizeof(*op));
	if (!op)
		return NULL;
	op->timer = acmems_timer_new(on_deadline, op);
	if (!op->timer) {
		free(op);
		return NULL;
	}
	op->slot = table.count;
	table.ops[table.count++] = op;
	return op;
}

/* From here on the number is dead. */
static void release(struct op *op)
{
	acmems_task_cancel(&op->task);
	if (acmems_timer_running(op->timer))
		acmems_timer_stop(op->timer);
	free(op->err);
	free(op->data);
	op->err = NULL;
	op->data = NULL;
	op->id = 0;
	op->phase = OP_FREE;
	op->next_free = table.free_slot;
	table.free_slot = op->slot + 1;
	table.active--;
}

static void on_done(void *arg)
{
	struct op *op = arg;
	op_done_fn *done = op->done;
	void *done_arg = op->arg;
	struct acmems_error *err = op->err;
	void *data = op->data;
	size_t len = op->len;

	op->err = NULL;
	op->data = NULL;
	release(op);
	done(done_arg, err, data, len);
	free(err);
	free(data);
}

/* Takes the cancel function out before calling it, so that it runs once at most. */
static void call_cancel(struct op *op)
{
	acmems_callback *cancel = op->cancel;

	op->cancel = NULL;
	if (cancel)
		cancel(op->cancel_arg);
}

static void on_deadline(void *arg)
{
	struct op *op = arg;
	op_done_fn *done = op->done;
	void *done_arg = op->arg;
	struct acmems_error err = {0};

	acmems_error_set(&err, ACMEMS_TIMEOUT, "%s: %s did not finish within %" PRId64 " ms",
		owner_of(op->id), op->what, op->deadline_ms);
	call_cancel(op);
	release(op);
	done(done_arg, &err, NULL, 0);
}

static void fill(struct op *op, const struct op_spec *spec)
{
	uint64_t owner = owner_index(spec->owner);

	table.generation++;
	if (table.generation == 0)
		table.generation = 1;
	op->id = (uint64_t)table.generation << (SLOT_BITS + OWNER_BITS) | owner << SLOT_BITS |
		 op->slot;
	op->phase = OP_STARTING;
	op->what = spec->what;
	op->done = spec->done;
	op->arg = spec->arg;
	op->cancel = NULL;
	op->deadline_ms = spec->deadline_ms;
	op->len = 0;
	table.active++;
}

uint64_t op_run(const struct op_spec *spec, struct acmems_error *err)
{
	struct op *op = take_slot();
	uint64_t id;

	if (!op) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an operation");
		return 0;
	}
	fill(op, spec);
	id = op->id;
	if (!spec->start(spec->ctx, id, err)) {
		if (op->phase == OP_FINISHED)
			fault(id, "finished an operation that it refused to start");
		release(op);
		return 0;
	}
	/* an answer given at once waits in the loop's queue and needs no timer */
	if (op->phase == OP_STARTING) {
		op->phase = OP_RUNNING;
		acmems_timer_start(op->timer, spec->deadline_ms);
	}
	return id;
}

void op_cancel(uint64_t id)
{
	struct op *op = find(id);

	if (!op)
		return;
	if (op->phase == OP_RUNNING)
		call_cancel(op);
	release(op);
}

void acmems_op_on_cancel(uint64_t id, acmems_callback *cancel, void *arg)
{
	struct op *op = find(id);

	if (!op) {
		fault(id, "set a cancel function on an operation that is not under way");
		return;
	}
	op->cancel = cancel;
	op->cancel_arg = arg;
}

/* The operation to be finished, or NULL after naming the culprit. */
static struct op *finishing(uint64_t id)
{
	struct op *op = find(id);

	if (!op) {
		fault(id, "finished an operation that is not under way");
		return NULL;
	}
	if (op->phase == OP_FINISHED) {
		fault(id, "finished an operation twice");
		return NULL;
	}
	return op;
}

static void post(struct op *op)
{
	op->phase = OP_FINISHED;
	op->cancel = NULL;
	if (acmems_timer_running(op->timer))
		acmems_timer_stop(op->timer);
	acmems_task_post(&op->task, on_done, op);
}

/* Stands in when an error object can not be copied: the waiter must hear of a failure all the same. */
static struct acmems_error no_memory = {
	.code = ACMEMS_NO_MEMORY, .message = "no memory for the result of an operation"};

static void on_done_no_memory(void *arg)
{
	struct op *op = arg;
	op_done_fn *done = op->done;
	void *done_arg = op->arg;

	release(op);
	done(done_arg, &no_memory, NULL, 0);
}

void acmems_op_finish(uint64_t id, const struct acmems_error *err)
{
	struct op *op = finishing(id);

	if (!op)
		return;
	if (err) {
		op->err = malloc(sizeof(*op->err));
		if (op->err)
			*op->err = *err;
	}
	post(op);
	if (err && !op->err)
		op->task.callback = on_done_no_memory;
}

void acmems_op_finish_with(uint64_t id, const void *data, size_t len)
{
	struct op *op = finishing(id);

	if (!op)
		return;
	if (len > 0) {
		/* a NUL behind, so that texts can be read as such */
		op->data = malloc(len + 1);
		if (op->data) {
			memcpy(op->data, data, len);
			((char *)op->data)[len] = '\0';
			op->len = len;
		}
	}
	post(op);
	if (len > 0 && !op->data)
		op->task.callback = on_done_no_memory;
}

size_t op_count(void)
{
	return table.active;
}

size_t op_faults(void)
{
	return table.faults;
}

void op_fini(void)
{
	for (uint32_t i = 0; i < table.count; i++) {
		acmems_timer_free(table.ops[i]->timer);
		free(table.ops[i]);
	}
	free(table.ops);
	memset(&table, 0, sizeof(table));
}
