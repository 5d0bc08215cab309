/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-exec.c - has a program of the operator's publish the answers: TXT records, or the
 * files of http-01. Here are its options and its life; its work is in dns01-exec_present.c and
 * dns01-exec_cleanup.c, what a
 * crash has left in dns01-exec_leftover.c, the words for the program in dns01-exec_words.c.
 */
#include <string.h>

#include "dns01-exec_attempt.h"

enum { CHALLENGE_DNS, CHALLENGE_DNS_ACCOUNT, CHALLENGE_HTTP };

static const char *const conventions[] = {"lego", "lego-raw", "dehydrated", "certbot", NULL};
static const char *const challenges[] = {"dns-01", "dns-account-01", "http-01", NULL};

static const struct acmems_option options[] = {
	{.name = "command",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct dns01_exec, command),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 64,
		.help = "program, by its absolute path, and its first arguments"},
	{.name = "cleanup-command",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct dns01_exec, cleanup_command),
		.max = 64,
		.help = "the same for taking away; command if there is none, but not for certbot"},
	{.name = "convention",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct dns01_exec, convention),
		.fallback = "lego",
		.choices = conventions,
		.help = "how the program is told what to do"},
	{.name = "environment",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct dns01_exec, environment),
		.max = 64,
		.help = "further variables of its environment, \"NAME=value\" each"},
	{.name = "challenge",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct dns01_exec, challenge),
		.fallback = "dns-01",
		.choices = challenges,
		.help = "challenge to solve"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct dns01_exec, timeout_ms),
		.fallback = "60s",
		.min = 100,
		.max = 110000,
		.help = "how long the program may run"},
	{.name = "at-most",
		.type = ACMEMS_INT,
		.offset = offsetof(struct dns01_exec, at_most),
		.fallback = "1",
		.min = 1,
		.max = 256,
		.help = "how many programs may run at once"},
	{.name = "follow-cname",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct dns01_exec, follow_cname),
		.fallback = "true",
		.help = "tell the name that a CNAME at _acme-challenge.NAME leads to (lego)"},
	ACMEMS_DNS_LOOK_OPTIONS(struct dns01_exec, look),
	DNS01_NOTES_OPTION(struct dns01_exec),
};

static bool check_lookups(const struct dns01_exec *exec, struct acmems_error *err)
{
	if (exec->http && (exec->look.propagation.given || exec->look.resolvers.given))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"propagation and resolvers have no meaning for http-01");
	return acmems_dns_look_check(&exec->look, err);
}

/* Only lego's programs are told the record's name; the others make it from the domain's. */
static bool check_convention(const struct dns01_exec *exec, struct acmems_error *err)
{
	if (exec->http && exec->convention == EXEC_LEGO)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"http-01 needs the convention lego-raw, dehydrated or certbot");
	if (exec->challenge == CHALLENGE_DNS_ACCOUNT && exec->convention != EXEC_LEGO)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"dns-account-01 needs the convention lego, whose programs are told the "
			"name of the record");
	return true;
}

static bool check_commands(const struct dns01_exec *exec, struct acmems_error *err)
{
	if (!acmems_child_check(exec->command.items, exec->environment.items, err))
		return acmems_error_context(err, "command");
	if (exec->cleanup_command.count > 0 &&
		!acmems_child_check(exec->cleanup_command.items, NULL, err))
		return acmems_error_context(err, "cleanup-command");
	return true;
}

static bool exec_check(void *instance, struct acmems_error *err)
{
	struct dns01_exec *exec = instance;

	exec->http = exec->challenge == CHALLENGE_HTTP;
	return check_convention(exec, err) && check_commands(exec, err) && check_lookups(exec, err);
}

static bool exec_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct dns01_exec *exec = instance;

	exec->pool = acmems_child_pool_new((unsigned)exec->at_most);
	if (!exec->pool)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to start");
	exec->notes = dns01_notes_open(&exec->self, exec->state_dir, err);
	if (!exec->notes)
		return false;
	/* in the background: a program that fails is no reason not to start */
	dns01_exec_inherit(exec);
	acmems_op_finish(op, NULL);
	return true;
}

static void on_cancel_stop(void *arg)
{
	struct dns01_exec *exec = arg;

	exec->stopping = 0;
}

/* Programs that take answers away are waited for, for as long as the core has patience. */
static bool exec_stop(void *instance, uint64_t op, struct acmems_error *err)
{
	struct dns01_exec *exec = instance;

	(void)err;
	if (!dns01_exec_busy(exec)) {
		acmems_op_finish(op, NULL);
		return true;
	}
	exec->stopping = op;
	acmems_op_on_cancel(op, on_cancel_stop, exec);
	return true;
}

static void exec_release(void *instance)
{
	struct dns01_exec *exec = instance;

	acmems_child_pool_free(exec->pool);
	exec->pool = NULL;
	dns01_exec_drop_all(exec);
	dns01_notes_close(exec->notes);
	exec->notes = NULL;
}

static const char *const *exec_types(void *instance)
{
	static const char *const types[][2] = {
		{"dns-01", NULL}, {"dns-account-01", NULL}, {"http-01", NULL}};
	const struct dns01_exec *exec = instance;

	return types[exec->challenge];
}

static const struct acmems_validator_ops ops = {
	.present = dns01_exec_present, .cleanup = dns01_exec_cleanup, .types_of = exec_types};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "dns01-exec"),
	.version = ACMEMS_VERSION,
	.summary = "has a program publish TXT records, or the files of http-01",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct dns01_exec),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = exec_check,
	.start = exec_start,
	.stop = exec_stop,
	.release = exec_release,
};
