/* SPDX-License-Identifier: ISC */
/* test_http_insist.c - calls that are made again, and the helpers around calls. */
#include "unit.h"

#include <signal.h>

#include <acmems/http.h>

#include "net/http_insist.h"
#include "paper_call.h"
#include "paper_dns.h"
#include "paper_server.h"

#define BUSY "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"

static struct paper_server server;
static struct paper_dns dns;
static struct paper_call call;

static int setup(void **state)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	if (unit_loop_setup(state) != 0)
		return -1;
	paper_dns_init(&dns);
	paper_server_init(&server, NULL, false);
	call = (struct paper_call){0};
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(http_insist_count(), 0);
	assert_int_equal(http_client_count(), 0);
	http_insist_fini();
	http_client_fini();
	resolver_fini();
	paper_server_fini(&server);
	paper_dns_fini(&dns);
	return unit_loop_teardown(state);
}

static void start(int64_t timeout_ms)
{
	struct acmems_error err = {0};
	char url[300], body[] = "body";
	struct acmems_http_header header = {"X-Test", "yes"};
	struct acmems_http_call what = {.method = "POST",
		.url = url,
		.headers = &header,
		.header_count = 1,
		.body = body,
		.body_len = 4,
		.timeout_ms = timeout_ms,
		.plain = true};

	snprintf(url, sizeof(url), "%s", paper_server_url(&server, "127.0.0.1"));
	call.id = acmems_http_insist(&what, paper_call_done, &call, &err);
	assert_int_not_equal(call.id, 0);
	/* the caller's texts are gone by the second try */
	memset(url, 'x', sizeof(url));
	memset(body, 'x', sizeof(body));
}

static void an_answer_is_handed_on(void **state)
{
	(void)state;
	server.answer = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
	start(10000);
	run_until(call.done);
	assert_int_equal(call.status, 404);
	assert_int_equal(call.tries, 1);
	assert_int_equal(server.requests, 1);
}

static void tries_go_on_until_it_is_well(void **state)
{
	(void)state;
	server.answer = BUSY;
	start(20000);
	run_until(server.requests == 2);
	assert_int_equal(call.done, 0);
	server.answer = "";
	server.close = true;
	run_until(server.requests == 3);
	server.answer = NULL;
	run_until(call.done);
	assert_int_equal(call.done, 1);
	assert_int_equal(call.tries, 3);
	assert_int_equal(call.status, 200);
	assert_int_equal(call.err.code, ACMEMS_OK);
	assert_non_null(strstr(server.last, "X-Test: yes"));
	assert_non_null(strstr(server.last, "\r\n\r\nbody"));
}

static void the_last_answer_is_handed_on(void **state)
{
	(void)state;
	server.answer = BUSY;
	start(600);
	run_until(call.done);
	assert_int_equal(call.status, 503);
	assert_string_equal(call.body, "busy");
	assert_true(server.requests >= 2);
}

static void the_last_error_is_handed_on(void **state)
{
	(void)state;
	server.answer = "";
	server.close = true;
	start(600);
	run_until(call.done);
	assert_int_equal(call.err.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(call.err.message, "tries"));
}

static void a_stalled_server_meets_the_deadline(void **state)
{
	(void)state;
	server.mute = true;
	start(200);
	run_until(call.done);
	assert_int_equal(call.err.code, ACMEMS_TIMEOUT);
}

static void cancelled_while_asking_and_between(void **state)
{
	(void)state;
	server.hold = true;
	start(10000);
	run_until(server.requests == 1);
	acmems_http_insist_cancel(call.id);
	acmems_http_insist_cancel(call.id);
	assert_int_equal(http_insist_count(), 0);
	server.hold = false;
	server.answer = BUSY;
	start(10000);
	run_until(server.requests == 2 && http_client_count() == 0);
	assert_int_equal(http_insist_count(), 1);
	acmems_http_insist_cancel(call.id);
	start(10000);
	http_insist_fini();
	run_due();
	assert_int_equal(call.done, 0);
}

static void nonsense_is_refused_at_once(void **state)
{
	struct acmems_http_call what = {.method = "GET", .url = "gopher://x/"};
	struct acmems_error err = {0};

	(void)state;
	assert_int_equal(acmems_http_insist(&what, paper_call_done, &call, &err), 0);
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
}

static void basic_authentication(void **state)
{
	struct acmems_error err = {0};
	char *value = acmems_http_basic("Aladdin", "open sesame", &err);

	(void)state;
	assert_string_equal(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	free(value);
	assert_null(acmems_http_basic("a:b", "c", &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
}

static void expect_error(int status, const char *body, enum acmems_code code, const char *message)
{
	struct acmems_http_answer answer = {.status = status, .body = body, .len = strlen(body)};
	struct acmems_error err = {0};

	assert_false(acmems_http_answer_error(&answer, &err));
	assert_int_equal(err.code, code);
	assert_string_equal(err.message, message);
}

static void answers_as_errors(void **state)
{
	(void)state;
	expect_error(404, "", ACMEMS_BAD_ANSWER, "status 404");
	expect_error(401, "{\"error\": \"forbidden\"}\n", ACMEMS_CONFIG,
		"status 401, \"{\"error\": \"forbidden\"}\"");
	expect_error(403, " \r\n a \x01\n\tb\x7f\xc3 ", ACMEMS_CONFIG, "status 403, \"a b??\"");
	expect_error(500, "x", ACMEMS_UNAVAILABLE, "status 500, \"x\"");
	expect_error(429, "x", ACMEMS_UNAVAILABLE, "status 429, \"x\"");
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(an_answer_is_handed_on),
		with_server(tries_go_on_until_it_is_well),
		with_server(the_last_answer_is_handed_on),
		with_server(the_last_error_is_handed_on),
		with_server(a_stalled_server_meets_the_deadline),
		with_server(cancelled_while_asking_and_between),
		with_server(nonsense_is_refused_at_once),
		cmocka_unit_test(basic_authentication),
		cmocka_unit_test(answers_as_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
