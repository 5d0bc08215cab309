/* SPDX-License-Identifier: ISC */
/* test_conf.c - what is read, and what is refused with file, line and advice. */
#include "unit.h"

#include "conf/conf.h"

static void refused(const char *text, const char *part)
{
	struct conf_faults faults = {0};
	struct conf_node *root = conf_parse(text, "a.conf", &faults);

	assert_null(root);
	assert_false(conf_faultless(&faults));
	assert_true(faults.count > 0);
	if (!strstr(faults.lines[0], part))
		fail_msg("\"%s\" is not in \"%s\"", part, faults.lines[0]);
	conf_faults_fini(&faults);
}

static void a_tree_comes_out(void **state)
{
	struct conf_faults faults = {0};
	struct conf_node *root = conf_parse("a = 1;\nb: { c = \"x\"; };\nd = [ \"e\" ];\n"
					    "f = true; g = 5000000000L; h = 0x10;\n",
		"a.conf", &faults);
	const struct conf_node *b;

	(void)state;
	assert_non_null(root);
	b = conf_child(root, "b");
	assert_int_equal(b->type, CONF_GROUP);
	assert_int_equal(b->line, 2);
	assert_string_equal(b->file, "a.conf");
	assert_string_equal(conf_child(b, "c")->text, "x");
	assert_int_equal(conf_child(root, "d")->count, 1);
	assert_true(conf_child(root, "f")->truth);
	assert_true(conf_child(root, "g")->number == INT64_C(5000000000));
	assert_int_equal(conf_child(root, "h")->number, 16);
	assert_null(conf_child(root, "z"));
	conf_free(root);
	conf_faults_fini(&faults);
}

static void what_libconfig_would_spoil_is_refused(void **state)
{
	(void)state;
	refused("\nx = 5000000000;\n", "a.conf:2: 5000000000 is too large");
	refused("x = 0xffffffff;\n", "a.conf:1: 0xffffffff is too large");
	refused("x = 99999999999999999999L;\n", "a.conf:1:");
	refused("x = \"a\\x00b\";\n", "a.conf:1: \\x00");
	refused("\n\nx = 0600;\n", "a.conf:3: 0600 begins with a zero");
	refused("x = -012L;\n", "a.conf:1: -012L begins with a zero");
}

static void slips_are_explained(void **state)
{
	(void)state;
	refused("x = 1;\ny = yes;\n", "true or false");
	refused("x = 1;\nx = 2;\n", "a.conf:2: duplicate setting name: this is set above already");
	refused("@include \"there-is-no-such-file\"\n", "a.conf:1:");
	refused("x = 'abc';\n", "a.conf:1: syntax error: texts stand in double quotes");
	refused("x = \xe2\x80\x9c"
		"abc\xe2\x80\x9d;\n",
		"a.conf:1: syntax error: texts stand in double quotes");
	refused("x = 1;\ny = /var/log/y;\n", "a.conf:2: syntax error: texts, and numbers");
	refused("x = { a = \"y\"; t = 30d; };\n", "a.conf:1: syntax error: texts, and numbers");
	refused("x = [ 192.0.2.0/24 ];\n", "a.conf:1: syntax error: texts, and numbers");
	refused("x = ( { a = 1; b { c = 1; }; } );\n", "a.conf:1: syntax error: between a name");
	refused("x = 1;\ny [ 2 ];\n", "a.conf:2: syntax error: between a name");
	refused("x = { name \"a\"; };\n", "a.conf:1: syntax error: between a name");
	refused("x = (\n{ a = 1; } # no comma\n{ a = 2; }\n);\n",
		"a.conf:3: syntax error: groups of a list");
	refused("x = [\n{ a = \"yes, it's, no\"; }\n];\n",
		"a.conf:2: syntax error: groups of a list");
	refused("x = \"a\" = \"it's\"; # 'y'\n", "is a quote, a comma or a semicolon missing?");
}

/* Whatever stands behind the text that has no end is no help. */
static void a_quote_that_is_missing_is_looked_for_where_it_may_be(void **state)
{
	(void)state;
	refused("x = \"abc\n", "a.conf:1: a text that begins here has no end");
	refused("x = 1;\ny = \"abc;\nz = \"d\";\nl = [ \"e\", \"f\" ];\n",
		"a.conf:2: a text that begins here has no end");
	refused("a = ( {\nname = \"a; ip = [ \"::1\" ];\nlast = true; } );\n",
		"a.conf:2: a text that begins here has no end");
}

/* Two patterns would become one that fits nothing. */
static void texts_side_by_side_are_one_but_not_in_a_list(void **state)
{
	struct conf_faults faults = {0};
	struct conf_node *root = conf_parse(
		"x = ( { y = \"a\" # and\n \"b\"; }, \"c\" /* , */ );", "a.conf", &faults);

	(void)state;
	assert_non_null(root);
	assert_string_equal(conf_child(conf_child(root, "x")->children[0], "y")->text, "ab");
	conf_free(root);
	refused("x = [\n\"a\",\n\"b\"\n\"c\" ];\n", "a.conf:4: two texts side by side in a list");
	refused("x = ( \"a\" /* b */ \"c\" );\n", "a.conf:1: two texts side by side in a list");
	conf_faults_fini(&faults);
}

/* libconfig 1.7 takes what 1.5 refuses. */
static void a_comma_too_many_is_taken_or_explained(void **state)
{
	struct conf_faults faults = {0};
	struct conf_node *root = conf_parse("x = [ 1, ];\n", "a.conf", &faults);

	(void)state;
	assert_true(root || (faults.count > 0 && strstr(faults.lines[0], "comma")));
	conf_free(root);
	conf_faults_fini(&faults);
}

static void literals_inside_texts_and_comments_are_left_alone(void **state)
{
	struct conf_faults faults = {0};
	struct conf_node *root =
		conf_parse("# 5000000000\n// 5000000000\n/* 5000000000\n */ x = \"5000000000\";\n",
			"a.conf", &faults);

	(void)state;
	assert_non_null(root);
	assert_int_equal(conf_child(root, "x")->line, 4);
	conf_free(root);
	conf_faults_fini(&faults);
}

static void a_missing_file_is_named(void **state)
{
	struct conf_faults faults = {0};

	(void)state;
	assert_null(conf_read("/there/is/no/such.conf", &faults));
	assert_int_equal(faults.count, 1);
	assert_non_null(strstr(faults.lines[0], "/there/is/no/such.conf"));
	conf_faults_fini(&faults);
}

static void brackets_are_named_where_they_are_wrong(void **state)
{
	(void)state;
	refused("a: {\n b: { c = 1; };\n\nd = [ 1, 2 ];\n", "a.conf:1: this { is never closed");
	refused("a: { b = [ \"]\" ];\n", "a.conf:1: this { is never closed");
	refused("a = [\n 1, 2;\nb: { c = 1; };\n", "a.conf:1: this [ is never closed");
	refused("a: {\n b = [ \"1\" };\n};\n",
		"a.conf:2: } comes before the [ of line 2 is closed");
	refused("a = ( { b = 1; } };\n", "a.conf:1: } comes before the ( of line 1 is closed");
	refused("a = 1;\n};\n", "a.conf:2: there is no { that this } could close");
	refused("# {\n/* ( */ a = \"[\";\n]", "a.conf:3: there is no [ that this ] could close");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_comes_out),
		cmocka_unit_test(brackets_are_named_where_they_are_wrong),
		cmocka_unit_test(what_libconfig_would_spoil_is_refused),
		cmocka_unit_test(slips_are_explained),
		cmocka_unit_test(a_quote_that_is_missing_is_looked_for_where_it_may_be),
		cmocka_unit_test(texts_side_by_side_are_one_but_not_in_a_list),
		cmocka_unit_test(a_comma_too_many_is_taken_or_explained),
		cmocka_unit_test(literals_inside_texts_and_comments_are_left_alone),
		cmocka_unit_test(a_missing_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
