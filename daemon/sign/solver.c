/* SPDX-License-Identifier: ISC */
/* solver.c - challenges of an order become operations of a validator module, with deadlines. */
#include "sign/solver.h"

#include <stdlib.h>

#include "base/op_core.h"

/* A secondary name server may take its time before everybody sees the record. */
#define PRESENT_DEADLINE_MS 120000
#define CLEANUP_DEADLINE_MS 30000

typedef bool module_op(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err);

struct solver_call {
	struct solver *solver;
	struct solver_call *next;
	uint64_t op;
	module_op *start;
	const struct acmems_challenge *challenge;
	void (*done)(void *arg, const struct acmems_error *err);
	void *arg;
};

void solver_init(struct solver *solver, const struct instance *validator)
{
	*solver = (struct solver){.validator = validator};
}

static void detach(struct solver_call *call)
{
	struct solver_call **link = &call->solver->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
}

void solver_fini(struct solver *solver)
{
	while (solver->calls) {
		struct solver_call *call = solver->calls;

		solver->calls = call->next;
		op_cancel(call->op);
		free(call);
	}
}

static bool on_start(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct solver_call *call = ctx;

	/* not offered: nothing to publish (a standing record, say), or nothing to take away */
	if (!call->start) {
		acmems_op_finish(op, NULL);
		return true;
	}
	return call->start(call->solver->validator->data, op, call->challenge, err);
}

static void on_done(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct solver_call *call = arg;
	void (*done)(void *arg, const struct acmems_error *err) = call->done;

	(void)data;
	(void)len;
	arg = call->arg;
	detach(call);
	free(call);
	done(arg, err);
}

/* Runs the prepared operation; takes call over. */
static uint64_t run(
	struct solver_call *call, const char *what, int64_t deadline_ms, struct acmems_error *err)
{
	struct op_spec spec = {
		.owner = call->solver->validator->module->owner,
		.what = what,
		.deadline_ms = deadline_ms,
		.start = on_start,
		.ctx = call,
		.done = on_done,
		.arg = call,
	};

	call->op = op_run(&spec, err);
	if (!call->op) {
		free(call);
		return 0;
	}
	call->next = call->solver->calls;
	call->solver->calls = call;
	return call->op;
}

static struct solver_call *new_call(struct solver *solver, module_op *start,
	const struct acmems_challenge *challenge,
	void (*done)(void *arg, const struct acmems_error *err), void *arg,
	struct acmems_error *err)
{
	struct solver_call *call = malloc(sizeof(*call));

	if (!call) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to solve a challenge");
		return NULL;
	}
	*call = (struct solver_call){
		.solver = solver, .start = start, .challenge = challenge, .done = done, .arg = arg};
	return call;
}

static uint64_t present(void *ctx, const struct acmems_challenge *challenge,
	void (*done)(void *arg, const struct acmems_error *err), void *arg,
	struct acmems_error *err)
{
	struct solver *solver = ctx;
	struct solver_call *call = new_call(
		solver, solver->validator->ops.validator.present, challenge, done, arg, err);

	return call ? run(call, "present", PRESENT_DEADLINE_MS, err) : 0;
}

static uint64_t cleanup(void *ctx, const struct acmems_challenge *challenge,
	void (*done)(void *arg, const struct acmems_error *err), void *arg,
	struct acmems_error *err)
{
	struct solver *solver = ctx;
	struct solver_call *call = new_call(
		solver, solver->validator->ops.validator.cleanup, challenge, done, arg, err);

	return call ? run(call, "cleanup", CLEANUP_DEADLINE_MS, err) : 0;
}

static void cancel(void *ctx, uint64_t id)
{
	struct solver *solver = ctx;

	for (struct solver_call *call = solver->calls; call; call = call->next) {
		if (call->op == id) {
			detach(call);
			op_cancel(id);
			free(call);
			return;
		}
	}
}

struct acme_solver solver_face(struct solver *solver)
{
	static const char *const none[] = {NULL};
	const struct instance *validator = solver->validator;
	const char *const *types = validator->ops.validator.types;

	if (validator->ops.validator.types_of)
		types = validator->ops.validator.types_of(validator->data);
	return (struct acme_solver){
		.types = types ? types : none,
		.present = present,
		.cleanup = cleanup,
		.cancel = cancel,
		.ctx = solver,
	};
}
