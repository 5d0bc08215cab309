/* SPDX-License-Identifier: ISC */
/* auth-crash.c - crashes, or ends the process, where its option says. */
#include <signal.h>
#include <unistd.h>

#include "mock.h"

enum where { NOWHERE, CHECK, START, EXIT };

struct crash {
	struct acmems_instance self;
	int where;
};

static const char *const wheres[] = {"nowhere", "check", "start", "exit", NULL};

static const struct acmems_option options[] = {
	{.name = "where",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct crash, where),
		.flags = ACMEMS_DIRECT,
		.choices = wheres,
		.fallback = "nowhere",
		.help = "where it crashes"},
};

static bool check(void *instance, struct acmems_error *err)
{
	const struct crash *crash = instance;

	(void)err;
	if (crash->where == CHECK)
		raise(SIGSEGV);
	return true;
}

static bool start(void *instance, uint64_t op, struct acmems_error *err)
{
	const struct crash *crash = instance;

	(void)err;
	if (crash->where == START)
		raise(SIGSEGV);
	if (crash->where == EXIT)
		_exit(0);
	acmems_op_finish(op, NULL);
	return true;
}

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "crash"),
	.version = "1",
	.summary = "a mock",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct crash),
	.ops_size = sizeof(mock_ops),
	.ops = &mock_ops,
	.check = check,
	.start = start,
};
