/* SPDX-License-Identifier: ISC */
/* test_command_persist.c - names and records of acmems -P. The whole command is in the integration tests. */
#include "unit.h"

#include <stdio.h>

#include "command_persist.h"

static struct acmems_error err;

static void names_are_read(void **state)
{
	struct persist_name name;

	(void)state;
	assert_true(persist_name_read("WWW.Example.org.", &name, &err));
	assert_string_equal(name.text, "www.example.org");
	assert_false(name.wildcard);
	assert_true(persist_name_read("*.example.org", &name, &err));
	assert_string_equal(name.text, "example.org");
	assert_true(name.wildcard);
	assert_true(persist_name_read("xn--bcher-kva.example", &name, &err));
	assert_true(persist_name_read("printer", &name, &err));
}

static void what_is_no_name_is_told(void **state)
{
	static const char *const bad[] = {"", ".", "*", "*.", "a..b", ".a", "a b", "192.0.2.1",
		"2001:db8::1",
		"b\xc3\xbc"
		"cher.example",
		"*.*.example.org", "a.*.example.org", "a\"b"};
	struct persist_name name;
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(persist_name_read(bad[i], &name, &err));
		assert_int_equal(err.code, ACMEMS_BAD_REQUEST);
	}
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(persist_name_read(text, &name, &err));
	text[100] = '\0';
	assert_false(persist_name_read(text, &name, &err));
	/* with the label that its record has in front it is longer than names may be */
	for (size_t i = 50; i < 250; i += 50)
		text[i] = '.';
	text[234] = '\0';
	assert_false(persist_name_read(text, &name, &err));
	assert_int_equal(err.code, ACMEMS_BAD_REQUEST);
	assert_non_null(strstr(err.message, "too long"));
	text[233] = '\0';
	assert_true(persist_name_read(text, &name, &err));
}

static void a_line_is_what_a_zone_file_takes(void **state)
{
	struct persist_name name = {.text = "example.org"};
	char *line = persist_line(&name, "ca.example", "https://ca.example/1");

	(void)state;
	assert_non_null(line);
	assert_string_equal(line, "_validation-persist.example.org. IN TXT "
				  "\"ca.example; accounturi=https://ca.example/1\"\n");
	free(line);
	name.wildcard = true;
	line = persist_line(&name, "ca.example", "https://ca.example/1");
	assert_non_null(line);
	assert_string_equal(line,
		"_validation-persist.example.org. IN TXT "
		"\"ca.example; accounturi=https://ca.example/1; policy=wildcard\"\n");
	free(line);
}

static void long_values_are_strings_of_255(void **state)
{
	struct persist_name name = {.text = "example.org"};
	char uri[400];
	char *line, *first, *second;

	(void)state;
	memset(uri, 'u', sizeof(uri) - 1);
	uri[sizeof(uri) - 1] = '\0';
	line = persist_line(&name, "ca.example", uri);
	assert_non_null(line);
	first = strchr(line, '"');
	second = strstr(first + 1, "\" \"");
	assert_non_null(second);
	assert_int_equal(second - first - 1, 255);
	assert_int_equal(strlen(second + 3), strlen("ca.example; accounturi=") + 399 - 255 + 2);
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read),
		cmocka_unit_test(what_is_no_name_is_told),
		cmocka_unit_test(a_line_is_what_a_zone_file_takes),
		cmocka_unit_test(long_values_are_strings_of_255),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
