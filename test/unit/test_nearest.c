/* SPDX-License-Identifier: ISC */
/* test_nearest.c - what somebody has meant. */
#include "unit.h"

#include "conf/nearest.h"

static const char *const words[] = {"listen", "max-size", "default-storage", "domains", "ip"};

static void expect(const char *word, const char *meant)
{
	const char *found = nearest_word(word, words, sizeof(words) / sizeof(words[0]));

	if (!meant) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, meant);
}

static void slips_are_near(void **state)
{
	(void)state;
	expect("lisen", "listen");
	expect("lsiten", "listen");
	expect("maxsize", "max-size");
	expect("max_size", "max-size");
	expect("default-storages", "default-storage");
	expect("domain", "domains");
}

static void other_words_are_not(void **state)
{
	char text[200];

	(void)state;
	expect("certificate", NULL);
	expect("x", NULL);
	expect("", NULL);
	memset(text, 'l', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	expect(text, NULL);
	assert_null(nearest_word("listen", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_are_near),
		cmocka_unit_test(other_words_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
