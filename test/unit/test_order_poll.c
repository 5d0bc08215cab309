/* SPDX-License-Identifier: ISC */
/* test_order_poll.c - intervals between questions. */
#include "unit.h"

#include "acme/order_poll.h"

static void test_doubles(void **state)
{
	static const int64_t expected[] = {50, 100, 200, 400, 800, 1600, 3200, 5000, 5000};
	struct order_poll poll = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(order_poll_next(&poll, -1, 100000), expected[i]);
}

static void test_asked(void **state)
{
	struct order_poll poll = {0};

	(void)state;
	assert_int_equal(order_poll_next(&poll, 3000, 100000), 3000);
	assert_int_equal(order_poll_next(&poll, 0, 100000), 50);
	assert_int_equal(order_poll_next(&poll, INT64_MAX, 100000), ORDER_POLL_ASKED_MAX_MS);
	/* what the CA names does not use up the schedule of our own */
	assert_int_equal(order_poll_next(&poll, -1, 100000), 50);
}

static void test_deadline(void **state)
{
	struct order_poll poll = {0};

	(void)state;
	assert_int_equal(order_poll_next(&poll, 3000, 700), 700);
	assert_int_equal(order_poll_next(&poll, -1, 20), 20);
	assert_int_equal(order_poll_next(&poll, -1, -5), 0);
}

static void test_once(void **state)
{
	struct order_poll poll = {0};

	(void)state;
	assert_int_equal(order_poll_early(&poll), ORDER_POLL_EARLY_MS);
	assert_int_equal(order_poll_early(&poll), -1);
	assert_int_equal(order_poll_at_once(&poll), 0);
	assert_int_equal(order_poll_at_once(&poll), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
