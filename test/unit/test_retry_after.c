/* SPDX-License-Identifier: ISC */
/* test_retry_after.c - seconds and dates of the Retry-After header. */
#include "unit.h"

#include "acme/request.h"

#define NOV_6_1994 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110, 5.6.7) */

static void seconds(void **state)
{
	(void)state;
	assert_int_equal(acme_retry_after("0", 0), 0);
	assert_int_equal(acme_retry_after("3", 0), 3000);
	assert_int_equal(acme_retry_after("120", 0), 120000);
	assert_int_equal(acme_retry_after("86400", 0), 86400000);
	assert_int_equal(acme_retry_after("86401", 0), 86400000);
	assert_int_equal(acme_retry_after("99999999999999999999999999", 0), 86400000);
}

static void dates(void **state)
{
	(void)state;
	assert_int_equal(acme_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", NOV_6_1994 - 7), 7000);
	assert_int_equal(acme_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", NOV_6_1994 - 7), 7000);
	assert_int_equal(acme_retry_after("Sun Nov  6 08:49:37 1994", NOV_6_1994 - 7), 7000);
	assert_int_equal(acme_retry_after("Thu, 16 Nov 1994 08:49:37 GMT", NOV_6_1994), 86400000);
	assert_int_equal(acme_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", NOV_6_1994 + 1), 0);
	assert_int_equal(acme_retry_after("Thu, 29 Feb 2024 00:00:10 GMT", 1709164800), 10000);
	assert_int_equal(acme_retry_after("Fri, 01 Mar 2024 00:00:10 GMT", 1709251200), 10000);
	assert_int_equal(acme_retry_after("Thu, 01 Jan 1970 00:00:05 GMT", 0), 5000);
	assert_int_equal(acme_retry_after("Wed, 31 Dec 2036 23:59:59 GMT", 2114380798), 1000);
	assert_int_equal(acme_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", 0), 86400000);
	assert_int_equal(acme_retry_after("Thursday, 01-Jan-26 00:00:00 GMT", 1767225590), 10000);
}

static void nonsense(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"-1",
		"+1",
		"1.5",
		"3 ",
		"3s",
		"0x10",
		"soon",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT",
		"Xyz, 06 Nov 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 32 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov 1969 08:49:37 GMT",
		"Sunday, 06 Nov 1994 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994",
		"now",
		"yesterday",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(acme_retry_after(bad[i], NOV_6_1994), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds),
		cmocka_unit_test(dates),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
