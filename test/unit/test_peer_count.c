/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "net/peer_count.h"

static struct acmems_address address(const char *text)
{
	struct acmems_address result;
	struct acmems_error err = {0};

	assert_true(acmems_address_parse(text, &result, &err));
	return result;
}

static struct peer_count *add(struct peer_count **table, const char *text)
{
	struct acmems_address peer = address(text);
	struct peer_count *counted = peer_count_add(table, &peer);

	assert_non_null(counted);
	return counted;
}

static void addresses_are_counted_apart(void **state)
{
	struct peer_count *table = NULL;
	struct peer_count *one = add(&table, "192.0.2.1");
	struct peer_count *two = add(&table, "192.0.2.2");

	(void)state;
	assert_ptr_not_equal(one, two);
	assert_ptr_equal(add(&table, "192.0.2.1"), one);
	assert_int_equal(peer_count_get(one), 2);
	assert_int_equal(peer_count_get(two), 1);
	peer_count_drop(&table, one);
	assert_int_equal(peer_count_get(one), 1);
	peer_count_drop(&table, one);
	peer_count_drop(&table, two);
	peer_count_drop(&table, NULL);
	assert_null(table);
}

static void a_network_of_ipv6_is_one(void **state)
{
	struct peer_count *table = NULL;
	struct peer_count *one = add(&table, "2001:db8:0:1::1");
	struct peer_count *two;

	(void)state;
	assert_ptr_equal(add(&table, "2001:db8:0:1:ffff::2"), one);
	two = add(&table, "2001:db8:0:2::1");
	assert_ptr_not_equal(two, one);
	assert_int_equal(peer_count_get(one), 2);
	peer_count_drop(&table, one);
	peer_count_drop(&table, one);
	assert_int_equal(peer_count_get(two), 1);
	peer_count_drop(&table, two);
	assert_null(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_counted_apart),
		cmocka_unit_test(a_network_of_ipv6_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
