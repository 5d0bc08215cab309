/* SPDX-License-Identifier: ISC */
/* test_csr_cache.c - CSRs read once, bounded, and never freed while in use. */
#include "unit.h"

#include <stdio.h>

#include "sign/csr_cache.h"
#include "fake_house.h"

static struct csr_entry *get(struct csr_cache *cache, const char *body)
{
	struct acmems_error err = {0};
	struct csr_entry *entry = csr_cache_get(cache, body, strlen(body), &err);

	assert_non_null(entry);
	return entry;
}

static struct csr_cache *make(size_t entries, size_t bytes)
{
	struct csr_cache *cache = csr_cache_new(entries, bytes);

	assert_non_null(cache);
	fake_csr_reads = 0;
	return cache;
}

static void test_reads_once(void **state)
{
	struct csr_cache *cache = make(10, 1 << 20);
	struct csr_entry *first = get(cache, "a.example");
	struct csr_entry *second = get(cache, "a.example");

	(void)state;
	assert_ptr_equal(first, second);
	assert_int_equal(fake_csr_reads, 1);
	assert_string_equal(csr_entry_csr(first)->names[0].text, "a.example");
	csr_entry_drop(first);
	csr_entry_drop(second);
	csr_entry_drop(get(cache, "a.example"));
	csr_entry_drop(get(cache, "a.exampl"));
	assert_int_equal(fake_csr_reads, 2);
	assert_int_equal(csr_cache_count(cache), 2);
	csr_cache_free(cache);
	assert_int_equal(fake_csrs_alive, 0);
}

/* Bad ones are judged anew each time. */
static void test_bad_ones_are_not_kept(void **state)
{
	struct csr_cache *cache = make(10, 1 << 20);
	struct acmems_error err = {0};

	(void)state;
	assert_null(csr_cache_get(cache, "bad", 3, &err));
	assert_int_equal(err.code, ACMEMS_BAD_CSR);
	assert_null(csr_cache_get(cache, "bad", 3, &err));
	assert_int_equal(fake_csr_reads, 2);
	assert_int_equal(csr_cache_count(cache), 0);
	csr_cache_free(cache);
}

static void test_least_recently_used_goes(void **state)
{
	struct csr_cache *cache = make(2, 1 << 20);

	(void)state;
	csr_entry_drop(get(cache, "a"));
	csr_entry_drop(get(cache, "b"));
	csr_entry_drop(get(cache, "a"));
	csr_entry_drop(get(cache, "c"));
	assert_int_equal(csr_cache_count(cache), 2);
	assert_int_equal(fake_csr_reads, 3);
	csr_entry_drop(get(cache, "a"));
	assert_int_equal(fake_csr_reads, 3);
	csr_entry_drop(get(cache, "b"));
	assert_int_equal(fake_csr_reads, 4);
	csr_cache_free(cache);
}

static void test_bytes_are_bounded(void **state)
{
	struct csr_cache *cache = make(1000, 4096);
	char name[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "host%d.example", i);
		csr_entry_drop(get(cache, name));
		assert_true(csr_cache_bytes(cache) <= 4096);
	}
	assert_true(csr_cache_count(cache) > 1);
	assert_int_equal(fake_csrs_alive, csr_cache_count(cache));
	csr_cache_free(cache);
	/* one too large for the whole cache is usable all the same */
	cache = make(1000, 16);
	csr_entry_drop(get(cache, "a.example"));
	assert_int_equal(csr_cache_count(cache), 0);
	csr_cache_free(cache);
	assert_int_equal(fake_csrs_alive, 0);
}

static void test_in_use_stays(void **state)
{
	struct csr_cache *cache = make(1, 1 << 20);
	struct csr_entry *entry = get(cache, "a.example");

	(void)state;
	csr_entry_drop(get(cache, "b.example"));
	assert_int_equal(csr_cache_count(cache), 1);
	assert_string_equal(csr_entry_csr(entry)->names[0].text, "a.example");
	csr_cache_free(cache);
	assert_int_equal(fake_csrs_alive, 1);
	assert_string_equal(csr_entry_csr(entry)->names[0].text, "a.example");
	csr_entry_drop(entry);
	assert_int_equal(fake_csrs_alive, 0);
	csr_entry_drop(NULL);
	csr_cache_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_once),
		cmocka_unit_test(test_bad_ones_are_not_kept),
		cmocka_unit_test(test_least_recently_used_goes),
		cmocka_unit_test(test_bytes_are_bounded),
		cmocka_unit_test(test_in_use_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
