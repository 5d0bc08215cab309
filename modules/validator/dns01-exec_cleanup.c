/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-exec_cleanup.c - run the program that takes an answer away. Whatever became of
 * present: once its program was started, this one is run, too, when the other is gone; and it goes on
 * when nobody waits for it any more.
 */
#include "dns01-exec_attempt.h"

static void on_cleaned(
	void *arg, const struct acmems_child_result *result, const struct acmems_error *why)
{
	struct dns01_exec_attempt *attempt = arg;
	const struct dns01_exec *exec = attempt->exec;
	const struct acmems_list *command =
		exec->cleanup_command.count > 0 ? &exec->cleanup_command : &exec->command;
	struct acmems_error err = {0};
	bool ok = dns01_exec_succeeded(attempt, command->items[0], result, why, &err);

	if (!ok && !attempt->op)
		acmems_log(ACMEMS_LOG_WARNING, DNS01_EXEC_ROOM, exec->self.name,
			"cannot clean up: %s", err.message);
	else if (ok && attempt->leftover)
		acmems_log(ACMEMS_LOG_INFO, DNS01_EXEC_ROOM, exec->self.name,
			"what was left over for %s is taken away", attempt->domain);
	/* a program that fails would do so again, and again at each start */
	dns01_notes_erase(exec->notes, attempt->note);
	dns01_exec_finish(attempt, ok ? NULL : &err);
	dns01_exec_set_running(attempt, false);
	dns01_exec_drop(attempt);
}

/* Nobody waits any more, and still it has to be done. */
static void on_cancel_cleanup(void *arg)
{
	struct dns01_exec_attempt *attempt = arg;

	attempt->op = 0;
}

bool dns01_exec_takes_away(const struct dns01_exec *exec)
{
	return exec->convention != EXEC_CERTBOT || exec->cleanup_command.count > 0;
}

bool dns01_exec_take_away(struct dns01_exec_attempt *attempt, struct acmems_error *err)
{
	return dns01_exec_run(attempt, true, on_cleaned, err);
}

bool dns01_exec_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	struct dns01_exec *exec = instance;
	struct dns01_exec_attempt *attempt = dns01_exec_find(exec, challenge->id);

	if (!attempt || !attempt->started || !dns01_exec_takes_away(exec)) {
		if (attempt)
			dns01_exec_drop(attempt);
		acmems_op_finish(op, NULL);
		return true;
	}
	dns01_exec_stop_looking(attempt);
	attempt->op = op;
	if (!dns01_exec_take_away(attempt, err)) {
		dns01_exec_drop(attempt);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel_cleanup, attempt);
	return true;
}
