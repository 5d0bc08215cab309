/* SPDX-License-Identifier: ISC */
/* An answer as it comes in, line by line and piece by piece. */
#include "unit.h"

#include <stdio.h>

#include "net/curl_answer.h"

static struct curl_answer answer;

static bool line(const char *text)
{
	return curl_answer_header(&answer, text, strlen(text));
}

static int setup(void **state)
{
	(void)state;
	curl_answer_init(&answer, 10);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	curl_answer_fini(&answer);
	return 0;
}

static const char *find(const char *name)
{
	const struct acmems_http_answer seen = {
		.headers = answer.headers, .header_count = answer.header_count};

	return acmems_http_answer_header(&seen, name);
}

static void test_lines(void **state)
{
	(void)state;
	assert_true(line("HTTP/2 200 \r\n"));
	assert_true(line("Content-TYPE: \t text/plain; a=b:c \t\r\n"));
	assert_true(line("replay-nonce:abc\n"));
	assert_true(line("Replay-Nonce: def\r\n"));
	assert_true(line("Empty:\r\n"));
	assert_false(answer.whole_head);
	assert_true(line("\r\n"));
	assert_true(answer.whole_head);
	assert_int_equal(answer.header_count, 4);
	assert_string_equal(answer.headers[0].name, "content-type");
	assert_string_equal(find("Content-Type"), "text/plain; a=b:c");
	assert_string_equal(find("REPLAY-NONCE"), "abc");
	assert_string_equal(find("empty"), "");
	assert_null(find("replay"));
	assert_null(find(""));
}

static void test_what_is_no_header(void **state)
{
	(void)state;
	assert_true(line("no colon\r\n"));
	assert_true(line(": no name\r\n"));
	assert_true(line(" folded: yes\r\n"));
	assert_true(line("\tfolded: yes\r\n"));
	assert_true(line("a b: c\r\n"));
	assert_true(line("name : value\r\n"));
	assert_true(line("n\xc3\xa4me: value\r\n"));
	assert_true(curl_answer_header(&answer, "nul: a\0b\r\n", 10));
	assert_true(curl_answer_header(&answer, "nu\0l: a\r\n", 9));
	assert_true(curl_answer_header(&answer, "", 0));
	assert_int_equal(answer.header_count, 0);
	assert_false(answer.too_large);
}

/* Behind 100 Continue, or 103, comes the real one. */
static void test_second_head(void **state)
{
	(void)state;
	assert_true(line("HTTP/1.1 103 Early\r\n"));
	assert_true(line("Link: a\r\n"));
	assert_true(line("\r\n"));
	assert_true(line("HTTP/1.1 200 OK\r\n"));
	assert_false(answer.whole_head);
	assert_null(find("link"));
	assert_true(line("Link: b\r\n"));
	assert_string_equal(find("link"), "b");
}

static void test_most_headers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CURL_ANSWER_HEADERS_MAX; i++)
		assert_true(line("A: b\r\n"));
	assert_true(line("\r\n"));
	assert_false(answer.too_large);
	assert_false(line("A: b\r\n"));
	assert_true(answer.too_large);
	assert_int_equal(answer.header_count, CURL_ANSWER_HEADERS_MAX);
}

static void test_most_bytes_of_headers(void **state)
{
	static char wide[33000];

	(void)state;
	memset(wide, 'a', 32000);
	wide[0] = 'A';
	wide[1] = ':';
	assert_true(line(wide));
	memset(wide + 32000, 'a', 700);
	wide[1] = 'A';
	/* not a header, and counted all the same */
	assert_true(line(wide + 31500));
	assert_false(line("B: c\r\n"));
	assert_true(answer.too_large);
}

static void test_body(void **state)
{
	(void)state;
	assert_true(curl_answer_body(&answer, "", 0));
	assert_true(curl_answer_body(&answer, "01234", 5));
	assert_true(curl_answer_body(&answer, "\0\xff", 2));
	assert_true(curl_answer_body(&answer, "789", 3));
	assert_int_equal(answer.body.len, 10);
	assert_memory_equal(str_text(&answer.body),
		"01234\0\xff"
		"789",
		11);
	assert_false(answer.too_large);
	assert_false(curl_answer_body(&answer, "a", 1));
	assert_true(answer.too_large);
	assert_false(answer.no_memory);
}

static void test_body_at_once(void **state)
{
	(void)state;
	assert_false(curl_answer_body(&answer, "0123456789a", 11));
	assert_true(answer.too_large);
	assert_int_equal(answer.body.len, 0);
	assert_false(curl_answer_body(&answer, "a", 1));
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		FRESH(test_lines),
		FRESH(test_what_is_no_header),
		FRESH(test_second_head),
		FRESH(test_most_headers),
		FRESH(test_most_bytes_of_headers),
		FRESH(test_body),
		FRESH(test_body_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
