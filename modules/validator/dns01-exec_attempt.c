/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-exec_attempt.c - what presenting and cleaning up have in common: the attempt, and
 * its programs.
 */
#include "dns01-exec_attempt.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/dns_find.h>

#define OUTPUT_MAX 4096

void dns01_exec_stop_looking(struct dns01_exec_attempt *attempt)
{
	acmems_dns_find_cancel(attempt->find);
	acmems_dns_wait_cancel(attempt->wait);
	attempt->find = 0;
	attempt->wait = 0;
}

void dns01_exec_drop(struct dns01_exec_attempt *attempt)
{
	dns01_exec_stop_looking(attempt);
	LIST_REMOVE(attempt, entry);
	free(attempt->domain);
	free(attempt->token);
	free(attempt->key_authorization);
	free(attempt->output);
	free(attempt);
}

void dns01_exec_drop_all(struct dns01_exec *exec)
{
	while (!LIST_EMPTY(&exec->attempts))
		dns01_exec_drop(LIST_FIRST(&exec->attempts));
}

bool dns01_exec_busy(const struct dns01_exec *exec)
{
	const struct dns01_exec_attempt *attempt;

	LIST_FOREACH(attempt, &exec->attempts, entry)
	{
		if (attempt->running)
			return true;
	}
	return false;
}

void dns01_exec_set_running(struct dns01_exec_attempt *attempt, bool running)
{
	struct dns01_exec *exec = attempt->exec;
	uint64_t stopping = exec->stopping;

	attempt->running = running;
	if (!stopping || dns01_exec_busy(exec))
		return;
	exec->stopping = 0;
	acmems_op_finish(stopping, NULL);
}

void dns01_exec_finish(struct dns01_exec_attempt *attempt, const struct acmems_error *err)
{
	uint64_t op = attempt->op;

	attempt->op = 0;
	if (op)
		acmems_op_finish(op, err);
}

bool dns01_exec_no_memory(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to run a program");
}

bool dns01_exec_run(struct dns01_exec_attempt *attempt, bool cleanup, acmems_child_done *done,
	struct acmems_error *err)
{
	const struct dns01_exec *exec = attempt->exec;
	const struct dns01_exec_facts facts = {
		.cleanup = cleanup,
		.http = exec->http,
		.domain = attempt->domain,
		.owner = attempt->name,
		.value = exec->http ? attempt->key_authorization : attempt->value,
		.token = attempt->token,
		.key_authorization = attempt->key_authorization,
		.output = attempt->output ? attempt->output : "",
	};
	const struct acmems_list *command = &exec->command;
	struct dns01_exec_words words;

	if (cleanup && exec->cleanup_command.count > 0)
		command = &exec->cleanup_command;
	dns01_exec_say((enum dns01_exec_convention)exec->convention, &facts, &words);
	struct acmems_child_config config = {
		.pool = exec->pool,
		.room = DNS01_EXEC_ROOM,
		.subject = exec->self.name,
		.command = command->items,
		.arguments = words.arguments,
		.environment = exec->environment.items,
		.variables = words.variables,
		.variable_count = words.variable_count,
		.max_output = exec->convention == EXEC_CERTBOT && !cleanup ? OUTPUT_MAX : 0,
		.timeout_ms = exec->timeout_ms,
		.after = attempt->child,
	};
	uint64_t child = acmems_child_start(&config, done, attempt, err);

	if (!child)
		return false;
	attempt->child = child;
	dns01_exec_set_running(attempt, true);
	return true;
}

/* Whether it did what it was asked to; certbot takes no notice of a hook's status. */
bool dns01_exec_succeeded(const struct dns01_exec_attempt *attempt, const char *path,
	const struct acmems_child_result *result, const struct acmems_error *why,
	struct acmems_error *err)
{
	const char *colon = result && *result->last_line ? ": " : "";

	if (!result) {
		*err = *why;
		return acmems_error_context(err, "%s", attempt->domain);
	}
	if (result->status == 0)
		return true;
	if (attempt->exec->convention == EXEC_CERTBOT) {
		acmems_log(ACMEMS_LOG_WARNING, DNS01_EXEC_ROOM, attempt->exec->self.name,
			"%s: %s ended with status %d%s%s; going on", attempt->domain, path,
			result->status, colon, result->last_line);
		return true;
	}
	return acmems_error_set(err, ACMEMS_SYSTEM, "%s: %s ended with status %d%s%s",
		attempt->domain, path, result->status, colon, result->last_line);
}

struct dns01_exec_attempt *dns01_exec_find(const struct dns01_exec *exec, uint64_t challenge)
{
	struct dns01_exec_attempt *attempt;

	LIST_FOREACH(attempt, &exec->attempts, entry)
	{
		if (attempt->challenge == challenge)
			return attempt;
	}
	return NULL;
}
