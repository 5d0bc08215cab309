/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-exec_cleanup.c - run the program that takes an answer away. Whatever became of
 * present: once its program was started, this one is run, too, when the other is gone; and it goes on
 * when nobody waits for it any more.
 *
 * A CA may give the same challenge to several orders at once, and once more to one that was cut off. Then
 * the answer stays until the last of them has cleaned up, and is not published while it is taken away.
 */
#include "dns01-exec_attempt.h"

#include <string.h>

static bool is_same(const struct dns01_exec_attempt *a, const struct dns01_exec_attempt *b)
{
	return a != b && strcmp(a->key_authorization, b->key_authorization) == 0 &&
	       strcmp(a->domain, b->domain) == 0 && strcmp(a->name, b->name) == 0;
}

/* Whether another challenge has it published, too, which is still needed. */
static bool is_shared(const struct dns01_exec_attempt *attempt)
{
	const struct dns01_exec_attempt *other;

	LIST_FOREACH(other, &attempt->exec->attempts, entry)
	{
		if (is_same(attempt, other) && other->started && !other->going && !other->owed)
			return true;
	}
	return false;
}

uint64_t dns01_exec_going_child(const struct dns01_exec_attempt *attempt)
{
	const struct dns01_exec_attempt *other;
	uint64_t last = 0;

	LIST_FOREACH(other, &attempt->exec->attempts, entry)
	{
		if (is_same(attempt, other) && other->going && other->child > last)
			last = other->child;
	}
	return last;
}

/*
 * The program has done it for all that it was told the same for. Certbot's are told what each of them
 * has printed before.
 */
static void settle(struct dns01_exec_attempt *attempt)
{
	const struct dns01_exec *exec = attempt->exec;
	struct dns01_exec_attempt *other, *next;
	struct acmems_error ignored = {0};

	for (other = LIST_FIRST(&exec->attempts); other; other = next) {
		next = LIST_NEXT(other, entry);
		if (!other->owed || !is_same(attempt, other) || is_shared(other))
			continue;
		other->owed = false;
		/* what can not be run is there for the next start */
		if (exec->convention == EXEC_CERTBOT && dns01_exec_take_away(other, &ignored))
			continue;
		if (exec->convention != EXEC_CERTBOT)
			dns01_notes_erase(exec->notes, other->note);
		dns01_exec_drop(other);
	}
}

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
	settle(attempt);
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
	attempt->going = dns01_exec_run(attempt, true, on_cleaned, err);
	return attempt->going;
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
	if (is_shared(attempt)) {
		attempt->owed = true;
		attempt->challenge = 0;
		acmems_op_finish(op, NULL);
		return true;
	}
	attempt->op = op;
	if (!dns01_exec_take_away(attempt, err)) {
		dns01_exec_drop(attempt);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel_cleanup, attempt);
	return true;
}
