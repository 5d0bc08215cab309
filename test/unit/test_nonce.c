/* SPDX-License-Identifier: ISC */
/* test_nonce.c - the pool of nonces. */
#include "unit.h"

#include <stdio.h>

#include "acme/nonce.h"

static void expect(struct nonce_pool *pool, int64_t now, const char *text)
{
	char *nonce = nonce_take(pool, now);

	if (text == NULL) {
		assert_null(nonce);
		return;
	}
	assert_non_null(nonce);
	assert_string_equal(nonce, text);
	free(nonce);
}

static void validity(void **state)
{
	char text[NONCE_TEXT_MAX + 2];

	(void)state;
	assert_true(nonce_is_valid("oFvnlFP1wIhRlYS2jTaXbA"));
	assert_true(nonce_is_valid("-_"));
	assert_false(nonce_is_valid(""));
	assert_false(nonce_is_valid("a b"));
	assert_false(nonce_is_valid("ab="));
	assert_false(nonce_is_valid("a+b"));
	assert_false(nonce_is_valid("a\"b"));
	memset(text, 'a', sizeof(text));
	text[NONCE_TEXT_MAX] = '\0';
	assert_true(nonce_is_valid(text));
	text[NONCE_TEXT_MAX] = 'a';
	text[NONCE_TEXT_MAX + 1] = '\0';
	assert_false(nonce_is_valid(text));
}

static void freshest_first(void **state)
{
	struct nonce_pool pool = {0};

	(void)state;
	expect(&pool, 0, NULL);
	nonce_put(&pool, "one", 1);
	nonce_put(&pool, "two", 2);
	nonce_put(&pool, NULL, 3);
	nonce_put(&pool, "not valid", 3);
	expect(&pool, 3, "two");
	expect(&pool, 3, "one");
	expect(&pool, 3, NULL);
}

static void old_ones_are_dropped(void **state)
{
	struct nonce_pool pool = {0};

	(void)state;
	nonce_put(&pool, "one", 0);
	nonce_put(&pool, "two", 10);
	expect(&pool, NONCE_AGE_MAX_MS + 5, "two");
	expect(&pool, NONCE_AGE_MAX_MS + 5, NULL);
	nonce_put(&pool, "three", 0);
	expect(&pool, NONCE_AGE_MAX_MS, "three");
	nonce_put(&pool, "four", 0);
	expect(&pool, NONCE_AGE_MAX_MS + 1, NULL);
	assert_int_equal(pool.count, 0);
}

static void bounded(void **state)
{
	struct nonce_pool pool = {0};
	char text[16];

	(void)state;
	for (int i = 0; i < NONCE_POOL_MAX + 10; i++) {
		snprintf(text, sizeof(text), "n%d", i);
		nonce_put(&pool, text, i);
	}
	assert_int_equal(pool.count, NONCE_POOL_MAX);
	for (int i = NONCE_POOL_MAX + 9; i >= 10; i--) {
		snprintf(text, sizeof(text), "n%d", i);
		expect(&pool, 100, text);
	}
	expect(&pool, 100, NULL);
}

static void clearing(void **state)
{
	struct nonce_pool pool = {0};

	(void)state;
	nonce_clear(&pool);
	nonce_put(&pool, "one", 0);
	nonce_put(&pool, "two", 0);
	nonce_clear(&pool);
	assert_int_equal(pool.count, 0);
	expect(&pool, 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(validity),
		cmocka_unit_test(freshest_first),
		cmocka_unit_test(old_ones_are_dropped),
		cmocka_unit_test(bounded),
		cmocka_unit_test(clearing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
