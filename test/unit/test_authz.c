/* SPDX-License-Identifier: ISC */
/* test_authz.c - authorization objects as a CA may send them. */
#include "unit.h"

#include "acme/authz.h"
#include "acme/json.h"

static char plain[] = "a.example";
static char star[] = "*.a.example";
static char address[] = "2001:db8::1";
static const struct acmems_name names[] = {
	{.kind = ACMEMS_NAME_DNS, .text = plain},
	{.kind = ACMEMS_NAME_DNS, .text = star, .wildcard = true},
	{.kind = ACMEMS_NAME_IP, .text = address},
};
static const struct acmems_csr csr = {.names = names, .name_count = 3};
static const char *const types[] = {"dns-01", "http-01", NULL};

#define CHALLENGE(type, token, more)                                                               \
	"{\"type\":\"" type "\",\"url\":\"https://ca.example/c\",\"token\":\"" token               \
	"\",\"status\":\"pending\"" more "}"
#define AUTHZ(status, kind, name, rest)                                                            \
	"{\"status\":\"" status "\",\"identifier\":{\"type\":\"" kind "\",\"value\":\"" name       \
	"\"}" rest "}"

static bool reads(struct authz *authz, const char *text)
{
	struct acmems_error err = {0};
	struct acmems_json *json = json_parse(text, strlen(text), &err);
	bool ok;

	assert_non_null(json);
	ok = authz_read(authz, json, types, &csr, &err);
	assert_int_equal(ok, err.code == ACMEMS_OK);
	acmems_json_free(json);
	return ok;
}

static void test_choice(void **state)
{
	struct authz authz = {0};

	(void)state;
	assert_true(reads(&authz, AUTHZ("pending", "dns", "A.Example",
					  ",\"challenges\":[" CHALLENGE("http-01", "t1",
						  "") "," CHALLENGE("dns-01", "t2", "") "]")));
	assert_string_equal(authz.name, "a.example");
	assert_string_equal(authz.challenge.type, "dns-01");
	assert_false(authz.wildcard);
	/* the chosen one stays, and its token with it */
	authz.published = true;
	assert_false(reads(&authz, AUTHZ("pending", "dns", "a.example",
					   ",\"challenges\":[" CHALLENGE("dns-01", "t3", "") "]")));
	assert_string_equal(authz.challenge.token, "t2");
	authz_fini(&authz);
	assert_true(
		reads(&authz, AUTHZ("pending", "dns", "a.example",
				      ",\"challenges\":[" CHALLENGE("tls-alpn-01", "t", "") "]")));
	assert_null(authz.challenge.type);
	authz_fini(&authz);
}

static void test_nothing_to_choose(void **state)
{
	struct authz authz = {0};

	(void)state;
	assert_true(reads(&authz,
		AUTHZ("pending", "dns", "a.example",
			",\"challenges\":[" CHALLENGE("tls-alpn-01", "t", "") "," CHALLENGE(
				"\\u001b[2J", "u", "") "," CHALLENGE("x-02", "v", "") "]")));
	assert_null(authz.challenge.type);
	assert_string_equal(authz.why,
		"the CA offers tls-alpn-01, x-02, and the validator solves dns-01, http-01");
	authz_fini(&authz);
	assert_true(reads(&authz, AUTHZ("pending", "dns", "*.a.example", "")));
	assert_string_equal(
		authz.why, "the CA offers nothing, and the validator solves dns-01, http-01");
	/* an end of another kind needs no such word */
	assert_true(reads(&authz, AUTHZ("valid", "dns", "*.a.example", "")));
	assert_null(authz.why);
	authz_fini(&authz);
}

static void test_names(void **state)
{
	struct authz authz = {0};

	(void)state;
	assert_true(reads(&authz, AUTHZ("valid", "dns", "a.example", ",\"wildcard\":true")));
	assert_true(authz.wildcard);
	assert_string_equal(authz.name, "a.example");
	authz_fini(&authz);
	assert_true(reads(&authz, AUTHZ("valid", "dns", "*.a.example", "")));
	assert_true(authz.wildcard);
	assert_string_equal(authz.name, "a.example");
	authz_fini(&authz);
	assert_true(reads(&authz, AUTHZ("valid", "ip", "2001:DB8:0:0::1", "")));
	assert_string_equal(authz.name, "2001:db8::1");
	authz_fini(&authz);
	assert_false(reads(&authz, AUTHZ("valid", "dns", "b.example", "")));
	assert_false(reads(&authz, AUTHZ("valid", "ip", "2001:db8::2", "")));
	assert_false(reads(&authz, AUTHZ("valid", "dns", "2001:db8::1", "")));
	assert_false(reads(&authz, AUTHZ("valid", "mail", "a.example", "")));
	assert_false(reads(&authz, AUTHZ("valid", "dns", "a.example", ",\"wildcard\":1")));
	assert_false(reads(&authz, "{\"status\":\"valid\"}"));
	assert_false(reads(&authz, AUTHZ("valid", "dns", "a.example", ",\"challenges\":{}")));
}

static void test_why(void **state)
{
	struct authz authz = {0};

	(void)state;
	assert_true(reads(&authz, AUTHZ("invalid", "dns", "a.example",
					  ",\"challenges\":[" CHALLENGE("http-01", "t1",
						  ",\"error\":{\"type\":\"urn:ietf:params:acme:"
						  "error:tls\",\"detail\":\"bad\"}") "]")));
	assert_string_equal(authz.why, "bad (tls)");
	assert_string_equal(authz.problem, "tls");
	authz_fini(&authz);
	assert_true(reads(&authz, AUTHZ("invalid", "dns", "a.example", "")));
	assert_null(authz.why);
	authz_fini(&authz);
}

static void test_lost_response(void **state)
{
	static const char text[] = AUTHZ("pending", "dns", "a.example",
		",\"challenges\":[" CHALLENGE("http-01", "t1", "") "]");
	struct authz authz = {0};

	(void)state;
	assert_true(reads(&authz, text));
	assert_false(authz_undecided(&authz));
	authz.response = AUTHZ_RESPONSE_TAKEN;
	assert_true(reads(&authz, text));
	assert_true(authz_undecided(&authz));
	authz.response = AUTHZ_RESPONSE_LOST;
	assert_true(reads(&authz, text));
	assert_int_equal(authz.response, AUTHZ_RESPONSE_OPEN);
	authz_fini(&authz);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_nothing_to_choose),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_lost_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
