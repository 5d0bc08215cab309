/* SPDX-License-Identifier: ISC */
/* test_json.c - what json.c lets through, and what not. */
#include "unit.h"

#include "acme/json.h"
#include "base/json.h"
#include "base/str.h"

static struct acmems_json *parse(const char *text)
{
	struct acmems_error err = {0};
	struct acmems_json *json;

	assert_non_null(text);
	json = json_parse(text, strlen(text), &err);
	if (json == NULL)
		assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	return json;
}

static void good_documents(void **state)
{
	static const char *const good[] = {
		"{}",
		" { \"a\" : [ 1, 2.5, -1e3, true, false, null, \"x\" ] }\r\n\t",
		"{\"a\":\"\\u00e4\\n\\\"\\\\\\/\\ud83d\\ude00\"}",
		"{\"a\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}",
		"{\"a\":\"\\\\u0000\"}",
		"{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct acmems_json *json = parse(good[i]);

		assert_non_null(json);
		acmems_json_free(json);
	}
}

static void bad_documents(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"\"x\"",
		"null",
		"{} {}",
		"{},",
		"{}x",
		"{\"a\":}",
		"{\"a\" 1}",
		"{'a':1}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":\"x\\u0000y\"}",
		"{\"a\":\"\\ud800\"}",
		"{\"a\":\"\x01\"}",
		"{\"a\":\"a\nb\"}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\xc0\xaf\"}",
		"{\"a\":\"\xe0\x80\x80\"}",
		"{\"a\":\"\xed\xa0\x80\"}",
		"{\"a\":\"\xf4\x90\x80\x80\"}",
		"{\"a\":\"\xf5\x80\x80\x80\"}",
		"{\"a\":\"\xc3\"}",
		"{\"a\":\"\xe2\x82\"}",
		"{\"a\":\xc2\xa0"
		"1}",
		"{\"a\":\"x",
		"{\"a\":\"x\\",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(parse(bad[i]));
}

static void bytes_of_zero(void **state)
{
	static const char inside[] = "{\"a\":\"x\0y\"}";
	static const char behind[] = "{}\0";
	struct acmems_error err = {0};

	(void)state;
	assert_null(json_parse(inside, sizeof(inside) - 1, &err));
	assert_null(json_parse(behind, sizeof(behind) - 1, &err));
}

/* "{"a":" [[[...]]] "}" with that many brackets */
static struct acmems_json *parse_nested(size_t depth)
{
	struct acmems_json *json;
	struct str text;

	str_init(&text, 1 << 20);
	str_add(&text, "{\"a\":");
	for (size_t i = 0; i < depth; i++)
		str_add(&text, "[");
	for (size_t i = 0; i < depth; i++)
		str_add(&text, "]");
	str_add(&text, "}");
	json = parse(str_text(&text));
	str_fini(&text);
	return json;
}

static void depth_is_bounded(void **state)
{
	struct acmems_json *json = parse_nested(ACMEMS_JSON_DEPTH_MAX - 1);

	(void)state;
	assert_non_null(json);
	acmems_json_free(json);
	assert_null(parse_nested(ACMEMS_JSON_DEPTH_MAX));
	assert_null(parse_nested(20000));
}

static void size_is_bounded(void **state)
{
	char *text = malloc(JSON_MAX + 2);
	struct acmems_error err = {0};
	struct acmems_json *json;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', JSON_MAX + 2);
	memcpy(text, "{}", 2);
	json = json_parse(text, JSON_MAX, &err);
	assert_non_null(json);
	acmems_json_free(json);
	assert_null(json_parse(text, JSON_MAX + 1, &err));
	free(text);
}

static const char sample[] =
	"{\"text\":\"abc\",\"Text\":\"other\",\"none\":null,\"yes\":true,\"no\":false,\"number\":5,"
	"\"url\":\"https://ca.example/a\",\"plain\":\"http://ca.example/a\","
	"\"list\":[\"one\",2,{\"x\":\"y\"}],\"object\":{\"in\":\"side\"},\"twice\":\"a\","
	"\"twice\":\"b\"}";

static void texts(void **state)
{
	struct acmems_json *json = parse(sample);
	struct acmems_error err = {0};
	const char *text;

	(void)state;
	assert_true(acmems_json_text(json, "text", 3, &text, &err));
	assert_string_equal(text, "abc");
	assert_true(acmems_json_text(json, "Text", 10, &text, &err));
	assert_string_equal(text, "other");
	assert_true(acmems_json_text(json, "twice", 10, &text, &err));
	assert_string_equal(text, "a");
	assert_true(acmems_json_text(json, "TEXT", 10, &text, &err));
	assert_null(text);
	assert_true(acmems_json_text(json, "none", 10, &text, &err));
	assert_null(text);
	assert_true(acmems_json_text(NULL, "text", 10, &text, &err));
	assert_null(text);
	assert_int_equal(err.code, ACMEMS_OK);
	assert_false(acmems_json_text(json, "text", 2, &text, &err));
	assert_null(text);
	assert_false(acmems_json_text(json, "number", 10, &text, &err));
	assert_false(acmems_json_need_text(json, "none", 10, &text, &err));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	assert_non_null(strstr(err.message, "none"));
	assert_true(acmems_json_need_text(json, "text", 10, &text, &err));
	acmems_json_free(json);
}

static void urls(void **state)
{
	struct acmems_json *json = parse(sample);
	struct acmems_error err = {0};
	const char *url;

	(void)state;
	assert_true(json_url(json, "url", &url, &err));
	assert_string_equal(url, "https://ca.example/a");
	assert_true(json_url(json, "absent", &url, &err));
	assert_null(url);
	assert_false(json_url(json, "plain", &url, &err));
	assert_null(url);
	assert_false(json_need_url(json, "absent", &url, &err));
	assert_false(json_url(json, "list", &url, &err));
	acmems_json_free(json);
	assert_true(json_is_url("https://[::1]:14000/dir?x=y"));
}

static void bad_urls(void **state)
{
	static const char *const bad[] = {
		"",
		"https://",
		"https:///path",
		"HTTPS://ca.example/",
		"ftp://ca.example/",
		"//ca.example/",
		"https://ca.example/a b",
		"https://ca.example/a\r\nHost: x",
		"https://user@ca.example/",
		"https://ca.example/\xc3\xa4",
		"https://ca.example/#x",
		"https://ca.example/\"",
		"https://ca.example\\@evil.example/",
	};
	char longest[JSON_URL_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(json_is_url(bad[i]));
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "https://", 8);
	longest[JSON_URL_MAX] = '\0';
	assert_true(json_is_url(longest));
	longest[JSON_URL_MAX] = 'a';
	longest[JSON_URL_MAX + 1] = '\0';
	assert_false(json_is_url(longest));
}

static void other_types(void **state)
{
	struct acmems_json *json = parse(sample);
	struct acmems_error err = {0};
	const struct acmems_json *found;
	const char *text;
	bool value;

	(void)state;
	assert_true(acmems_json_bool(json, "yes", &value, &err) && value);
	assert_true(acmems_json_bool(json, "no", &value, &err) && !value);
	assert_true(acmems_json_bool(json, "absent", &value, &err) && !value);
	assert_false(acmems_json_bool(json, "text", &value, &err));
	assert_true(acmems_json_object(json, "object", &found, &err));
	assert_true(acmems_json_text(found, "in", 10, &text, &err));
	assert_string_equal(text, "side");
	assert_true(acmems_json_object(json, "absent", &found, &err));
	assert_null(found);
	assert_false(acmems_json_object(json, "list", &found, &err));
	assert_null(found);
	assert_false(acmems_json_array(json, "object", 9, &found, &err));
	acmems_json_free(json);
}

static void arrays(void **state)
{
	struct acmems_json *json = parse(sample);
	struct acmems_error err = {0};
	const struct acmems_json *list;
	const struct acmems_json *one;

	(void)state;
	assert_true(acmems_json_array(json, "list", 3, &list, &err));
	assert_int_equal(acmems_json_count(list), 3);
	one = acmems_json_first(list);
	assert_string_equal(acmems_json_element_text(one), "one");
	one = acmems_json_next(one);
	assert_null(acmems_json_element_text(one));
	one = acmems_json_next(one);
	assert_true(acmems_json_is_object(one));
	assert_null(acmems_json_next(one));
	assert_null(acmems_json_next(NULL));
	assert_null(acmems_json_first(NULL));
	assert_int_equal(acmems_json_count(NULL), 0);
	assert_true(acmems_json_array(json, "absent", 3, &list, &err));
	assert_null(list);
	assert_false(acmems_json_array(json, "list", 2, &list, &err));
	assert_null(list);
	acmems_json_free(json);
}

static void quoting(void **state)
{
	struct acmems_error err = {0};
	struct acmems_json *json;
	struct str out;
	const char *text;

	(void)state;
	str_init(&out, 1000);
	str_add(&out, "{\"a\":");
	json_quote(&out, "x\"y\\z\n\x01\x7f\xc3\xa4");
	str_add(&out, "}");
	assert_non_null(str_text(&out));
	assert_string_equal(str_text(&out), "{\"a\":\"x\\\"y\\\\z\\u000a\\u0001\\u007f\xc3\xa4\"}");
	json = parse(str_text(&out));
	assert_non_null(json);
	assert_true(acmems_json_text(json, "a", 100, &text, &err));
	assert_string_equal(text, "x\"y\\z\n\x01\x7f\xc3\xa4");
	acmems_json_free(json);
	str_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_documents),
		cmocka_unit_test(bad_documents),
		cmocka_unit_test(bytes_of_zero),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(texts),
		cmocka_unit_test(urls),
		cmocka_unit_test(bad_urls),
		cmocka_unit_test(other_types),
		cmocka_unit_test(arrays),
		cmocka_unit_test(quoting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
