/* SPDX-License-Identifier: ISC */
/* test_challenge_txt.c - name and value of TXT records, with the drafts' own vectors. */
#include "unit.h"

#include <acmems/validator.h>

static struct acmems_challenge challenge(const char *type)
{
	return (struct acmems_challenge){.type = type,
		.identifier = "www.example.org",
		.token = "tok",
		.key_authorization = "tok.thumb",
		.account_url = "https://example.com/acme/acct/ExampleAccount"};
}

static void test_value(void **state)
{
	struct acmems_challenge one = challenge("dns-01");
	char out[ACMEMS_CHALLENGE_TXT_MAX];

	(void)state;
	if (!acmems_challenge_txt(&one, out))
		return; /* no memory */
	assert_string_equal(out, "sYAwVrqDtVOuJZvAHurSAYPoEt5fFV_C4bdSOOW-o5Y");
}

static void test_names(void **state)
{
	struct acmems_challenge one = challenge("dns-01");
	char out[ACMEMS_DNS_NAME_MAX];

	(void)state;
	assert_true(acmems_challenge_txt_name(&one, out));
	assert_string_equal(out, "_acme-challenge.www.example.org");
	one.type = "dns-persist-01";
	assert_true(acmems_challenge_txt_name(&one, out));
	assert_string_equal(out, "_validation-persist.www.example.org");
	one.type = "http-01";
	assert_false(acmems_challenge_txt_name(&one, out));
}

/* draft-ietf-acme-dns-account-label, appendix of test vectors */
static void test_account_label(void **state)
{
	struct acmems_challenge one = challenge("dns-account-01");
	char out[ACMEMS_DNS_NAME_MAX];

	(void)state;
	if (!acmems_challenge_txt_name(&one, out))
		return; /* no memory */
	assert_string_equal(out, "_ujmmovf2vn55tgye._acme-challenge.www.example.org");
}

static void test_too_long(void **state)
{
	char name[254];
	char out[ACMEMS_DNS_NAME_MAX];
	struct acmems_challenge one = challenge("dns-01");

	(void)state;
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	one.identifier = name;
	name[253 - strlen("_acme-challenge.") + 1] = '\0';
	assert_false(acmems_challenge_txt_name(&one, out));
	name[253 - strlen("_acme-challenge.")] = '\0';
	assert_true(acmems_challenge_txt_name(&one, out));
	assert_int_equal(strlen(out), 253);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_account_label),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
