/* SPDX-License-Identifier: ISC */
/* test_schema.c - every type of option stored, every kind of fault said. */
#include "unit.h"

#include <stdio.h>

#include "conf/schema.h"

struct target {
	char *text;
	bool truth;
	int64_t number, wait, size;
	int level;
	struct acmems_list list;
	char *key;
};

static const char *const levels[] = {"info", "debug", NULL};
static const struct acmems_option inner[] = {{.name = "key",
	.type = ACMEMS_STRING,
	.offset = offsetof(struct target, key),
	.flags = ACMEMS_REQUIRED | ACMEMS_SECRET,
	.min = 4,
	.max = 8,
	.help = "secret"}};
static const struct acmems_option rows[] = {
	{.name = "text",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct target, text),
		.fallback = "x",
		.help = "a text"},
	{.name = "truth",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct target, truth),
		.fallback = "true",
		.help = "a truth"},
	{.name = "number",
		.type = ACMEMS_INT,
		.offset = offsetof(struct target, number),
		.max = 9,
		.help = "a number"},
	{.name = "wait",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct target, wait),
		.fallback = "30s",
		.help = "a duration"},
	{.name = "max-size",
		.type = ACMEMS_SIZE,
		.offset = offsetof(struct target, size),
		.help = "a size"},
	{.name = "level",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct target, level),
		.choices = levels,
		.help = "a level"},
	{.name = "list",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct target, list),
		.flags = ACMEMS_DIRECT,
		.fallback = "a, b",
		.help = "a list"},
	{.name = "group", .type = ACMEMS_GROUP, .rows = inner, .row_count = 1, .help = "a group"},
};
#define COUNT (sizeof(rows) / sizeof(rows[0]))

static const struct schema schema = {"thing \"t\"", rows, COUNT, false, NULL};

static bool apply(const char *text, const char *child, struct target *target, char *fault)
{
	struct conf_faults faults = {0};
	struct conf_node *root = conf_parse(text, "a.conf", &faults);
	bool ok;

	*target = (struct target){0};
	assert_non_null(root);
	ok = schema_apply(&schema, child ? conf_child(root, child) : root, target, &faults);
	assert_int_equal(ok, conf_faultless(&faults));
	fault[0] = '\0';
	if (faults.count)
		snprintf(fault, 512, "%s", faults.lines[0]);
	conf_free(root);
	conf_faults_fini(&faults);
	return ok;
}

static void every_type_is_stored(void **state)
{
	struct target target;
	char fault[512];

	(void)state;
	assert_true(apply("text = \"y\"; truth = false; number = 3; wait = \"5m\";\n"
			  "max-size = \"16k\"; level = \"debug\"; list = \"one\";\n"
			  "group: { key = \"abcd\"; };",
		NULL, &target, fault));
	assert_string_equal(target.text, "y");
	assert_false(target.truth);
	assert_int_equal(target.number, 3);
	assert_int_equal(target.wait, 300000);
	assert_int_equal(target.size, 16384);
	assert_int_equal(target.level, 1);
	assert_int_equal(target.list.count, 1);
	assert_true(target.list.given);
	assert_null(target.list.items[1]);
	assert_string_equal(target.key, "abcd");
	schema_free(rows, COUNT, &target);
	assert_null(target.text);
}

static void defaults_fill_the_gaps(void **state)
{
	struct target target;
	char fault[512];

	(void)state;
	assert_true(apply("wait = 7;", NULL, &target, fault));
	assert_string_equal(target.text, "x");
	assert_true(target.truth);
	assert_int_equal(target.wait, 7000);
	assert_int_equal(target.list.count, 2);
	assert_string_equal(target.list.items[1], "b");
	assert_false(target.list.given);
	schema_free(rows, COUNT, &target);
}

static void a_direct_setting_is_taken(void **state)
{
	struct target target;
	char fault[512];

	(void)state;
	assert_true(apply("t = [ \"p\", \"q\", \"r\" ];", "t", &target, fault));
	assert_int_equal(target.list.count, 3);
	schema_free(rows, COUNT, &target);
	assert_false(apply("t = true;", "t", &target, fault));
	schema_free(rows, COUNT, &target);
}

static void faults_say_what_is_wrong(void **state)
{
	static const struct {
		const char *text;
		const char *parts[3];
	} cases[] = {
		{"\nmax-sise = 1;", {"a.conf:2: ", "\"max-sise\"", "\"max-size\"?"}},
		{"wait = true;", {"a.conf:1: ", "duration", "true or false"}},
		{"wait = 1.5;", {"a.conf:1: ", "duration", ""}},
		{"number = \"3\";", {"a.conf:1: ", "number", ""}},
		{"number = 10;", {"a.conf:1: ", "between 0 and 9", ""}},
		{"level = \"debgu\";", {"a.conf:1: ", "\"debug\"?", "info, debug"}},
		{"list = [ 1 ];", {"a.conf:1: ", "list", ""}},
		{"group: { };", {"a.conf:1: ", "\"key\"", "missing"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target target;
		char fault[512];

		assert_false(apply(cases[i].text, NULL, &target, fault));
		for (size_t j = 0; j < 3; j++)
			if (!strstr(fault, cases[i].parts[j]))
				fail_msg("\"%s\" is not in \"%s\"", cases[i].parts[j], fault);
		schema_free(rows, COUNT, &target);
	}
}

static void secrets_are_not_told(void **state)
{
	struct target target;
	char fault[512];

	(void)state;
	assert_false(apply("group: { key = \"hunter2hunter2\"; };", NULL, &target, fault));
	assert_null(strstr(fault, "hunter2"));
	schema_free(rows, COUNT, &target);
}

static void unsound_tables_are_found(void **state)
{
	struct acmems_error err = {0};
	struct acmems_option row = rows[0];

	(void)state;
	assert_true(schema_check(rows, COUNT, sizeof(struct target), &err));
	assert_false(schema_check(rows, COUNT, 8, &err));
	row.name = "Bad Name";
	assert_false(schema_check(&row, 1, sizeof(struct target), &err));
	row = rows[3];
	row.fallback = "soon";
	assert_false(schema_check(&row, 1, sizeof(struct target), &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_stored),
		cmocka_unit_test(defaults_fill_the_gaps),
		cmocka_unit_test(a_direct_setting_is_taken),
		cmocka_unit_test(faults_say_what_is_wrong),
		cmocka_unit_test(secrets_are_not_told),
		cmocka_unit_test(unsound_tables_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
