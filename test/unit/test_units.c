/* SPDX-License-Identifier: ISC */
/* test_units.c - durations, sizes, and the nearest word. */
#include "unit.h"

#include "conf/nearest.h"
#include "conf/units.h"

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"90s", 90000}, {"5m", 300000}, {"12h", 43200000}, {"14d", 1209600000},
		{"2w", 1209600000}, {"250ms", 250}, {"1h30m", 5400000}, {"7", 7000}, {"0s", 0}};
	static const char *const bad[] = {
		"", "s", "-1s", "5 m", "1h30", "9999999999999999999s", "5y", "1.5h", "99999999w"};
	char out[32];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(units_duration(good[i].text, "s", &ms));
		assert_true(ms == good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (units_duration(bad[i], "s", &ms))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_true(units_duration("2", "d", &ms));
	assert_true(ms == 172800000);
	assert_string_equal(units_duration_text(300000, out), "5m");
	assert_string_equal(units_duration_text(1500, out), "1500ms");
}

static void sizes(void **state)
{
	static const char *const bad[] = {"", "k", "-1", "1kb", "1 k", "99999999999999999999"};
	char out[32];
	int64_t bytes;

	(void)state;
	assert_true(units_size("16k", &bytes) && bytes == 16384);
	assert_true(units_size("1M", &bytes) && bytes == 1048576);
	assert_true(units_size("17", &bytes) && bytes == 17);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(units_size(bad[i], &bytes));
	assert_string_equal(units_size_text(16384, out), "16k");
}

static void nearest(void **state)
{
	static const char *const words[] = {"listen", "max-size", "timeout"};

	(void)state;
	assert_string_equal(nearest_word("lsiten", words, 3), "listen");
	assert_string_equal(nearest_word("max_size", words, 3), "max-size");
	assert_null(nearest_word("completely-else", words, 3));
	assert_null(nearest_word("x", words, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
