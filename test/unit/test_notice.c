/* SPDX-License-Identifier: ISC */
/* test_notice.c - events: clean, bounded, and the same after they were bytes. */
#include "unit.h"

#include "notify/notice.h"

static void test_clean_texts(void **state)
{
	struct notice *event = notice_new(NOTICE_FAILED);
	struct notice *again;
	struct str text;
	char large[20000];

	(void)state;
	assert_non_null(event);
	notice_add(event, "detail", "a\r\nb\x1b[31m\xff caf\xc3\xa9 \xc2\x85");
	assert_string_equal(notice_field(event, "detail"), "a \nb?[31m? caf\xc3\xa9 ?");
	/* override, separator of lines, isolate, mark of direction; and a harmless one */
	notice_add(event, "missed",
		"a\xe2\x80\xae!\xe2\x80\xa8!\xe2\x81\xa8!\xe2\x80\x8f!\xe2\x82\xac");
	assert_string_equal(notice_field(event, "missed"), "a?!?!?!?!\xe2\x82\xac");
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	notice_add(event, "names", large);
	assert_int_equal(strlen(notice_field(event, "names")), NOTICE_TEXT_MAX);
	notice_summary(event, "one\r\nline %s", large);
	assert_true(strlen(event->summary) <= NOTICE_SUMMARY_MAX);
	assert_null(strpbrk(event->summary, "\r\n"));
	str_init(&text, NOTICE_BYTES_MAX);
	notice_encode(event, &text);
	assert_non_null(str_text(&text));
	again = notice_decode(text.data, text.len);
	assert_non_null(again);
	assert_int_equal(again->id, event->id);
	assert_string_equal(again->summary, event->summary);
	assert_string_equal(notice_field(again, "names"), notice_field(event, "names"));
	assert_int_equal(notice_key(again), notice_key(event));
	for (size_t len = 0; len + 1 < text.len; len += 97)
		notice_drop(notice_decode(text.data, len));
	notice_drop(again);
	notice_add(event, "of-its-own", "is no field");
	assert_true(event->failed);
	notice_drop(event);
	str_fini(&text);
}

static void test_severity(void **state)
{
	static const struct {
		const char *what;
		enum acmems_severity severity;
	} rows[] = {
		{"registered", ACMEMS_EVENT_INFO},
		{"terms-changed", ACMEMS_EVENT_WARNING},
		{"deactivated", ACMEMS_EVENT_ERROR},
		{"needs-a-hand", ACMEMS_EVENT_ERROR},
	};
	struct notice *event = notice_new(NOTICE_REJECTED);

	(void)state;
	assert_non_null(event);
	assert_int_equal(notice_severity(event), ACMEMS_EVENT_WARNING);
	notice_drop(event);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		event = notice_new(NOTICE_ACCOUNT);
		assert_non_null(event);
		notice_add(event, "what", rows[i].what);
		if (!event->failed)
			assert_int_equal(notice_severity(event), rows[i].severity);
		notice_drop(event);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean_texts),
		cmocka_unit_test(test_severity),
	};

	return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
