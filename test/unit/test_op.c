/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include "base/log_target.h"
#include "base/op_core.h"

/* A module's side that does what the test says, and a caller's side that counts. */
struct probe {
	bool say_no;
	bool finish_at_once;
	bool inside; /* the start function is running */
	uint64_t op;
	int cancelled;
	int done;
	bool done_inside;
	enum acmems_code code;
	char data[32];
	size_t len;
};

static void on_cancel(void *arg)
{
	struct probe *probe = arg;

	probe->cancelled++;
}

static bool start(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct probe *probe = ctx;

	probe->inside = true;
	probe->op = op;
	acmems_op_on_cancel(op, on_cancel, probe);
	if (probe->finish_at_once)
		acmems_op_finish_with(op, "now", 3);
	probe->inside = false;
	return probe->say_no ? acmems_error_set(err, ACMEMS_REFUSED, "no") : true;
}

static void on_done(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct probe *probe = arg;

	probe->done++;
	probe->done_inside = probe->inside;
	probe->code = err ? err->code : ACMEMS_OK;
	probe->len = len;
	if (len)
		memcpy(probe->data, data, len + 1);
}

static uint64_t run(struct probe *probe, int64_t deadline)
{
	struct acmems_error err = {0};
	struct op_spec spec = {.owner = "validator-probe",
		.what = "present",
		.deadline_ms = deadline,
		.start = start,
		.ctx = probe,
		.done = on_done,
		.arg = probe};

	return op_run(&spec, &err);
}

static char fault_line[512];

static void on_log(void *arg, enum acmems_log_level level, const char *line)
{
	(void)arg;
	if (level == ACMEMS_LOG_ERROR)
		snprintf(fault_line, sizeof(fault_line), "%s", line);
}

static int setup(void **state)
{
	log_tap(on_log, NULL);
	return unit_loop_setup(state);
}

static int teardown(void **state)
{
	assert_int_equal(op_count(), 0);
	op_fini();
	return unit_loop_teardown(state);
}

static void a_no_is_final(void **state)
{
	struct probe probe = {.say_no = true};

	(void)state;
	assert_int_equal(run(&probe, 1000), 0);
	run_due();
	assert_int_equal(probe.done, 0);
	assert_int_equal(probe.cancelled, 0);
	assert_int_equal(op_count(), 0);
}

static void an_answer_at_once_comes_from_the_loop(void **state)
{
	struct probe probe = {.finish_at_once = true};

	(void)state;
	assert_int_not_equal(run(&probe, 1000), 0);
	assert_int_equal(probe.done, 0);
	run_due();
	assert_int_equal(probe.done, 1);
	assert_false(probe.done_inside);
	assert_int_equal(probe.len, 3);
	assert_string_equal(probe.data, "now");
	assert_int_equal(op_faults(), 0);
}

static void an_error_is_handed_on(void **state)
{
	struct probe probe = {0};
	struct acmems_error err = {0};

	(void)state;
	run(&probe, 1000);
	acmems_error_set(&err, ACMEMS_BAD_ANSWER, "nonsense");
	acmems_op_finish(probe.op, &err);
	run_due();
	assert_int_equal(probe.code, ACMEMS_BAD_ANSWER);
	assert_int_equal(probe.done, 1);
}

static void cancel_is_silent(void **state)
{
	struct probe probe = {0};
	uint64_t op = run(&probe, 1000);

	(void)state;
	op_cancel(op);
	assert_int_equal(probe.cancelled, 1);
	op_cancel(op);
	op_cancel(0);
	run_due();
	assert_int_equal(probe.cancelled, 1);
	assert_int_equal(probe.done, 0);
}

static void cancel_after_finish_swallows_the_completion(void **state)
{
	struct probe probe = {.finish_at_once = true};
	uint64_t op = run(&probe, 1000);

	(void)state;
	op_cancel(op);
	run_due();
	assert_int_equal(probe.done, 0);
	assert_int_equal(probe.cancelled, 0);
}

static void a_passed_deadline_cancels_and_completes(void **state)
{
	struct probe probe = {0};

	(void)state;
	run(&probe, 5);
	run_until(probe.done);
	assert_int_equal(probe.code, ACMEMS_TIMEOUT);
	assert_int_equal(probe.cancelled, 1);
}

static void broken_rules_are_named_and_harmless(void **state)
{
	struct probe probe = {0};
	size_t before = op_faults();
	uint64_t op = run(&probe, 1000);

	(void)state;
	acmems_op_finish(op, NULL);
	acmems_op_finish(op, NULL);
	assert_int_equal(op_faults(), before + 1);
	assert_non_null(strstr(fault_line, "validator-probe"));
	assert_non_null(strstr(fault_line, "twice"));
	run_due();
	acmems_op_finish_with(op, "x", 1);
	assert_int_equal(op_faults(), before + 2);
	assert_non_null(strstr(fault_line, "validator-probe"));
	acmems_op_finish(12345, NULL);
	assert_int_equal(op_faults(), before + 3);
	assert_int_equal(probe.done, 1);
}

static void finish_after_cancel_does_not_hit_a_successor(void **state)
{
	struct probe first = {0}, second = {0};
	uint64_t old = run(&first, 1000), new;

	(void)state;
	op_cancel(old);
	new = run(&second, 1000);
	assert_int_not_equal(old, new);
	acmems_op_finish(old, NULL);
	run_due();
	assert_int_equal(second.done, 0);
	op_cancel(new);
}

static void refusing_after_finishing_is_a_fault(void **state)
{
	struct probe probe = {.say_no = true, .finish_at_once = true};
	size_t before = op_faults();

	(void)state;
	assert_int_equal(run(&probe, 1000), 0);
	run_due();
	assert_int_equal(probe.done, 0);
	assert_int_equal(op_faults(), before + 1);
}

static void many_at_once(void **state)
{
	struct probe *probes = calloc(500, sizeof(*probes));

	(void)state;
	for (int i = 0; i < 500; i++)
		assert_int_not_equal(run(&probes[i], 60000), 0);
	assert_int_equal(op_count(), 500);
	for (int i = 499; i >= 0; i--)
		acmems_op_finish_with(probes[i].op, "result", 6);
	run_until(op_count() == 0);
	for (int i = 0; i < 500; i++)
		assert_string_equal(probes[i].data, "result");
	free(probes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_no_is_final, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_answer_at_once_comes_from_the_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(an_error_is_handed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(cancel_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(
			cancel_after_finish_swallows_the_completion, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_passed_deadline_cancels_and_completes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			broken_rules_are_named_and_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(
			finish_after_cancel_does_not_hit_a_successor, setup, teardown),
		cmocka_unit_test_setup_teardown(
			refusing_after_finishing_is_a_fault, setup, teardown),
		cmocka_unit_test_setup_teardown(many_at_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
