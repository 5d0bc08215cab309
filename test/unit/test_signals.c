/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <signal.h>
#include <unistd.h>

#include "signals.h"

static int last;
static unsigned calls;

static void on_signal(int number)
{
	last = number;
	calls++;
}

static void test_each_comes_from_the_loop(void **state)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	struct acmems_error err = {0};

	(void)state;
	signals_block();
	assert_true(signals_start(on_signal, &err));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		calls = 0;
		assert_int_equal(kill(getpid(), numbers[i]), 0);
		assert_int_equal(calls, 0);
		run_until(calls > 0);
		assert_int_equal(last, numbers[i]);
		assert_int_equal(calls, 1);
	}
	signals_stop();
	signals_stop();
}

/* One that came before anybody listened is not lost. */
static void test_pending(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	signals_block();
	calls = 0;
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_true(signals_start(on_signal, &err));
	run_until(calls > 0);
	assert_int_equal(last, SIGHUP);
	signals_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_each_comes_from_the_loop, unit_loop_setup, unit_loop_teardown),
		cmocka_unit_test_setup_teardown(test_pending, unit_loop_setup, unit_loop_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
