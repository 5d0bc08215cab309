/* SPDX-License-Identifier: ISC */
/* test_answer.c - errors and chains as clients see them. */
#include "unit.h"

#include "acme/json.h"
#include "sign/answer.h"
#include "sign/answer_body.h"
#include "sign/answer_match.h"
#include "fake_house.h"
#include "fake_http.h"

static struct acmems_error error_of(enum acmems_code code, const char *message)
{
	struct acmems_error err = {0};

	acmems_error_set(&err, code, "%s", message);
	return err;
}

/* Replies to a new request with this Accept header; the reply lives until the next test. */
static const struct fake_reply *reply_to(const struct acmems_error *err, const char *accept)
{
	struct acmems_http_request *request = fake_http_request("POST", "/sign", "x");
	uint64_t id = request->id;
	const struct fake_reply *reply;

	if (accept)
		fake_http_header(request, "Accept", accept);
	answer_error(id, err);
	reply = fake_http_reply(id);
	assert_non_null(reply);
	return reply;
}

static void test_every_code_has_its_status(void **state)
{
	static const struct {
		enum acmems_code code;
		int status;
	} rows[] = {
		{ACMEMS_OK, 200},
		{ACMEMS_BAD_REQUEST, 400},
		{ACMEMS_REFUSED, 403},
		{ACMEMS_NOT_FOUND, 404},
		{ACMEMS_BAD_METHOD, 405},
		{ACMEMS_NO_LENGTH, 411},
		{ACMEMS_TOO_LARGE, 413},
		{ACMEMS_BAD_CSR, 415},
		{ACMEMS_VALIDATION, 421},
		{ACMEMS_RATE_LIMITED, 429},
		{ACMEMS_BAD_ANSWER, 502},
		{ACMEMS_UNAVAILABLE, 503},
		{ACMEMS_TIMEOUT, 504},
		{ACMEMS_NO_MEMORY, 500},
		{ACMEMS_SYSTEM, 500},
		{ACMEMS_CONFIG, 500},
		{ACMEMS_FAULT, 500},
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), ACMEMS_FAULT + 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(answer_status(rows[i].code), rows[i].status);
}

/* No answer of the Python ACMEMS carried the CA's reason. */
static void test_validation_says_why_name_by_name(void **state)
{
	struct acmems_error err = error_of(ACMEMS_VALIDATION, "the CA could not validate a name");
	const struct fake_reply *reply;

	(void)state;
	acmems_error_detail(&err, "a.example", "connection refused");
	acmems_error_detail(&err, "b.example", "no such host");
	reply = reply_to(&err, NULL);
	assert_int_equal(reply->status, 421);
	assert_string_equal(reply->body,
		"the CA could not validate a name\n"
		"a.example: connection refused\nb.example: no such host\n");
	assert_non_null(strstr(reply->headers, "Content-Type: text/plain"));
}

static void test_problem_json(void **state)
{
	struct acmems_error err = error_of(ACMEMS_VALIDATION, "the CA says \"no\\\"");
	struct acmems_error why = {0};
	const struct fake_reply *reply;
	const struct acmems_json *list;
	struct acmems_json *json;
	const char *text;

	(void)state;
	memcpy(err.problem, "dns", 4);
	acmems_error_detail(&err, "a.example", "said: \"x\"\t\x01\xff");
	reply = reply_to(&err, "application/problem+json");
	assert_non_null(strstr(reply->headers, "Content-Type: application/problem+json"));
	json = json_parse(reply->body, reply->len, &why);
	assert_non_null(json);
	assert_true(acmems_json_need_text(json, "type", 100, &text, &why));
	assert_string_equal(text, "urn:ietf:params:acme:error:dns");
	assert_true(acmems_json_need_text(json, "detail", 100, &text, &why));
	assert_string_equal(text, "the CA says \"no\\\"");
	assert_true(acmems_json_array(json, "errors", 10, &list, &why));
	assert_int_equal(acmems_json_count(list), 1);
	assert_true(acmems_json_need_text(acmems_json_first(list), "name", 100, &text, &why));
	assert_string_equal(text, "a.example");
	assert_true(acmems_json_need_text(acmems_json_first(list), "detail", 100, &text, &why));
	assert_string_equal(text, "said: \"x\"???");
	acmems_json_free(json);
}

static void test_accept(void **state)
{
	(void)state;
	assert_false(answer_wants_problem(NULL));
	assert_false(answer_wants_problem(""));
	assert_false(answer_wants_problem("*/*"));
	assert_false(answer_wants_problem("text/plain, application/jsonx"));
	assert_false(answer_wants_problem("application/json;q=0"));
	assert_false(answer_wants_problem("application/json; q=0.000, text/html"));
	assert_false(answer_wants_problem(";;;,,,;q=;"));
	assert_true(answer_wants_problem("application/json"));
	assert_true(answer_wants_problem("Application/Problem+JSON"));
	assert_true(answer_wants_problem("text/html, application/json;q=0.1"));
	assert_true(answer_wants_problem(" application/problem+json ; charset=utf-8"));
}

static void test_refusal_and_own_fault_say_nothing(void **state)
{
	static const char *const accepts[] = {NULL, "application/json"};
	static const enum acmems_code codes[] = {
		ACMEMS_REFUSED, ACMEMS_SYSTEM, ACMEMS_CONFIG, ACMEMS_FAULT, ACMEMS_NO_MEMORY};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		for (size_t k = 0; k < 2; k++) {
			struct acmems_error err = error_of(codes[i], "secret-message");
			const struct fake_reply *reply;

			memcpy(err.problem, "secret-type", 12);
			acmems_error_detail(&err, "secret-block", "secret-rule");
			reply = reply_to(&err, accepts[k]);
			assert_true(reply->len > 0);
			assert_null(strstr(reply->body, "secret"));
			assert_null(strstr(reply->headers, "secret"));
		}
	}
}

static void test_nothing_can_be_injected(void **state)
{
	struct acmems_error err =
		error_of(ACMEMS_VALIDATION, "one\r\nSet-Cookie: x\x1b[31m \xc2\x9b end");
	const struct fake_reply *reply;

	(void)state;
	acmems_error_detail(&err, "a\r\nb", "c\rd");
	reply = reply_to(&err, NULL);
	assert_null(strstr(reply->headers, "Set-Cookie"));
	for (size_t i = 0; i < reply->len; i++)
		assert_true(reply->body[i] == '\n' ||
			    (reply->body[i] >= 0x20 && reply->body[i] < 0x7f));
	/* the message is one line whatever it holds */
	assert_memory_equal(reply->body, "one??Set-Cookie", 15);
	for (const char *c = reply->headers; *c; c++)
		assert_true(*c != '\r');
}

static void test_retry_after(void **state)
{
	struct acmems_error err = error_of(ACMEMS_RATE_LIMITED, "slow down");
	const struct fake_reply *reply;

	(void)state;
	err.retry_after = 1234;
	reply = reply_to(&err, NULL);
	assert_non_null(strstr(reply->headers, "Retry-After: 1234\n"));
	err.retry_after = UINT32_MAX;
	assert_non_null(strstr(reply_to(&err, NULL)->headers, "Retry-After: 4294967295\n"));
	err.retry_after = 0;
	assert_non_null(strstr(reply_to(&err, NULL)->headers, "Retry-After: 3600\n"));
	err.code = ACMEMS_UNAVAILABLE;
	assert_non_null(strstr(reply_to(&err, NULL)->headers, "Retry-After: 60\n"));
	err.code = ACMEMS_VALIDATION;
	assert_null(strstr(reply_to(&err, NULL)->headers, "Retry-After"));
}

static void test_long_details(void **state)
{
	struct acmems_error err = error_of(ACMEMS_VALIDATION, "many");
	struct acmems_error why = {0};
	const struct fake_reply *reply;
	struct acmems_json *json;

	(void)state;
	for (int i = 0; i < 2000; i++)
		acmems_error_detail(&err, "\"", "\\");
	reply = reply_to(&err, "application/json");
	assert_true(reply->len > ACMEMS_ERROR_DETAIL_MAX);
	json = json_parse(reply->body, reply->len, &why);
	assert_non_null(json);
	acmems_json_free(json);
	assert_true(reply_to(&err, NULL)->len > 4000);
}

static void test_method(void **state)
{
	uint64_t id = fake_http_request("PUT", "/sign", "")->id;

	(void)state;
	answer_method(id, "POST");
	assert_int_equal(fake_http_reply(id)->status, 405);
	assert_non_null(strstr(fake_http_reply(id)->headers, "Allow: POST\n"));
	assert_non_null(strstr(fake_http_reply(id)->body, "POST"));
}

static void test_chain(void **state)
{
	struct acmems_http_request *request = fake_http_request("POST", "/sign", "x");
	uint64_t id = request->id;

	(void)state;
	assert_int_equal(answer_chain(id, fake_chain, strlen(fake_chain), fake_etag), 200);
	assert_int_equal(fake_http_reply(id)->status, 200);
	assert_string_equal(fake_http_reply(id)->body, fake_chain);
	assert_non_null(strstr(
		fake_http_reply(id)->headers, "Content-Type: application/pem-certificate-chain\n"));
	assert_non_null(strstr(fake_http_reply(id)->headers, fake_etag));

	request = fake_http_request("POST", "/sign", "x");
	id = request->id;
	fake_http_header(request, "If-None-Match", fake_etag);
	assert_int_equal(answer_chain(id, fake_chain, strlen(fake_chain), fake_etag), 304);
	assert_int_equal(fake_http_reply(id)->status, 304);
	assert_int_equal(fake_http_reply(id)->len, 0);
	assert_non_null(strstr(fake_http_reply(id)->headers, fake_etag));
}

static void test_if_none_match(void **state)
{
	static const char tag[] = "\"abc\"";

	(void)state;
	assert_false(answer_match(NULL, tag));
	assert_false(answer_match("", tag));
	assert_true(answer_match("\"abc\"", tag));
	assert_true(answer_match("W/\"abc\"", tag));
	assert_true(answer_match(" \"x\", W/\"y\" , \"abc\"", tag));
	assert_true(answer_match("*", tag));
	assert_true(answer_match(" * ", tag));
	assert_false(answer_match("*x", tag));
	assert_false(answer_match("abc", tag));
	assert_false(answer_match("\"abcd\"", tag));
	assert_false(answer_match("\"ab\"", tag));
	assert_false(answer_match("\"x\", \"abc", tag));
	assert_false(answer_match("x, \"abc\"", tag));
	assert_false(answer_match("w/\"abc\"", tag));
}

static void test_gone_is_no_fault(void **state)
{
	struct acmems_error err = error_of(ACMEMS_REFUSED, "no");
	size_t before = fake_http_replies();

	(void)state;
	answer_error(999999, &err);
	answer_text(999999, "hello");
	answer_chain(999999, fake_chain, strlen(fake_chain), fake_etag);
	assert_int_equal(fake_http_replies(), before);
}

static int teardown(void **state)
{
	(void)state;
	fake_http_reset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_has_its_status),
		cmocka_unit_test(test_validation_says_why_name_by_name),
		cmocka_unit_test(test_problem_json),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_refusal_and_own_fault_say_nothing),
		cmocka_unit_test(test_nothing_can_be_injected),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_long_details),
		cmocka_unit_test(test_method),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_if_none_match),
		cmocka_unit_test(test_gone_is_no_fault),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
