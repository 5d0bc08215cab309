/* SPDX-License-Identifier: ISC */
/* The HTTP client against a server on paper: what servers answer, and what becomes of it. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "paper_call.h"
#include "paper_dns.h"
#include "paper_server.h"

static struct paper_server server;
static struct paper_dns dns;
static const char *const home[] = {"127.0.0.1", NULL};

static int setup(void **state)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	if (unit_loop_setup(state) != 0)
		return -1;
	paper_dns_init(&dns);
	dns.a = home;
	paper_server_init(&server, NULL, false);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(http_client_count(), 0);
	http_client_fini();
	resolver_fini();
	paper_server_fini(&server);
	paper_dns_fini(&dns);
	return unit_loop_teardown(state);
}

static struct paper_call get(const char *answer)
{
	server.answer = answer;
	return paper_call_run((struct acmems_http_call){
		.url = paper_server_url(&server, "127.0.0.1"), .plain = true});
}

static void test_answer(void **state)
{
	struct paper_call call = get("HTTP/1.1 201 Created\r\nX-PaPer:  one two \r\n"
				     "Content-Length: 5\r\nX-Paper: three\r\n\r\nhello");

	(void)state;
	assert_int_equal(call.err.code, ACMEMS_OK);
	assert_int_equal(call.status, 201);
	assert_int_equal(call.len, 5);
	assert_string_equal(call.body, "hello");
	assert_string_equal(call.header, "one two");
	assert_int_equal(call.header_count, 3);
	assert_int_equal(http_client_count(), 0);
	assert_non_null(strstr(server.last, "GET /path HTTP/1.1\r\n"));
	assert_non_null(strstr(server.last, "User-Agent: acmems/"));
	assert_non_null(strstr(server.last, "Host: 127.0.0.1:"));
	assert_null(strstr(server.last, "Expect"));
}

static bool all_lower;

static void on_names(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *err)
{
	all_lower = answer && !err && answer->header_count == 2;
	for (size_t i = 0; answer && i < answer->header_count; i++) {
		for (const char *c = answer->headers[i].name; *c; c++)
			all_lower = all_lower && !(*c >= 'A' && *c <= 'Z');
	}
	*(unsigned *)arg += 1;
}

static void test_names_in_lower_case(void **state)
{
	struct acmems_http_call what = {
		.method = "GET", .url = paper_server_url(&server, "127.0.0.1"), .plain = true};
	struct acmems_error err = {0};
	unsigned done = 0;

	(void)state;
	server.answer = "HTTP/1.1 200 OK\r\nREPLAY-Nonce: A\r\nContent-LENGTH: 0\r\n\r\n";
	assert_true(acmems_http_call_start(&what, on_names, &done, &err) != 0);
	run_until(done);
	assert_true(all_lower);
}

static void test_what_is_sent(void **state)
{
	const struct acmems_http_header headers[] = {{"Content-Type", "application/jose+json"},
		{"X-Empty", ""}, {"Accept", "text/plain"}};
	struct acmems_http_call what = {.method = "POST",
		.url = paper_server_url(&server, "127.0.0.1"),
		.headers = headers,
		.header_count = 3,
		.body = "a\0b",
		.body_len = 3,
		.plain = true};

	(void)state;
	assert_int_equal(paper_call_run(what).status, 200);
	assert_true(strncmp(server.last, "POST /path HTTP/1.1\r\n", 21) == 0);
	assert_non_null(strstr(server.last, "Content-Type: application/jose+json\r\n"));
	assert_non_null(strstr(server.last, "X-Empty:\r\n"));
	assert_non_null(strstr(server.last, "Accept: text/plain\r\n"));
	assert_non_null(strstr(server.last, "Content-Length: 3\r\n"));
	what.method = "PUT";
	assert_int_equal(paper_call_run(what).status, 200);
	assert_true(strncmp(server.last, "PUT /path HTTP/1.1\r\n", 20) == 0);
	assert_non_null(strstr(server.last, "Content-Length: 3\r\n"));
	what.body_len = 0;
	what.body = NULL;
	what.method = "POST";
	assert_int_equal(paper_call_run(what).status, 200);
	assert_non_null(strstr(server.last, "Content-Length: 0\r\n"));
	what.method = "HEAD";
	server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 400\r\nX-Paper: head\r\n\r\n";
	assert_string_equal(paper_call_run(what).header, "head");
	assert_true(strncmp(server.last, "HEAD /path HTTP/1.1\r\n", 21) == 0);
}

static void test_headers_not_sent(void **state)
{
	char wide[20000];
	const struct acmems_http_header bad[][1] = {
		{{"X-Split", "a\r\nX-Other: b"}}, {{"X-Long", wide}}};
	struct acmems_error err = {0};
	struct paper_call call = {0};

	(void)state;
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	for (size_t i = 0; i < 2; i++) {
		struct acmems_http_call what = {.method = "GET",
			.url = paper_server_url(&server, "127.0.0.1"),
			.headers = bad[i],
			.header_count = 1,
			.plain = true};

		call.id = acmems_http_call_start(&what, paper_call_done, &call, &err);
		if (call.id)
			run_until(call.done);
		else
			call.err = err;
		assert_int_equal(call.err.code, ACMEMS_FAULT);
		assert_non_null(strstr(call.err.message, bad[i][0].name));
	}
	assert_int_equal(server.accepted, 0);
	/* long ones are no fault */
	wide[9000] = '\0';
	assert_int_equal(paper_call_run((struct acmems_http_call){
						.url = paper_server_url(&server, "127.0.0.1"),
						.headers = bad[1],
						.header_count = 1,
						.plain = true})
				 .status,
		200);
}

static void test_any_status_is_an_answer(void **state)
{
	(void)state;
	assert_int_equal(get("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n").status, 404);
	assert_int_equal(get("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno").status, 503);
	assert_int_equal(get("HTTP/1.1 204 No\r\n\r\n").status, 204);
	assert_int_equal(get("HTTP/1.1 100 Continue\r\nX-Paper: a\r\n\r\nHTTP/1.1 200 OK\r\n"
			     "Content-Length: 0\r\n\r\n")
				 .status,
		200);
}

static void test_no_redirects(void **state)
{
	char answer[200];
	struct paper_call call;

	(void)state;
	snprintf(answer, sizeof(answer),
		"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 2\r\n\r\ngo",
		paper_server_url(&server, "127.0.0.1"));
	call = get(answer);
	assert_int_equal(call.status, 302);
	assert_string_equal(call.body, "go");
	assert_int_equal(server.requests, 1);
}

static void test_chunks(void **state)
{
	struct paper_call call = get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				     "3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Paper: trailer\r\n\r\n");

	(void)state;
	assert_string_equal(call.body, "abcdefg");
	call = get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n");
	assert_true(call.err.code == ACMEMS_BAD_ANSWER || call.err.code == ACMEMS_UNAVAILABLE);
}

static void test_answer_too_large(void **state)
{
	struct acmems_http_call what = {.method = "GET",
		.url = paper_server_url(&server, "127.0.0.1"),
		.max_answer = 10,
		.plain = true};
	struct paper_call call;

	(void)state;
	server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
	call = paper_call_run(what);
	assert_string_equal(call.body, "0123456789");
	server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a";
	call = paper_call_run(what);
	assert_int_equal(call.err.code, ACMEMS_BAD_ANSWER);
	assert_non_null(strstr(call.err.message, "127.0.0.1: its answer is too large"));
	/* no length told: cut while it comes */
	server.close = true;
	server.answer = "HTTP/1.0 200 OK\r\n\r\n0123456789abc";
	call = paper_call_run(what);
	assert_int_equal(call.err.code, ACMEMS_BAD_ANSWER);
	server.answer = "HTTP/1.0 200 OK\r\n\r\n0123456789";
	call = paper_call_run(what);
	assert_string_equal(call.body, "0123456789");
}

/* 65,536 bytes when nothing is said. */
static void test_largest_answer(void **state)
{
	static char answer[66000];
	int head = snprintf(answer, sizeof(answer), "HTTP/1.0 200 OK\r\n\r\n");
	struct acmems_http_call what = {
		.url = paper_server_url(&server, "127.0.0.1"), .plain = true};
	struct paper_call call;

	(void)state;
	memset(answer + head, 'x', 65537);
	server.answer = answer;
	server.close = true;
	server.answer_len = (size_t)head + 65536;
	call = paper_call_run(what);
	assert_int_equal(call.err.code, ACMEMS_OK);
	assert_int_equal(call.len, 65536);
	server.answer_len++;
	call = paper_call_run(what);
	assert_int_equal(call.err.code, ACMEMS_BAD_ANSWER);
}

static void test_too_many_headers(void **state)
{
	static char answer[80000];
	size_t len = (size_t)snprintf(
		answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
	struct paper_call call;

	(void)state;
	for (unsigned i = 0; i < 63; i++)
		len += (size_t)snprintf(
			answer + len, sizeof(answer) - len, "X-Header-%u: %u\r\n", i, i);
	snprintf(answer + len, sizeof(answer) - len, "\r\n");
	call = get(answer);
	assert_int_equal(call.err.code, ACMEMS_OK);
	assert_int_equal(call.header_count, 64);
	snprintf(answer + len, sizeof(answer) - len, "X-One: more\r\n\r\n");
	call = get(answer);
	assert_int_equal(call.err.code, ACMEMS_BAD_ANSWER);
	/* few, and wide */
	len = (size_t)snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nX-Wide: ");
	memset(answer + len, 'w', 40000);
	snprintf(answer + len + 40000, sizeof(answer) - len - 40000, "\r\n\r\n");
	call = get(answer);
	assert_int_equal(call.err.code, ACMEMS_BAD_ANSWER);
}

static void test_cut_short(void **state)
{
	static const char *const answers[] = {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Le",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12"};

	(void)state;
	server.close = true;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct paper_call call = get(answers[i]);

		assert_true(
			call.err.code == ACMEMS_UNAVAILABLE || call.err.code == ACMEMS_BAD_ANSWER);
		assert_non_null(strstr(call.err.message, "127.0.0.1: "));
	}
	assert_int_equal(get(answers[3]).err.code, ACMEMS_UNAVAILABLE);
}

static void test_garbage(void **state)
{
	static const char *const answers[] = {"SSH-2.0-OpenSSH_9.2\r\n", "<html>no</html>\r\n\r\n",
		"HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n"};

	(void)state;
	server.close = true;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct paper_call call = get(answers[i]);

		if (call.err.code != ACMEMS_BAD_ANSWER)
			fail_msg("\"%s\": %s", answers[i], call.err.message);
	}
}

static void test_odd_headers(void **state)
{
	struct paper_call call = get("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Paper : no\r\n"
				     "X Space: no\r\nX-Fold: a\r\n"
				     " X-Paper: folded\r\nX-Paper:\r\n\r\n");

	(void)state;
	assert_int_equal(call.err.code, ACMEMS_OK);
	assert_string_equal(call.header, "");
	assert_int_equal(call.header_count, 3);
}

static void test_no_answer_in_time(void **state)
{
	struct acmems_http_call what = {
		.url = paper_server_url(&server, "127.0.0.1"), .timeout_ms = 80, .plain = true};
	int64_t begin = acmems_clock_ms();
	struct paper_call call;

	(void)state;
	server.hold = true;
	call = paper_call_run(what);
	assert_int_equal(call.err.code, ACMEMS_TIMEOUT);
	assert_true(acmems_clock_ms() - begin >= 75);
	server.mute = true;
	call = paper_call_run(what);
	assert_int_equal(call.err.code, ACMEMS_TIMEOUT);
	/* half of an answer is none */
	server.mute = false;
	server.hold = false;
	server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345";
	call = paper_call_run(what);
	assert_int_equal(call.err.code, ACMEMS_TIMEOUT);
	/* nor is the deadline one for each part */
	dns.silent = true;
	what.url = paper_server_url(&server, "silent.test");
	begin = acmems_clock_ms();
	call = paper_call_run(what);
	assert_int_equal(call.err.code, ACMEMS_TIMEOUT);
	assert_true(acmems_clock_ms() - begin < unit_patience_ms() / 2);
}

static void test_refused(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct paper_call call;
	char url[64];

	(void)state;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(in.sin_port));
	call = paper_call_run((struct acmems_http_call){.url = url, .plain = true});
	assert_int_equal(call.err.code, ACMEMS_UNAVAILABLE);
	close(fd);
}

static void test_names(void **state)
{
	static const char *const hosts[] = {"ca.test", "CA.Test", "ca.test."};
	struct acmems_http_call what = {.plain = true};
	struct paper_call call;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		what.url = paper_server_url(&server, hosts[i]);
		call = paper_call_run(what);
		if (call.status != 200)
			fail_msg("%s", call.err.message);
	}
	dns.rcode = 3;
	what.url = paper_server_url(&server, "no.test");
	call = paper_call_run(what);
	assert_int_equal(call.err.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(call.err.message, "no.test"));
	assert_int_equal(paper_count("/proc/self/task"), 3);
}

/* Addresses are tried in turn. */
static void test_second_address(void **state)
{
	static const char *const two[] = {"127.9.9.9", "127.0.0.1", NULL};

	(void)state;
	dns.a = two;
	assert_int_equal(
		paper_call_run((struct acmems_http_call){
				       .url = paper_server_url(&server, "two.test"), .plain = true})
			.status,
		200);
}

static void test_urls(void **state)
{
	static const struct {
		const char *url;
		bool plain;
	} bad[] = {{"http://127.0.0.1:1/", false}, {"ftp://127.0.0.1/", true}, {"file:///x", true},
		{"", true}, {"127.0.0.1", true}, {"https:///x", false}, {"https://", false},
		{"https://:443/", false}, {"https://a:/", false}, {"https://a:b/", false},
		{"https://a:123456/", false}, {"https://a:70000/", false}, {"https://a:0/", false},
		{"https://user@a/", false}, {"https://user:1@a/", false}, {"https://a\\@b/", false},
		{"https://a b/", false}, {"https://[::1/", false}, {"https://[]/", false},
		{"https://[::1]x/", false}, {"https://a%2eb/", false}, {"https://a\nb/", false},
		{"https://b\xc3\xbc.test/", false}, {"https://a/b c", false},
		{"https://a/b\r\nX: y", false}, {"https://a/\x7f", false}};
	struct acmems_error err;
	struct paper_call call = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct acmems_http_call what = {
			.method = "GET", .url = bad[i].url, .plain = bad[i].plain};

		memset(&err, 0, sizeof(err));
		if (acmems_http_call_start(&what, paper_call_done, &call, &err) != 0)
			fail_msg("taken: \"%s\"", bad[i].url);
		assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	}
	assert_int_equal(call.done, 0);
	assert_int_equal(dns.asked, 0);
}

static void test_reuse(void **state)
{
	(void)state;
	assert_int_equal(get(NULL).status, 200);
	assert_int_equal(get(NULL).status, 200);
	assert_int_equal(server.accepted, 1);
	/* closed by the server meanwhile: nobody notices */
	paper_server_drop(&server);
	assert_int_equal(get(NULL).status, 200);
	assert_int_equal(server.accepted, 2);
	/* closed behind each answer */
	server.close = true;
	assert_int_equal(get(NULL).status, 200);
	assert_int_equal(get(NULL).status, 200);
	assert_int_equal(server.accepted, 3);
}

/* A server that is slow with one call does not hold up another. */
static void test_slow_call_holds_up_nobody(void **state)
{
	struct paper_call slow, fast;
	struct acmems_http_call what = {
		.url = paper_server_url(&server, "127.0.0.1"), .timeout_ms = 5000, .plain = true};

	(void)state;
	server.hold = true;
	paper_call_start(&slow, what);
	run_until(server.held_count == 1);
	paper_call_start(&fast, what);
	run_until(server.held_count == 2);
	paper_server_release(&server);
	run_until(slow.done && fast.done);
	assert_int_equal(slow.status + fast.status, 400);
}

static void test_nothing_is_left_behind(void **state)
{
	unsigned fds, round;

	(void)state;
	assert_int_equal(get(NULL).status, 200);
	http_client_fini();
	run_due();
	paper_server_drop(&server);
	fds = paper_count("/proc/self/fd");
	for (round = 0; round < 50; round++) {
		struct paper_call calls[20];
		unsigned done = 0;

		for (unsigned i = 0; i < 20; i++)
			paper_call_start(
				&calls[i], (struct acmems_http_call){
						   .url = paper_server_url(&server, "127.0.0.1"),
						   .plain = true});
		assert_int_equal(http_client_count(), 20);
		while (done < 20) {
			run_until(calls[done].done);
			assert_int_equal(calls[done++].status, 200);
		}
	}
	assert_int_equal(server.requests, 1001);
	assert_true(server.open_peak <= 4);
	http_client_fini();
	run_until(server.open == 0);
	assert_int_equal(paper_count("/proc/self/fd"), fds);
	/* "." and ".." and one thread */
	assert_int_equal(paper_count("/proc/self/task"), 3);
}

int main(void)
{
#define IN_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		IN_LOOP(test_answer),
		IN_LOOP(test_names_in_lower_case),
		IN_LOOP(test_what_is_sent),
		IN_LOOP(test_headers_not_sent),
		IN_LOOP(test_any_status_is_an_answer),
		IN_LOOP(test_no_redirects),
		IN_LOOP(test_chunks),
		IN_LOOP(test_answer_too_large),
		IN_LOOP(test_largest_answer),
		IN_LOOP(test_too_many_headers),
		IN_LOOP(test_cut_short),
		IN_LOOP(test_garbage),
		IN_LOOP(test_odd_headers),
		IN_LOOP(test_no_answer_in_time),
		IN_LOOP(test_refused),
		IN_LOOP(test_names),
		IN_LOOP(test_second_address),
		IN_LOOP(test_urls),
		IN_LOOP(test_reuse),
		IN_LOOP(test_slow_call_holds_up_nobody),
		IN_LOOP(test_nothing_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
