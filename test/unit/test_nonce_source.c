/* SPDX-License-Identifier: ISC */
/* test_nonce_source.c - fetching nonces: how many at once, pauses, when it is given up. */
#include "unit.h"

#include <stdio.h>

#include "acme/nonce_source.h"
#include "paper_ca.h"
#include "virtual_loop.h"

static struct paper_ca ca;
static struct nonce_source source;
static int changes;
static int failures;
static struct acmems_error failure;

static void on_changed(void *arg)
{
	assert_ptr_equal(arg, &source);
	changes++;
}

static void on_failed(void *arg, const struct acmems_error *err)
{
	assert_ptr_equal(arg, &source);
	failures++;
	failure = *err;
}

static int set_up(void **state)
{
	(void)state;
	virtual_reset();
	paper_ca_init(&ca);
	changes = failures = 0;
	failure = (struct acmems_error){0};
	source = (struct nonce_source){
		.transport = &ca.transport,
		.changed = on_changed,
		.failed = on_failed,
		.arg = &source,
	};
	return nonce_source_init(&source) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	nonce_source_fini(&source);
	paper_ca_fini(&ca);
	assert_int_equal(virtual_timers(), 0);
	return 0;
}

static void want(size_t count)
{
	nonce_source_want(&source, PAPER_NEW_NONCE, count);
}

static void as_many_as_are_wanted(void **state)
{
	(void)state;
	want(3);
	want(3);
	assert_int_equal(ca.nonce_calls, 3);
	assert_int_equal(changes, 0);
	virtual_pass(10);
	assert_int_equal(changes, 3);
	assert_int_equal(source.pool.count, 3);
	/* places are free again; the number counts what is under way, not what is in the pool */
	want(1000);
	assert_int_equal(ca.nonce_calls, 3 + NONCE_FETCHES_MAX);
	virtual_pass(10);
	assert_int_equal(source.pool.count, 3 + NONCE_FETCHES_MAX);
	want(0);
	assert_int_equal(ca.open, 0);
}

static void pauses_double_until_it_is_given_up(void **state)
{
	static const int64_t pauses[] = {250, 500, 1000, 2000};

	(void)state;
	ca.nonce_status = 500;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		want(1);
		virtual_pass(2);
		assert_int_equal(ca.nonce_calls, i + 1);
		/* nothing is asked while it pauses */
		want(1);
		virtual_pass(pauses[i] - 4);
		want(1);
		assert_int_equal(ca.nonce_calls, i + 1);
		assert_int_equal(changes, i);
		virtual_pass(10);
		assert_int_equal(changes, i + 1);
	}
	want(1);
	virtual_pass(2);
	assert_int_equal(failures, 1);
	assert_int_equal(failure.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(failure.message, "newNonce"));
	/* and all begins anew */
	assert_false(acmems_timer_running(source.pause));
	ca.nonce_status = 0;
	want(1);
	virtual_pass(2);
	assert_int_equal(source.pool.count, 1);
}

static void what_fails_together_counts_once(void **state)
{
	(void)state;
	ca.down = true;
	want(20);
	virtual_pass(2);
	assert_int_equal(source.failures, 1);
	assert_int_equal(failures, 0);
	ca.down = false;
	virtual_pass(300);
	want(1);
	virtual_pass(2);
	/* one that works makes up for all before */
	assert_int_equal(source.failures, 0);
}

static void the_ca_names_the_pause(void **state)
{
	(void)state;
	ca.nonce_status = 503;
	ca.nonce_retry_after = "4";
	want(1);
	virtual_pass(3990);
	assert_int_equal(changes, 0);
	virtual_pass(20);
	assert_int_equal(changes, 1);
	/* one that is too long to wait for is told */
	ca.nonce_retry_after = "60";
	want(1);
	virtual_pass(2);
	assert_int_equal(failures, 1);
	assert_int_equal(failure.retry_after, 60);
}

static void an_answer_without_nonce_is_none(void **state)
{
	(void)state;
	ca.no_new_nonce = true;
	for (int i = 0; i < 5; i++) {
		want(1);
		virtual_pass(10000);
	}
	assert_int_equal(failures, 1);
	assert_int_equal(failure.code, ACMEMS_BAD_ANSWER);
	assert_non_null(strstr(failure.message, "no usable nonce"));
	assert_int_equal(source.pool.count, 0);
}

static void what_cannot_be_started_is_tried_after_a_pause(void **state)
{
	(void)state;
	ca.refuse = true;
	want(5);
	assert_true(acmems_timer_running(source.pause));
	assert_int_equal(changes, 0);
	virtual_pass(300);
	assert_int_equal(changes, 1);
	ca.refuse = false;
	want(5);
	virtual_pass(2);
	assert_int_equal(source.pool.count, 5);
}

static void the_end_drops_what_is_under_way(void **state)
{
	(void)state;
	want(4);
	assert_int_equal(ca.open, 4);
	nonce_source_fini(&source);
	assert_int_equal(ca.open, 0);
	virtual_pass(1000);
	assert_int_equal(changes + failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_many_as_are_wanted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			pauses_double_until_it_is_given_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_fails_together_counts_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_ca_names_the_pause, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_without_nonce_is_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_started_is_tried_after_a_pause, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_drops_what_is_under_way, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
