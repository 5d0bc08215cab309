/* SPDX-License-Identifier: ISC */
/* storage/none.c - keeps nothing: every request is a new order. */
#include <acmems/module.h>
#include <acmems/storage.h>

struct none {
	struct acmems_instance self;
};

static bool none_get(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	(void)instance;
	(void)entry;
	(void)err;
	acmems_op_finish_with(op, NULL, 0);
	return true;
}

static bool none_list(void *instance, uint64_t op, struct acmems_error *err)
{
	(void)instance;
	(void)err;
	acmems_op_finish_with(op, NULL, 0);
	return true;
}

static bool none_forget(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	(void)instance;
	(void)entry;
	(void)err;
	acmems_op_finish(op, NULL);
	return true;
}

static const struct acmems_storage_ops ops = {
	.get = none_get, .put = none_forget, .list = none_list, .remove = none_forget};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_STORAGE, "none"),
	.version = ACMEMS_VERSION,
	.summary = "keeps nothing",
	.instance_size = sizeof(struct none),
	.option_size = sizeof(struct acmems_option),
	.ops_size = sizeof(ops),
	.ops = &ops,
};
