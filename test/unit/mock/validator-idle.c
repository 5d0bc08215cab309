/* SPDX-License-Identifier: ISC */
/* validator-idle.c - has no start and no stop, and solves nothing. */
#include <acmems/module.h>
#include <acmems/validator.h>

struct idle {
	struct acmems_instance self;
};

static bool idle_do(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	(void)instance;
	(void)challenge;
	(void)err;
	acmems_op_finish(op, NULL);
	return true;
}

static const char *const types[] = {"http-01", NULL};
static const struct acmems_validator_ops ops = {
	.types = types, .present = idle_do, .cleanup = idle_do};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "idle"),
	.version = "1",
	.summary = "a mock",
	.instance_size = sizeof(struct idle),
	.ops_size = sizeof(ops),
	.ops = &ops,
};
