/* SPDX-License-Identifier: ISC */
/*
 * policy_run.c - blocks tried in order, their methods asked one after the other.
 *
 * A run stands at one block and one of its methods; the only wait is that method's check. Its end is
 * always posted, so that done never comes from inside policy_start().
 */
#include "sign/policy.h"

#include <stdlib.h>

#include <acmems/log.h>
#include <acmems/loop.h>
#include "base/op_core.h"
#include "sign/policy_block.h"

#define CHECK_DEADLINE_MS 10000

struct policy_run {
	const struct generation *generation;
	const struct acmems_sign_request *request;
	policy_done *done;
	void *arg;
	size_t block; /* index of the block that is judged */
	size_t method; /* index of its method that is asked */
	bool entered; /* the block has passed all that needs no wait */
	uint64_t op; /* the check under way, or 0 */
	struct block *winner;
	struct policy_miss miss;
	struct acmems_task end;
};

static struct block *current(const struct policy_run *run)
{
	return &run->generation->blocks[run->block];
}

static void next_block(struct policy_run *run)
{
	run->block++;
	run->method = 0;
	run->entered = false;
}

static void on_end(void *arg)
{
	struct policy_run *run = arg;
	struct acmems_error err = {0};
	policy_done *done = run->done;
	struct block *winner = run->winner;

	arg = run->arg;
	if (!winner)
		policy_miss_refuse(&run->miss, &err);
	free(run);
	done(arg, winner, winner ? NULL : &err);
}

/* Everything that can be said of the block without asking its methods. */
static bool enter_block(struct policy_run *run)
{
	const struct acmems_csr *csr = run->request->csr;
	struct acmems_error why = {0};
	size_t fits = 0;

	if (!policy_block_possible(current(run), run->request, &why)) {
		bool fit = policy_block_fits_all(current(run), csr);

		policy_miss_note(&run->miss, current(run),
			fit ? POLICY_RANK_FITS : POLICY_RANK_METHOD, 0, &why);
		return false;
	}
	if (!policy_block_fits(current(run), csr, &fits, &why)) {
		policy_miss_note(&run->miss, current(run),
			fits > 0 ? POLICY_RANK_NAMES : POLICY_RANK_STRANGE, fits, &why);
		return false;
	}
	run->entered = true;
	return true;
}

/* A method's no, whether it knew or could not find out. */
static void missed(struct policy_run *run, const struct acmems_error *err)
{
	const struct instance *method = current(run)->methods[run->method];
	struct acmems_error why = *err;

	if (err->code != ACMEMS_REFUSED && err->code != ACMEMS_BAD_REQUEST)
		acmems_log(ACMEMS_LOG_WARNING, "policy", current(run)->name,
			"%s could not find out, which counts as no: %s", method->module->owner,
			err->message);
	acmems_error_context(&why, "%s", method->module->owner);
	policy_miss_note(&run->miss, current(run), POLICY_RANK_CHECK, run->method, &why);
	next_block(run);
}

static void advance(struct policy_run *run);

static void on_check(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct policy_run *run = arg;

	(void)data;
	(void)len;
	run->op = 0;
	if (err)
		missed(run, err);
	else
		run->method++;
	advance(run);
}

static bool start_check(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct policy_run *run = ctx;
	const struct instance *method = current(run)->methods[run->method];

	return method->ops.auth.check(method->data, op, run->request, err);
}

/* Asks the method the run stands at; on failure to ask the block is done with. */
static bool ask(struct policy_run *run)
{
	struct acmems_error err = {0};
	struct op_spec spec = {
		.owner = current(run)->methods[run->method]->module->owner,
		.what = "check",
		.deadline_ms = CHECK_DEADLINE_MS,
		.start = start_check,
		.ctx = run,
		.done = on_check,
		.arg = run,
	};

	run->op = op_run(&spec, &err);
	if (run->op)
		return true;
	missed(run, &err);
	return false;
}

/* Goes on until a method has to be waited for or the judgement stands. */
static void advance(struct policy_run *run)
{
	while (run->block < run->generation->block_count) {
		if (!run->entered && !enter_block(run)) {
			next_block(run);
			continue;
		}
		if (run->method == current(run)->method_count) {
			run->winner = current(run);
			break;
		}
		if (ask(run))
			return;
	}
	acmems_task_post(&run->end, on_end, run);
}

struct policy_run *policy_start(const struct generation *generation,
	const struct acmems_sign_request *request, policy_done *done, void *arg,
	struct acmems_error *err)
{
	struct policy_run *run = calloc(1, sizeof(*run));

	if (!run) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to judge a request");
		return NULL;
	}
	run->generation = generation;
	run->request = request;
	run->done = done;
	run->arg = arg;
	advance(run);
	return run;
}

void policy_cancel(struct policy_run *run)
{
	if (!run)
		return;
	op_cancel(run->op);
	acmems_task_cancel(&run->end);
	free(run);
}
