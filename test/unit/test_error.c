/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>

#include <acmems/error.h>

static void set_fills_and_resets(void **state)
{
	struct acmems_error err = {.retry_after = 5, .problem = "caa", .detail = "x: y\n"};

	(void)state;
	assert_false(acmems_error_set(&err, ACMEMS_TIMEOUT, "no answer from %s", "ca"));
	assert_int_equal(err.code, ACMEMS_TIMEOUT);
	assert_string_equal(err.message, "no answer from ca");
	assert_int_equal(err.retry_after, 0);
	assert_string_equal(err.problem, "");
	assert_string_equal(err.detail, "");
}

static void long_messages_are_cut_with_a_mark(void **state)
{
	struct acmems_error err = {0};
	char text[2000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	acmems_error_set(&err, ACMEMS_FAULT, "%s", text);
	assert_int_equal(strlen(err.message), ACMEMS_ERROR_MESSAGE_MAX - 1);
	assert_string_equal(err.message + ACMEMS_ERROR_MESSAGE_MAX - 4, "...");
	acmems_error_context(&err, "while %s", "testing");
	assert_memory_equal(err.message, "while testing: aaa", 18);
	assert_int_equal(strlen(err.message), ACMEMS_ERROR_MESSAGE_MAX - 1);
	assert_string_equal(err.message + ACMEMS_ERROR_MESSAGE_MAX - 4, "...");
}

static void context_goes_in_front_and_keeps_the_rest(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	acmems_error_set(&err, ACMEMS_RATE_LIMITED, "too many");
	err.retry_after = 7;
	assert_false(acmems_error_context(&err, "order %d", 3));
	assert_string_equal(err.message, "order 3: too many");
	assert_int_equal(err.code, ACMEMS_RATE_LIMITED);
	assert_int_equal(err.retry_after, 7);
}

static void errno_is_spelled_out(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	acmems_error_errno(&err, ENOENT, "cannot open \"%s\"", "x");
	assert_string_equal(err.message, "cannot open \"x\": No such file or directory");
	assert_int_equal(err.code, ACMEMS_SYSTEM);
	acmems_error_errno(&err, ENOMEM, "x");
	assert_int_equal(err.code, ACMEMS_NO_MEMORY);
}

static void details_pile_up_until_full(void **state)
{
	struct acmems_error err = {0};
	const char *mark = "... and more\n";
	size_t len;

	(void)state;
	acmems_error_set(&err, ACMEMS_VALIDATION, "no");
	acmems_error_detail(&err, "a.example", "first");
	acmems_error_detail(&err, "b.example", "second");
	assert_string_equal(err.detail, "a.example: first\nb.example: second\n");
	for (int i = 0; i < 1000; i++)
		acmems_error_detail(&err, "c.example", "more words about this name");
	len = strlen(err.detail);
	assert_true(len < sizeof(err.detail));
	assert_string_equal(err.detail + len - strlen(mark), mark);
	/* once only */
	assert_ptr_equal(strstr(err.detail, mark), err.detail + len - strlen(mark));
}

static void every_code_has_a_name(void **state)
{
	(void)state;
	for (int code = ACMEMS_OK; code <= ACMEMS_FAULT; code++)
		assert_string_not_equal(acmems_code_name((enum acmems_code)code), "unknown");
	assert_string_equal(acmems_code_name((enum acmems_code)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_and_resets),
		cmocka_unit_test(long_messages_are_cut_with_a_mark),
		cmocka_unit_test(context_goes_in_front_and_keeps_the_rest),
		cmocka_unit_test(errno_is_spelled_out),
		cmocka_unit_test(details_pile_up_until_full),
		cmocka_unit_test(every_code_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
