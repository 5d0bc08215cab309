/* SPDX-License-Identifier: ISC */
/*
 * auth/all.c - lets everybody in who can reach the management port: `all = true;`.
 *
 * Which names they get is still limited by the domains of the block.
 */
#include <acmems/auth.h>
#include <acmems/module.h>

struct all {
	struct acmems_instance self;
	bool all;
};

static const struct acmems_option options[] = {
	{.name = "all",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct all, all),
		.flags = ACMEMS_REQUIRED | ACMEMS_DIRECT,
		.help = "true: whoever asks is let in"},
};

/* "all = false" could be read as "nobody" or as "not by this rule": neither is worth a guess. */
static bool all_check(void *instance, struct acmems_error *err)
{
	const struct all *all = instance;

	if (!all->all)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"all = false says nothing: leave it out, or write true");
	return true;
}

static bool all_possible(
	void *instance, const struct acmems_sign_request *request, struct acmems_error *err)
{
	(void)instance;
	(void)request;
	(void)err;
	return true;
}

static bool all_judge(void *instance, uint64_t op, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	(void)instance;
	(void)request;
	(void)err;
	acmems_op_finish(op, NULL);
	return true;
}

static const struct acmems_auth_ops ops = {.possible = all_possible, .check = all_judge};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "all"),
	.version = ACMEMS_VERSION,
	.summary = "lets everybody in",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct all),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = all_check,
};
