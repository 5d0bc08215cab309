/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <acmems/validator.h>

#include "base/seen.h"

static void count(void *arg)
{
	++*(int *)arg;
}

static void it_is_told_once_from_the_loop(void **state)
{
	int seen = 0;
	uint64_t id = seen_register(count, &seen);

	(void)state;
	acmems_challenge_seen(id);
	acmems_challenge_seen(id);
	assert_int_equal(seen, 0);
	run_due();
	acmems_challenge_seen(id);
	run_due();
	assert_int_equal(seen, 1);
}

static void forgotten_and_unknown_ones_are_harmless(void **state)
{
	int seen = 0;
	uint64_t id = seen_register(count, &seen);

	(void)state;
	acmems_challenge_seen(id);
	seen_forget(id);
	seen_forget(id);
	seen_forget(0);
	acmems_challenge_seen(0);
	acmems_challenge_seen(999999);
	run_due();
	assert_int_equal(seen, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told_once_from_the_loop),
		cmocka_unit_test(forgotten_and_unknown_ones_are_harmless),
	};

	return cmocka_run_group_tests(tests, unit_loop_setup, unit_loop_teardown);
}
