/* SPDX-License-Identifier: ISC */
/* validator-choosy.c - has no list of types, but every instance its own; solves nothing. */
#include <acmems/module.h>
#include <acmems/validator.h>

struct choosy {
	struct acmems_instance self;
};

static bool choosy_do(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	(void)instance;
	(void)op;
	(void)challenge;
	return acmems_error_set(err, ACMEMS_REFUSED, "a mock");
}

static const char *const *choosy_types(void *instance)
{
	static const char *const types[] = {"dns-01", NULL};

	(void)instance;
	return types;
}

static const struct acmems_validator_ops ops = {
	.present = choosy_do, .cleanup = choosy_do, .types_of = choosy_types};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "choosy"),
	.version = "1",
	.summary = "a mock",
	.instance_size = sizeof(struct choosy),
	.ops_size = sizeof(ops),
	.ops = &ops,
};
