/* SPDX-License-Identifier: ISC */
/* test_describe.c - tables of options as text. */
#include "unit.h"

#include "conf/describe.h"

static const char *const colours[] = {"red", "green", NULL};
static const struct acmems_option inner[] = {
	{.name = "secret", .type = ACMEMS_STRING, .flags = ACMEMS_SECRET, .help = "the key"},
};
static const struct acmems_option rows[] = {
	{.name = "server",
		.type = ACMEMS_STRING,
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 9,
		.help = "who is asked"},
	{.name = "colour",
		.type = ACMEMS_CHOICE,
		.choices = colours,
		.fallback = "red",
		.help = "what it looks like"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.fallback = "30s",
		.min = 1000,
		.max = 600000,
		.help = "how long it may take"},
	{.name = "size", .type = ACMEMS_SIZE, .min = 1024, .max = 1048576, .help = "how much"},
	{.name = "count", .type = ACMEMS_INT, .min = 1, .max = 32, .help = "how many"},
	{.name = "hosts", .type = ACMEMS_LIST, .flags = ACMEMS_DIRECT, .help = "which"},
	{.name = "on", .type = ACMEMS_BOOL, .fallback = "", .help = "whether"},
	{.name = "tsig", .type = ACMEMS_GROUP, .rows = inner, .row_count = 1, .help = "with what"},
};

static void every_type_has_its_words(void **state)
{
	struct str out;

	(void)state;
	str_init(&out, 65536);
	describe_options(&out, rows, sizeof(rows) / sizeof(rows[0]));
	if (str_text(&out))
		assert_string_equal(str_text(&out),
			"  server: text, not empty; required\n"
			"      who is asked\n"
			"  colour: one of red, green; default red\n"
			"      what it looks like\n"
			"  timeout: duration, 1s to 10m; default 30s\n"
			"      how long it may take\n"
			"  size: size, 1k to 1m\n"
			"      how much\n"
			"  count: number, 1 to 32\n"
			"      how many\n"
			"  hosts: list of texts; can be written without its name\n"
			"      which\n"
			"  on: true or false\n"
			"      whether\n"
			"  tsig: group\n"
			"      with what\n"
			"    secret: text; secret\n"
			"        the key\n");
	str_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
