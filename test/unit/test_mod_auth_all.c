/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/op_core.h"

#include "../../modules/auth/all.c"

static int done;

static bool on_start(void *ctx, uint64_t op, struct acmems_error *err)
{
	return all_judge(ctx, op, NULL, err);
}

static void on_done(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	done += err ? 100 : 1;
}

static void everybody_is_let_in(void **state)
{
	struct all all = {.all = true};
	struct acmems_error err = {0};
	struct op_spec spec = {.owner = "auth-all",
		.what = "check",
		.deadline_ms = 1000,
		.start = on_start,
		.ctx = &all,
		.done = on_done};

	(void)state;
	assert_true(all_check(&all, &err));
	assert_true(all_possible(&all, NULL, &err));
	assert_int_not_equal(op_run(&spec, &err), 0);
	run_until(done);
	assert_int_equal(done, 1);
	op_fini();
}

static void false_is_a_fault(void **state)
{
	struct all all = {.all = false};
	struct acmems_error err = {0};

	(void)state;
	assert_false(all_check(&all, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			everybody_is_let_in, unit_loop_setup, unit_loop_teardown),
		cmocka_unit_test(false_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
