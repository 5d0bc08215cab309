/* SPDX-License-Identifier: ISC */
/* test_glob.c - what a glob of * and ? lets in, and which globs there can be. */
#include "unit.h"

#include <acmems/glob.h>

static void test_table(void **state)
{
	static const struct {
		const char *pattern;
		const char *name;
		bool fits;
	} rows[] = {
		{"www.example.org", "www.example.org", true},
		{"www.example.org", "www.example.or", false},
		{"www.example.org", "www.example.orgx", false},
		{"WWW.Example.ORG", "www.example.org", true},
		{"www.example.org", "WWW.EXAMPLE.ORG", true},
		{"*.test.example.org", "a.test.example.org", true},
		{"*.test.example.org", "a.b.test.example.org", true},
		{"*.test.example.org", "test.example.org", false},
		{"*.test.example.org", ".test.example.org", true},
		{"mail?.example.org", "mail1.example.org", true},
		{"mail?.example.org", "mail.example.org", false},
		{"mail?.example.org", "mail12.example.org", false},
		{"*.example.org", "*.example.org", true},
		{"www.example.org", "*.example.org", false},
		{"*.example.org", "*.sub.example.org", true},
		{"*", "anything.at.all", true},
		{"*", "", true},
		{"?", "", false},
		{"", "", true},
		{"", "a", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-b-b-cd", false},
		{"**a**", "bab", true},
		{"*.example.org", "www.example.org.evil.net", false},
		{"example.org", "evil-example.org", false},
		{"www[12].example.org", "www1.example.org", false},
		{"www[12].example.org", "www[12].example.org", true},
		{"a\\*b", "a*b", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (acmems_glob_match(rows[i].pattern, rows[i].name, true) != rows[i].fits)
			fail_msg("\"%s\" and \"%s\"", rows[i].pattern, rows[i].name);
	}
}

static void test_case_can_matter(void **state)
{
	(void)state;
	assert_true(acmems_glob_match("CN=a*,O=?", "CN=ab,O=x", false));
	assert_false(acmems_glob_match("cn=a*", "CN=ab", false));
	assert_true(acmems_glob_match("cn=a*", "CN=ab", true));
	/* letters only */
	assert_false(acmems_glob_match("[", "{", true));
	assert_false(acmems_glob_match("\xc0", "\xe0", true));
}

/* The classic way to make a matcher work for years. */
static void test_hostile(void **state)
{
	char pattern[ACMEMS_GLOB_DOMAIN_MAX + 1];
	char name[16385];
	int64_t start = acmems_clock_ms();

	(void)state;
	for (size_t i = 0; i < ACMEMS_GLOB_DOMAIN_MAX - 1; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[ACMEMS_GLOB_DOMAIN_MAX - 1] = 'b';
	pattern[ACMEMS_GLOB_DOMAIN_MAX] = '\0';
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_false(acmems_glob_match(pattern, name, true));
	assert_true(acmems_clock_ms() - start < 2000);
}

static void test_valid(void **state)
{
	static const char *const good[] = {"www.example.org", "*.example.org", "mail?.example.org",
		"*", "xn--bcher-kva.example", "_acme.example.org", "UPPER.example"};
	static const char *const bad[] = {"", "www[12].example.org", "a]b", "a b", "a/b",
		"b\xc3\xbc"
		"cher.example",
		"a\nb", "a\\*b", "{a,b}.example"};
	struct acmems_error err = {0};
	char longest[ACMEMS_GLOB_DOMAIN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(acmems_glob_domain(good[i], &err));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct acmems_error){0};
		assert_false(acmems_glob_domain(bad[i], &err));
		assert_int_equal(err.code, ACMEMS_CONFIG);
		assert_true(err.message[0]);
	}
	memset(longest, 'a', sizeof(longest));
	longest[ACMEMS_GLOB_DOMAIN_MAX] = '\0';
	assert_true(acmems_glob_domain(longest, &err));
	longest[ACMEMS_GLOB_DOMAIN_MAX] = 'a';
	longest[ACMEMS_GLOB_DOMAIN_MAX + 1] = '\0';
	assert_false(acmems_glob_domain(longest, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_case_can_matter),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
