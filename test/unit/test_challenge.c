/* SPDX-License-Identifier: ISC */
/* test_challenge.c - challenge objects as a CA may send them. */
#include "unit.h"

#include "acme/challenge.h"
#include "acme/json.h"

static struct acmems_json *parse(const char *text)
{
	struct acmems_error err = {0};
	struct acmems_json *json = json_parse(text, strlen(text), &err);

	assert_non_null(json);
	return json;
}

static bool reads(const char *text, struct acme_challenge *challenge)
{
	struct acmems_error err = {0};
	struct acmems_json *json = parse(text);
	bool ok = challenge_read(json, challenge, &err);

	assert_int_equal(ok, err.code == ACMEMS_OK);
	acmems_json_free(json);
	return ok;
}

#define GOOD "\"type\":\"http-01\",\"url\":\"https://ca.example/c\",\"status\":\"pending\""

static void test_good(void **state)
{
	struct acme_challenge challenge = {0};

	(void)state;
	assert_true(reads("{" GOOD ",\"token\":\"Ab-_9\"}", &challenge));
	assert_string_equal(challenge.type, "http-01");
	assert_string_equal(challenge.url, "https://ca.example/c");
	assert_string_equal(challenge.token, "Ab-_9");
	assert_int_equal(challenge.status, ACME_STATUS_PENDING);
	challenge_fini(&challenge);
	assert_true(reads(
		"{\"type\":\"dns-persist-01\",\"url\":\"https://ca.example/c\"}", &challenge));
	assert_string_equal(challenge.token, "");
	assert_int_equal(challenge.status, ACME_STATUS_MISSING);
	assert_null(challenge.issuers);
	assert_null(challenge.account_uri);
	challenge_fini(&challenge);
}

#define PERSIST "\"type\":\"dns-persist-01\",\"url\":\"https://ca.example/c\""

static void test_persist(void **state)
{
	struct acme_challenge challenge = {0};

	(void)state;
	assert_true(reads("{" PERSIST ",\"accounturi\":\"https://ca.example/a/1\","
			  "\"issuer-domain-names\":[\"CA.example\",\"ca2.example.\"]}",
		&challenge));
	assert_string_equal(challenge.issuers[0], "ca.example");
	assert_string_equal(challenge.issuers[1], "ca2.example");
	assert_null(challenge.issuers[2]);
	assert_string_equal(challenge.account_uri, "https://ca.example/a/1");
	challenge_fini(&challenge);
	assert_true(reads("{" PERSIST ",\"issuerDomainNames\":[\"ca.example\"]}", &challenge));
	assert_string_equal(challenge.issuers[0], "ca.example");
	assert_null(challenge.account_uri);
	challenge_fini(&challenge);
	/* of another type it means nothing */
	assert_true(reads("{" GOOD ",\"token\":\"a\",\"issuerDomainNames\":5}", &challenge));
	assert_null(challenge.issuers);
	challenge_fini(&challenge);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{" GOOD "}",
		"{" GOOD ",\"token\":\"\"}",
		"{" GOOD ",\"token\":\"a/b\"}",
		"{" GOOD ",\"token\":\"..\"}",
		"{" GOOD ",\"token\":7}",
		"{\"type\":\"http-01\",\"url\":\"http://ca.example/c\",\"token\":\"a\"}",
		"{\"type\":\"http-01\",\"url\":\"https://ca.example/c\",\"token\":\"a\","
		"\"status\":1}",
		"{" PERSIST ",\"issuer-domain-names\":\"ca.example\"}",
		"{" PERSIST ",\"issuer-domain-names\":[5]}",
		"{" PERSIST ",\"issuerDomainNames\":[\"a b\"]}",
		"{" PERSIST ",\"issuerDomainNames\":[\".\"]}",
		"{" PERSIST ",\"issuer-domain-names\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\","
		"\"7\",\"8\",\"9\",\"a\",\"b\"]}",
		"{" PERSIST ",\"accounturi\":\"5\"}",
	};
	struct acme_challenge challenge = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(reads(bad[i], &challenge));
}

static void test_type(void **state)
{
	struct acmems_json *json = parse("{\"type\":\"http-01\"}");
	struct acmems_json *odd = parse("{\"type\":[]}");

	(void)state;
	assert_true(challenge_is(json, "http-01"));
	assert_false(challenge_is(json, "HTTP-01"));
	assert_false(challenge_is(odd, "http-01"));
	acmems_json_free(json);
	acmems_json_free(odd);
}

static void test_problem(void **state)
{
	struct acmems_error err = {0};
	struct acmems_json *json = parse("{\"error\":{\"type\":\"urn:ietf:params:acme:error:dns\","
					 "\"detail\":\"NXDOMAIN\\nfor it\"}}");
	struct acmems_json *none = parse("{}");

	(void)state;
	assert_false(challenge_problem(none, &err));
	assert_true(challenge_problem(json, &err));
	assert_string_equal(err.message, "NXDOMAIN for it (dns)");
	assert_string_equal(err.problem, "dns");
	assert_int_equal(err.code, ACMEMS_VALIDATION);
	acmems_json_free(json);
	acmems_json_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_persist),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
