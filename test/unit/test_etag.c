/* SPDX-License-Identifier: ISC */
/* test_etag.c - one tag a leaf, whatever follows it, remembered only for the very same text. */
#include "unit.h"

#include <stdio.h>

#include "sign/etag.h"
#include "fake_house.h"

static bool make(struct etag *etag, const char *chain)
{
	struct acmems_error err = {0};

	return etag_of(etag, chain, strlen(chain), &err);
}

static void test_made_of_the_leaf(void **state)
{
	struct etag etag = {0};
	char two[8192];

	(void)state;
	assert_true(make(&etag, fake_chain));
	assert_string_equal(etag.text, fake_etag);
	assert_true(make(&etag, fake_chain));
	assert_string_equal(etag.text, fake_etag);
	snprintf(two, sizeof(two), "%s%s", fake_chain, fake_chain);
	assert_true(make(&etag, two));
	assert_string_equal(etag.text, fake_etag);
	etag_fini(&etag);
}

static void test_another_leaf_is_another_tag(void **state)
{
	static const char other[] =
		"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
	struct etag etag = {0};

	(void)state;
	assert_true(make(&etag, other));
	assert_string_not_equal(etag.text, fake_etag);
	assert_true(make(&etag, fake_chain));
	assert_string_equal(etag.text, fake_etag);
	assert_true(make(&etag, other));
	assert_string_not_equal(etag.text, fake_etag);
	etag_fini(&etag);
}

static void test_no_chain(void **state)
{
	struct etag etag = {0};

	(void)state;
	assert_false(make(&etag, ""));
	assert_false(make(&etag, "garbage"));
	assert_true(make(&etag, fake_chain));
	/* shorter than what is remembered */
	assert_false(make(&etag, "-----BEGIN CERTIFICATE-----"));
	etag_fini(&etag);
	assert_null(etag.leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_of_the_leaf),
		cmocka_unit_test(test_another_leaf_is_another_tag),
		cmocka_unit_test(test_no_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
