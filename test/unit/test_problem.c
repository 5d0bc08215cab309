/* SPDX-License-Identifier: ISC */
/* test_problem.c - problem documents become errors. */
#include "unit.h"

#include "acme/json.h"
#include "acme/problem.h"
#include "base/str.h"

static struct acmems_error read_at(const char *text, int status, uint32_t retry_after)
{
	struct acmems_error parse_err = {0};
	struct acmems_error err = {0};
	struct acmems_json *json = NULL;

	if (text != NULL) {
		json = json_parse(text, strlen(text), &parse_err);
		assert_non_null(json);
	}
	assert_false(problem_read(json, status, retry_after, &err));
	acmems_json_free(json);
	return err;
}

static struct acmems_error read_type(const char *type, int status)
{
	char text[256];
	struct str out;

	str_init(&out, sizeof(text));
	str_add(&out, "{\"type\":\"urn:ietf:params:acme:error:");
	str_add(&out, type);
	str_add(&out, "\",\"detail\":\"because\"}");
	assert_non_null(str_text(&out));
	memcpy(text, str_text(&out), out.len + 1);
	str_fini(&out);
	return read_at(text, status, 0);
}

static void codes(void **state)
{
	static const struct {
		const char *type;
		int status;
		enum acmems_code code;
	} rows[] = {
		{"badNonce", 400, ACMEMS_UNAVAILABLE},
		{"rateLimited", 429, ACMEMS_RATE_LIMITED},
		{"rateLimited", 503, ACMEMS_UNAVAILABLE},
		{"rejectedIdentifier", 400, ACMEMS_VALIDATION},
		{"unsupportedIdentifier", 400, ACMEMS_VALIDATION},
		{"caa", 403, ACMEMS_VALIDATION},
		{"dns", 0, ACMEMS_VALIDATION},
		{"connection", 0, ACMEMS_VALIDATION},
		{"tls", 0, ACMEMS_VALIDATION},
		{"unauthorized", 403, ACMEMS_VALIDATION},
		{"incorrectResponse", 403, ACMEMS_VALIDATION},
		{"badCSR", 400, ACMEMS_BAD_CSR},
		{"badPublicKey", 400, ACMEMS_BAD_CSR},
		{"badSignatureAlgorithm", 400, ACMEMS_BAD_CSR},
		{"serverInternal", 500, ACMEMS_UNAVAILABLE},
		{"accountDoesNotExist", 400, ACMEMS_UNAVAILABLE},
		{"userActionRequired", 403, ACMEMS_CONFIG},
		{"externalAccountRequired", 403, ACMEMS_CONFIG},
		{"malformed", 400, ACMEMS_BAD_ANSWER},
		{"orderNotReady", 403, ACMEMS_BAD_ANSWER},
		{"neverHeardOf", 400, ACMEMS_BAD_ANSWER},
		{"neverHeardOf", 429, ACMEMS_RATE_LIMITED},
		{"neverHeardOf", 502, ACMEMS_UNAVAILABLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = read_type(rows[i].type, rows[i].status);

		assert_int_equal(err.code, rows[i].code);
		assert_string_equal(err.problem, rows[i].type);
		assert_true(problem_is(&err, rows[i].type));
		assert_non_null(strstr(err.message, "because"));
		assert_non_null(strstr(err.message, rows[i].type));
	}
}

static void nothing_usable(void **state)
{
	struct acmems_error err;

	(void)state;
	err = read_at(NULL, 502, 0);
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(err.message, "502"));
	assert_string_equal(err.problem, "");
	err = read_at("{\"type\":5,\"detail\":[],\"subproblems\":{}}", 404, 0);
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	err = read_at("{}", 0, 0);
	assert_int_equal(err.code, ACMEMS_VALIDATION);
	err = read_at("{\"type\":\"about:blank\",\"detail\":\"no\"}", 400, 0);
	assert_string_equal(err.problem, "");
	assert_string_equal(err.message, "the CA says: no");
	err = read_at("{\"type\":\"urn:ietf:params:acme:error:a b\"}", 400, 0);
	assert_string_equal(err.problem, "");
}

static void retry_after(void **state)
{
	struct acmems_error err =
		read_at("{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"slow\"}",
			429, 77);

	(void)state;
	assert_int_equal(err.retry_after, 77);
	assert_int_equal(err.code, ACMEMS_RATE_LIMITED);
}

static void names_one_by_one(void **state)
{
	struct acmems_error err = read_at(
		"{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\",\"detail\":\"policy\","
		"\"subproblems\":["
		"{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\",\"detail\":\"bad "
		"one\","
		"\"identifier\":{\"type\":\"dns\",\"value\":\"a.example.org\"}},"
		"{\"detail\":\"no name\"},17,"
		"{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"CAA\\nforbids\","
		"\"identifier\":{\"type\":\"dns\",\"value\":\"b.example.org\"}}]}",
		403, 0);

	(void)state;
	assert_string_equal(err.detail, "a.example.org: bad one (rejectedIdentifier)\n"
					"b.example.org: CAA forbids (caa)\n");
}

static void compound(void **state)
{
	struct acmems_error err =
		read_at("{\"type\":\"urn:ietf:params:acme:error:compound\",\"detail\":\"several\","
			"\"subproblems\":[{\"type\":\"urn:ietf:params:acme:error:badCSR\"}]}",
			400, 0);

	(void)state;
	assert_int_equal(err.code, ACMEMS_BAD_CSR);
}

static void text_is_made_printable(void **state)
{
	struct acmems_error err =
		read_at("{\"detail\":\"a\\u001b[2Jb\\r\\nHTTP\\u0007\xc3\xa4 x\"}", 400, 0);
	char small[8];

	(void)state;
	assert_string_equal(err.message, "the CA says: a\\x1b[2Jb HTTP\\x07\\xc3\\xa4 x");
	assert_string_equal(problem_printable("abcdefghij", small, sizeof(small)), "abcdefg");
	assert_string_equal(problem_printable("abcde\x01", small, sizeof(small)), "abcde");
	assert_string_equal(problem_printable("  \n", small, sizeof(small)), "");
	assert_string_equal(problem_printable(" a  b", small, sizeof(small)), "a b");
	assert_string_equal(problem_printable("x", small, 1), "");
}

static void long_texts_are_cut(void **state)
{
	struct acmems_error err = {0};
	struct acmems_json *json;
	struct str out;

	(void)state;
	str_init(&out, JSON_MAX);
	str_add(&out, "{\"detail\":\"");
	for (int i = 0; i < 2000; i++)
		str_add(&out, "word ");
	str_add(&out, "\",\"subproblems\":[");
	for (int i = 0; i < 150; i++) {
		str_add(&out, i > 0 ? "," : "");
		str_add(&out, "{\"detail\":\"some explanation that takes room\",\"identifier\":"
			      "{\"type\":\"dns\",\"value\":\"name.example.org\"}}");
	}
	str_add(&out, "]}");
	assert_non_null(str_text(&out));
	json = json_parse(str_text(&out), out.len, &err);
	assert_non_null(json);
	problem_read(json, 400, 0, &err);
	assert_true(strlen(err.message) < ACMEMS_ERROR_MESSAGE_MAX);
	assert_true(strlen(err.detail) < ACMEMS_ERROR_DETAIL_MAX);
	assert_true(strlen(err.detail) > ACMEMS_ERROR_DETAIL_MAX / 2);
	acmems_json_free(json);
	str_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes),
		cmocka_unit_test(nothing_usable),
		cmocka_unit_test(retry_after),
		cmocka_unit_test(names_one_by_one),
		cmocka_unit_test(compound),
		cmocka_unit_test(text_is_made_printable),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
