/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/op_core.h"

#include "../../modules/storage/none.c"

struct run {
	bool (*entry_op)(void *instance, uint64_t op, const struct acmems_entry *entry,
		struct acmems_error *err);
	int done;
	size_t len;
};

static bool on_start(void *ctx, uint64_t op, struct acmems_error *err)
{
	static const struct acmems_entry entry = {"csr", 3, "chain", 5};
	struct run *run = ctx;

	return run->entry_op ? run->entry_op(NULL, op, &entry, err) : none_list(NULL, op, err);
}

static void on_done(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct run *run = arg;

	(void)data;
	run->done += err ? 100 : 1;
	run->len = len;
}

static void nothing_is_kept(void **state)
{
	struct run runs[] = {{.entry_op = none_get}, {.entry_op = none_forget}, {.entry_op = NULL},
		{.entry_op = none_get}};
	struct acmems_error err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct op_spec spec = {.owner = "storage-none",
			.what = "get",
			.deadline_ms = 1000,
			.start = on_start,
			.ctx = &runs[i],
			.done = on_done,
			.arg = &runs[i]};

		assert_int_not_equal(op_run(&spec, &err), 0);
		run_until(runs[i].done);
		assert_int_equal(runs[i].done, 1);
		assert_int_equal(runs[i].len, 0);
	}
	op_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nothing_is_kept, unit_loop_setup, unit_loop_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
