/* SPDX-License-Identifier: ISC */
/* test_flight.c - one order for many, whoever leaves and whatever fails. */
#include "unit.h"

#include <stdio.h>

#include "fake_house.h"
#include "sign/flight.h"
#include "sign/flight_waiter.h"
#include "x509/csr.h"

static struct fake_house house;
static struct block *block;
static struct acmems_csr *csr;

/* One who waits, and what it was told. */
struct waiter {
	uint64_t id;
	unsigned told;
	char chain[512];
	struct acmems_error err;
	uint64_t leaves; /* a waiter that goes away while this one is told */
	bool joins; /* asks again from inside */
};

static struct waiter waiters[128];

static struct waiter *join(size_t index);

static void on_done(void *arg, const char *chain, size_t len, const struct acmems_error *err)
{
	struct waiter *waiter = arg;

	assert_true((chain == NULL) == (err != NULL));
	waiter->told++;
	if (chain)
		snprintf(waiter->chain, sizeof(waiter->chain), "%.*s", (int)len, chain);
	else
		waiter->err = *err;
	if (waiter->leaves)
		flight_leave(waiter->leaves);
	if (waiter->joins)
		join(100);
}

static struct waiter *join(size_t index)
{
	struct waiter *waiter = &waiters[index];
	struct acmems_error err = {0};

	waiter->id = flight_join(block, csr, "body", 4, NULL, on_done, waiter, &err);
	assert_true(waiter->id != 0);
	assert_int_equal(waiter->told, 0);
	return waiter;
}

static int setup(void **state)
{
	(void)state;
	memset(waiters, 0, sizeof(waiters));
	fake_house_init(&house, 2);
	block = &house.blocks[0];
	csr = fake_csr("a.example b.example");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	csr_free(csr);
	csr = NULL;
	return flight_count() == 0 && flight_waiters_count() == 0 && house.generation.holds == 0
		       ? 0
		       : -1;
}

static void test_one_order_for_a_hundred(void **state)
{
	(void)state;
	for (size_t i = 0; i < 100; i++)
		join(i);
	assert_int_equal(fake_order_count, 1);
	assert_int_equal(flight_count(), 1);
	assert_true(flight_under_way(block, csr));
	/* the copies are the flight's own */
	csr_free(csr);
	csr = fake_csr("a.example b.example");
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(waiters[i].told, 1);
		assert_string_equal(waiters[i].chain, fake_chain);
	}
	assert_string_equal(house.storage.kept, fake_chain);
	assert_string_equal(house.storage.kept_csr, "body");
	assert_int_equal(house.storage.second_calls, 1);
	assert_false(flight_under_way(block, csr));
}

static void test_other_facts_other_flight(void **state)
{
	struct acmems_csr *other = fake_csr("a.example");
	struct account account = {.name = "other"};
	struct acmems_error err = {0};

	(void)state;
	join(0);
	house.blocks[1].account = &account;
	assert_true(
		flight_join(&house.blocks[1], csr, "b", 1, NULL, on_done, &waiters[1], &err) != 0);
	assert_true(flight_join(block, other, "b", 1, NULL, on_done, &waiters[2], &err) != 0);
	csr_free(other);
	/* the same facts by way of another block are the same flight */
	house.blocks[1].account = &house.account;
	assert_true(
		flight_join(&house.blocks[1], csr, "b", 1, NULL, on_done, &waiters[3], &err) != 0);
	assert_int_equal(fake_order_count, 3);
	for (size_t i = 0; i < 3; i++)
		fake_order_end(i, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(waiters[3].told, 1);
}

static void test_leave(void **state)
{
	(void)state;
	join(0);
	join(1);
	flight_leave(waiters[0].id);
	flight_leave(waiters[0].id);
	flight_leave(0);
	flight_leave(4711);
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(waiters[0].told, 0);
	assert_int_equal(waiters[1].told, 1);
}

/* The issuance is finished and kept for the client's next call. */
static void test_goes_on_when_all_have_left(void **state)
{
	(void)state;
	join(0);
	flight_leave(waiters[0].id);
	assert_int_equal(flight_count(), 1);
	assert_false(fake_orders[0].aborted);
	/* somebody may come back to it */
	join(1);
	flight_leave(waiters[1].id);
	assert_int_equal(fake_order_count, 1);
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	assert_string_equal(house.storage.kept, fake_chain);
}

static void test_failure_goes_to_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		join(i);
	fake_order_end(0, NULL, ACMEMS_VALIDATION);
	run_due();
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(waiters[i].told, 1);
		assert_int_equal(waiters[i].err.code, ACMEMS_VALIDATION);
		assert_non_null(strstr(waiters[i].err.detail, "connection refused"));
	}
	assert_int_equal(house.storage.second_calls, 0);
	/* and is not remembered: the next one tries anew */
	join(20);
	assert_int_equal(fake_order_count, 2);
	fake_order_end(1, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(waiters[20].told, 1);
}

static void test_storage_can_not_withhold_the_chain(void **state)
{
	static const enum fake_mode modes[] = {FAKE_NO, FAKE_BROKEN, FAKE_UNABLE};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		house.storage.second = modes[i];
		join(i);
		fake_order_end(i, fake_chain, ACMEMS_OK);
		run_due();
		assert_int_equal(waiters[i].told, 1);
		assert_string_equal(waiters[i].chain, fake_chain);
	}
	house.storage_instance.ops.storage.put = NULL;
	join(10);
	fake_order_end(3, fake_chain, ACMEMS_OK);
	run_due();
	assert_string_equal(waiters[10].chain, fake_chain);
}

static void test_joining_while_the_chain_is_put(void **state)
{
	(void)state;
	house.storage.second = FAKE_LATER;
	join(0);
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(waiters[0].told, 0);
	join(1);
	assert_int_equal(fake_order_count, 1);
	/* the chain is in hand: giving up would lose it */
	flight_abort(&house.generation);
	run_due();
	assert_int_equal(waiters[0].told, 0);
	acmems_op_finish(house.storage.op, NULL);
	run_due();
	assert_string_equal(waiters[0].chain, fake_chain);
	assert_string_equal(waiters[1].chain, fake_chain);
}

static void test_abort(void **state)
{
	struct generation other = {0};

	(void)state;
	join(0);
	join(1);
	flight_abort(&other);
	assert_false(fake_orders[0].aborted);
	flight_abort(&house.generation);
	flight_abort(&house.generation);
	assert_true(fake_orders[0].aborted);
	assert_int_equal(waiters[0].told, 0);
	run_due();
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(waiters[i].told, 1);
		assert_int_equal(waiters[i].err.code, ACMEMS_UNAVAILABLE);
	}
	/* what was published is being taken away: the flight lives on, and can not be joined */
	assert_int_equal(flight_count(), 1);
	assert_int_equal(house.generation.holds, 1);
	assert_false(flight_under_way(block, csr));
	fake_order_end(0, NULL, ACMEMS_UNAVAILABLE);
	assert_int_equal(flight_count(), 0);
}

/* The order's end may come before the waiters were told. */
static void test_abort_and_end_at_once(void **state)
{
	(void)state;
	join(0);
	flight_abort(&house.generation);
	fake_order_end(0, NULL, ACMEMS_UNAVAILABLE);
	run_due();
	assert_int_equal(waiters[0].told, 1);
	assert_int_equal(waiters[0].err.code, ACMEMS_UNAVAILABLE);
}

static void test_leaving_and_joining_from_inside(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		join(i);
	waiters[0].leaves = waiters[2].id;
	waiters[1].leaves = waiters[1].id;
	waiters[3].joins = true;
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(waiters[0].told, 1);
	assert_int_equal(waiters[1].told, 1);
	assert_int_equal(waiters[2].told, 0);
	assert_int_equal(waiters[3].told, 1);
	/* who asks again from inside gets a flight of its own, not the one that is landing */
	assert_int_equal(waiters[100].told, 0);
	assert_int_equal(fake_order_count, 2);
	fake_order_end(1, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(waiters[100].told, 1);
}

static void test_order_that_does_not_start(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	fake_order_refuse = true;
	assert_true(flight_join(block, csr, "b", 1, NULL, on_done, &waiters[0], &err) == 0);
	assert_int_equal(err.code, ACMEMS_NO_MEMORY);
	assert_int_equal(flight_count(), 0);
	run_due();
	assert_int_equal(waiters[0].told, 0);
}

static void test_cap(void **state)
{
	struct acmems_csr *other = fake_csr("other.example");
	struct acmems_error err = {0};

	(void)state;
	house.settings.mgmt.max_pending = 2;
	join(0);
	join(1);
	assert_true(flight_join(block, csr, "b", 1, NULL, on_done, &waiters[2], &err) == 0);
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_true(err.retry_after > 0);
	/* clients that leave do not make room for ever more orders */
	house.settings.mgmt.max_pending = 1;
	flight_leave(waiters[0].id);
	flight_leave(waiters[1].id);
	assert_true(flight_join(block, other, "b", 1, NULL, on_done, &waiters[2], &err) == 0);
	csr_free(other);
	join(3);
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(waiters[3].told, 1);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(test_one_order_for_a_hundred),
		row(test_other_facts_other_flight),
		row(test_leave),
		row(test_goes_on_when_all_have_left),
		row(test_failure_goes_to_all),
		row(test_storage_can_not_withhold_the_chain),
		row(test_joining_while_the_chain_is_put),
		row(test_abort),
		row(test_abort_and_end_at_once),
		row(test_leaving_and_joining_from_inside),
		row(test_order_that_does_not_start),
		row(test_cap),
	};

	return cmocka_run_group_tests(tests, unit_loop_setup, fake_house_end);
}
