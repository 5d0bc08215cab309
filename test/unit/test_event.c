/* SPDX-License-Identifier: ISC */
/* test_event.c - an event in the words that all receivers get. */
#include "unit.h"

#include <acmems/notify.h>

static void times(void **state)
{
	char text[ACMEMS_EVENT_TIME_MAX];

	(void)state;
	acmems_event_time(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	acmems_event_time(1795512600, text);
	assert_string_equal(text, "2026-11-24T09:30:00Z");
	acmems_event_time(INT64_MAX, text);
	assert_string_equal(text, "9223372036854775807");
}

static void severities(void **state)
{
	(void)state;
	assert_string_equal(acmems_severity_name(ACMEMS_EVENT_INFO), "info");
	assert_string_equal(acmems_severity_name(ACMEMS_EVENT_WARNING), "warning");
	assert_string_equal(acmems_severity_name(ACMEMS_EVENT_ERROR), "error");
}

static void json(void **state)
{
	static const char want[] =
		"{\"id\":\"18446744073709551615\",\"event\":\"rejected\",\"severity\":\"warning\","
		"\"time\":\"2026-11-24T09:30:00Z\",\"first\":\"2026-11-24T09:20:00Z\",\"count\":"
		"412,"
		"\"summary\":\"rejected\",\"fields\":{\"peer\":\"192.0.2.1\",\"missed\":"
		"\"a\\\"\\u000a\"}}";
	static const struct acmems_field fields[] = {{"peer", "192.0.2.1"}, {"missed", "a\"\n"}};
	struct acmems_event event = {.name = "rejected",
		.when = 1795512600,
		.summary = "rejected",
		.fields = fields,
		.field_count = 2,
		.id = UINT64_MAX,
		.count = 412,
		.first = 1795512000,
		.severity = ACMEMS_EVENT_WARNING};
	size_t len = 0;
	char *text = acmems_event_json(&event, &len);

	(void)state;
	assert_non_null(text);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(severities),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
