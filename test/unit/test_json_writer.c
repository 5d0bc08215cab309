/* SPDX-License-Identifier: ISC */
/* test_json_writer.c - JSON that is written, and how it is read back. */
#include "unit.h"

#include <acmems/json.h>

#include "base/utf8.h"

#define MAX 4096

/* Finishes the writer, which has to have gone well, and compares. */
static void expect(struct acmems_json_writer *out, const char *want)
{
	size_t len = 0;
	char *text = acmems_json_writer_finish(out, &len);

	assert_non_null(text);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
}

static void expect_failure(struct acmems_json_writer *out)
{
	size_t len = 0;

	assert_null(acmems_json_writer_finish(out, &len));
}

static void nothing(void **state)
{
	(void)state;
	expect(acmems_json_writer_new(MAX), "{}");
}

static void values(void **state)
{
	struct acmems_json_writer *out = acmems_json_writer_new(MAX);

	(void)state;
	acmems_json_put_text(out, "text", "value");
	acmems_json_put_text(out, "none", NULL);
	acmems_json_put_bool(out, "yes", true);
	acmems_json_put_bool(out, "no", false);
	acmems_json_put_int(out, "int", -5);
	acmems_json_put_int(out, "max", ACMEMS_JSON_INT_MAX);
	acmems_json_put(out, "absent", NULL);
	expect(out, "{\"text\":\"value\",\"none\":null,\"yes\":true,\"no\":false,\"int\":-5,"
		    "\"max\":9007199254740992,\"absent\":null}");
}

static void nesting(void **state)
{
	struct acmems_json_writer *out = acmems_json_writer_new(MAX);

	(void)state;
	acmems_json_begin_object(out, "a");
	acmems_json_begin_array(out, "list");
	acmems_json_put_text(out, NULL, "one");
	acmems_json_begin_object(out, NULL);
	acmems_json_end(out);
	acmems_json_put_int(out, NULL, 2);
	acmems_json_begin_array(out, NULL);
	acmems_json_end(out);
	acmems_json_end(out);
	acmems_json_end(out);
	acmems_json_put_bool(out, "behind", true);
	expect(out, "{\"a\":{\"list\":[\"one\",{},2,[]]},\"behind\":true}");
}

static void awkward_texts(void **state)
{
	struct acmems_json_writer *out = acmems_json_writer_new(MAX);

	(void)state;
	acmems_json_put_text(out, "a\"b", "x\"y\\z\n\x01\x7f\xc3\xa4");
	acmems_json_put_text(out, "bad", "\xff|\xc3|\xe2\x82|\xed\xa0\x80|\xc0\xaf");
	expect(out, "{\"a\\\"b\":\"x\\\"y\\\\z\\u000a\\u0001\\u007f\xc3\xa4\","
		    "\"bad\":\"\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|"
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\"}");
}

static void one_text(void **state)
{
	char *text = acmems_json_quote("a\"\n\xff");

	(void)state;
	assert_non_null(text);
	assert_string_equal(text, "\"a\\\"\\u000a\xef\xbf\xbd\"");
	free(text);
}

static void misuse(void **state)
{
	struct acmems_json_writer *out = acmems_json_writer_new(MAX);

	(void)state;
	acmems_json_end(out);
	expect_failure(out);
	out = acmems_json_writer_new(MAX);
	acmems_json_begin_array(out, "open");
	expect_failure(out);
	out = acmems_json_writer_new(MAX);
	acmems_json_put_text(out, NULL, "nameless");
	expect_failure(out);
	out = acmems_json_writer_new(MAX);
	acmems_json_begin_array(out, "list");
	acmems_json_put_bool(out, "named", true);
	acmems_json_end(out);
	expect_failure(out);
	out = acmems_json_writer_new(MAX);
	acmems_json_put_int(out, "huge", INT64_MIN);
	expect_failure(out);
}

static void no_writer(void **state)
{
	(void)state;
	acmems_json_put_text(NULL, "a", "b");
	acmems_json_put_bool(NULL, "a", true);
	acmems_json_put_int(NULL, "a", 1);
	acmems_json_put(NULL, "a", NULL);
	acmems_json_begin_object(NULL, "a");
	acmems_json_begin_array(NULL, "a");
	acmems_json_end(NULL);
	expect_failure(NULL);
}

static void bounds(void **state)
{
	struct acmems_json_writer *out = acmems_json_writer_new(10);

	(void)state;
	acmems_json_put_text(out, "a", "bcd");
	expect_failure(out);
	out = acmems_json_writer_new(10);
	acmems_json_put_text(out, "a", "bc");
	expect(out, "{\"a\":\"bc\"}");
	out = acmems_json_writer_new(MAX);
	for (int i = 1; i < ACMEMS_JSON_DEPTH_MAX; i++)
		acmems_json_begin_object(out, "a");
	for (int i = 1; i < ACMEMS_JSON_DEPTH_MAX; i++)
		acmems_json_end(out);
	assert_non_null(out);
	acmems_json_put_bool(out, "b", true);
	for (int i = 1; i <= ACMEMS_JSON_DEPTH_MAX; i++)
		acmems_json_begin_object(out, "a");
	for (int i = 1; i <= ACMEMS_JSON_DEPTH_MAX; i++)
		acmems_json_end(out);
	expect_failure(out);
}

/* Everything that can be read is written as it was. */
static void values_that_were_read(void **state)
{
	static const char text[] =
		"{\"a\":{\"b\":[1,2.5,\"x\xc3\xa4\\\"\",true,null]},\"c\":\"d\"}";
	struct acmems_json_writer *out = acmems_json_writer_new(MAX);
	struct acmems_error err = {0};
	struct acmems_json *json = acmems_json_read(text, strlen(text), MAX, &err);

	(void)state;
	assert_non_null(json);
	for (const struct acmems_json *one = acmems_json_first(json); one != NULL;
		one = acmems_json_next(one))
		acmems_json_put(out, acmems_json_name(one), one);
	acmems_json_free(json);
	expect(out, text);
}

static void numbers_are_read(void **state)
{
	static const char text[] = "{\"a\":12,\"b\":-7e0,\"c\":1.5,\"d\":1e999,\"e\":\"1\","
				   "\"f\":9007199254740992}";
	struct acmems_error err = {0};
	struct acmems_json *json = acmems_json_read(text, strlen(text), MAX, &err);
	const int64_t max = ACMEMS_JSON_INT_MAX;
	int64_t value;

	(void)state;
	assert_non_null(json);
	assert_true(acmems_json_int(json, "a", 0, 12, &value, &err));
	assert_int_equal(value, 12);
	assert_true(acmems_json_int(json, "b", -7, 12, &value, &err));
	assert_int_equal(value, -7);
	assert_true(acmems_json_int(json, "absent", 1, 12, &value, &err));
	assert_int_equal(value, 0);
	assert_true(acmems_json_int(json, "f", -max, max, &value, &err));
	assert_true(value == max);
	assert_int_equal(err.code, ACMEMS_OK);
	assert_false(acmems_json_int(json, "a", 0, 11, &value, &err));
	assert_false(acmems_json_int(json, "b", 0, 11, &value, &err));
	assert_false(acmems_json_int(json, "c", 0, 11, &value, &err));
	assert_non_null(strstr(err.message, "whole"));
	assert_false(acmems_json_int(json, "d", -max, max, &value, &err));
	assert_false(acmems_json_int(json, "e", 0, 11, &value, &err));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	acmems_json_free(json);
}

static void members_have_names(void **state)
{
	static const char text[] = "{\"a\":[1],\"b\":2}";
	struct acmems_error err = {0};
	struct acmems_json *json = acmems_json_read(text, strlen(text), MAX, &err);
	const struct acmems_json *one = acmems_json_first(json);

	(void)state;
	assert_non_null(json);
	assert_int_equal(acmems_json_count(json), 2);
	assert_string_equal(acmems_json_name(one), "a");
	assert_string_equal(acmems_json_name(acmems_json_first(one)), "");
	one = acmems_json_next(one);
	assert_string_equal(acmems_json_name(one), "b");
	assert_null(acmems_json_first(one));
	assert_string_equal(acmems_json_name(NULL), "");
	assert_false(acmems_json_is_object(NULL));
	assert_null(acmems_json_element_text(NULL));
	acmems_json_free(json);
	assert_null(acmems_json_read(text, strlen(text), strlen(text) - 1, &err));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
}

static void sequences(void **state)
{
	uint32_t point = 0;

	(void)state;
	assert_int_equal(utf8_decode("\xf0\x9f\x98\x80", 4, &point), 4);
	assert_int_equal(point, 0x1f600);
	assert_int_equal(utf8_decode("\xf0\x9f\x98\x80", 3, &point), 0);
	assert_int_equal(utf8_decode("\xc3\xa4", 2, &point), 2);
	assert_int_equal(point, 0xe4);
	assert_int_equal(utf8_decode("", 1, &point), 1);
	assert_int_equal(point, 0);
	assert_int_equal(utf8_decode("\xc3", 4, &point), 0);
	assert_int_equal(utf8_decode("\xe0\x80\x80", 3, &point), 0);
	assert_int_equal(utf8_decode("\xf4\x90\x80\x80", 4, &point), 0);
	assert_int_equal(utf8_decode("\x80", 1, &point), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(values),
		cmocka_unit_test(nesting),
		cmocka_unit_test(awkward_texts),
		cmocka_unit_test(one_text),
		cmocka_unit_test(misuse),
		cmocka_unit_test(no_writer),
		cmocka_unit_test(bounds),
		cmocka_unit_test(values_that_were_read),
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(members_have_names),
		cmocka_unit_test(sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
