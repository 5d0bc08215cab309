/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/str.h"

static void text_grows(void **state)
{
	struct str str;
	char *taken;

	(void)state;
	str_init(&str, 10000);
	assert_string_equal(str_text(&str), "");
	for (int i = 0; i < 1000; i++)
		str_addf(&str, "%d,", i % 10);
	assert_non_null(str_text(&str));
	assert_int_equal(str.len, 2000);
	str_add_bytes(&str, "a\0b", 3);
	assert_memory_equal(str_text(&str) + 2000, "a\0b", 4);
	taken = str_take(&str);
	assert_non_null(taken);
	assert_string_equal(str_text(&str), "");
	free(taken);
	str_fini(&str);
}

static void the_maximum_holds(void **state)
{
	struct str str;

	(void)state;
	str_init(&str, 4);
	str_add(&str, "abcd");
	assert_non_null(str_text(&str));
	assert_string_equal(str_text(&str), "abcd");
	str_add(&str, "");
	assert_string_equal(str_text(&str), "abcd");
	str_add(&str, "e");
	assert_null(str_text(&str));
	str_add(&str, "");
	assert_null(str_take(&str));
	assert_false(str.failed);
	str_fini(&str);
}

static void empty_text_can_be_taken(void **state)
{
	struct str str;
	char *taken;

	(void)state;
	str_init(&str, 0);
	taken = str_take(&str);
	assert_non_null(taken);
	assert_string_equal(taken, "");
	free(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_grows),
		cmocka_unit_test(the_maximum_holds),
		cmocka_unit_test(empty_text_can_be_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
