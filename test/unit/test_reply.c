/* SPDX-License-Identifier: ISC */
/* test_reply.c - answers of a CA: of the kind that was asked for, or errors. */
#include "unit.h"

#include <acmems/json.h>

#include "acme/reply.h"

static struct acmems_error err;
static struct acme_answer answer;

/* Freed before it returns: what matters is looked at by the caller's flags only. */
static bool reads(int status, enum acme_expect expect, const char *type, const char *body,
	const char *name, const char *value)
{
	struct acmems_http_header headers[] = {{"content-type", type}, {name, value}};
	struct acmems_http_answer http = {.status = status,
		.body = body,
		.len = strlen(body),
		.headers = headers,
		.header_count = name ? 2 : 1};
	struct acmems_json *json = NULL;
	bool ok;

	err = (struct acmems_error){0};
	ok = reply_read(&http, expect, &answer, &json, &err);
	acmems_json_free(json);
	if (err.code == ACMEMS_NO_MEMORY)
		skip();
	return ok;
}

static void objects_are_read(void **state)
{
	(void)state;
	assert_true(reads(201, ACME_EXPECT_JSON, "application/json", "{\"a\":1}", "location",
		"https://ca.example/order/1"));
	assert_int_equal(answer.status, 201);
	assert_string_equal(answer.location, "https://ca.example/order/1");
	assert_true(answer.retry_after_ms == -1);
	assert_true(reads(200, ACME_EXPECT_JSON, "Application/JSON; charset=utf-8", "{}",
		"retry-after", "7"));
	assert_null(answer.location);
	assert_true(answer.retry_after_ms == 7000);
	/* a location that no client should go to is none */
	assert_true(reads(
		201, ACME_EXPECT_JSON, "application/json", "{}", "location", "file:///etc/passwd"));
	assert_null(answer.location);
}

static void other_types_and_bodies_are_bad(void **state)
{
	static const char *const types[] = {"text/html", "application/jsonp", "", "application"};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_false(reads(200, ACME_EXPECT_JSON, types[i], "{}", NULL, NULL));
		assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	}
	assert_false(reads(200, ACME_EXPECT_JSON, "application/json", "{", NULL, NULL));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	assert_false(reads(200, ACME_EXPECT_JSON, "application/json", "[]", NULL, NULL));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
}

static void chains_are_taken_as_they_are(void **state)
{
	(void)state;
	assert_true(reads(
		200, ACME_EXPECT_CHAIN, "application/pem-certificate-chain", "PEM", NULL, NULL));
	assert_int_equal(answer.len, 3);
	assert_null(answer.json);
	assert_false(reads(200, ACME_EXPECT_CHAIN, "application/json", "{}", NULL, NULL));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
}

static void problems_are_errors(void **state)
{
	(void)state;
	assert_false(reads(429, ACME_EXPECT_JSON, "application/problem+json",
		"{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"slow down\"}",
		"retry-after", "120"));
	assert_int_equal(err.code, ACMEMS_RATE_LIMITED);
	assert_string_equal(err.problem, "rateLimited");
	assert_int_equal(err.retry_after, 120);
	assert_non_null(strstr(err.message, "slow down"));
	/* a page of somebody's in between: the status counts */
	assert_false(reads(503, ACME_EXPECT_JSON, "text/html", "<h1>busy</h1>", NULL, NULL));
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_null(strstr(err.message, "<h1>"));
	assert_false(reads(302, ACME_EXPECT_JSON, "text/html", "", "location", "https://x/"));
	assert_int_not_equal(err.code, ACMEMS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_read),
		cmocka_unit_test(other_types_and_bodies_are_bad),
		cmocka_unit_test(chains_are_taken_as_they_are),
		cmocka_unit_test(problems_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
