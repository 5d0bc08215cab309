/* SPDX-License-Identifier: ISC */
/* The HTTP client over TLS: whom it trusts, HTTP/2, and many calls at once. */
#include "temp_dir.h"

#include <signal.h>

#include "paper_call.h"
#include "paper_dns.h"
#include "paper_server.h"
#include "paper_trust.h"

#define MANY 64

static struct paper_server server;
static struct paper_trust trust;
static struct paper_dns dns;
static const char *const home[] = {"127.0.0.1", NULL};
static char ca_file[128];

static int begin(void **state, bool h2)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	unsetenv("SSL_CERT_DIR");
	unsetenv("SSL_CERT_FILE");
	if (unit_loop_setup(state) != 0 || temp_dir_setup(state) != 0)
		return -1;
	snprintf(ca_file, sizeof(ca_file), "%s", temp_path("ca.pem"));
	paper_dns_init(&dns);
	dns.a = home;
	paper_trust_init(&trust, ca_file);
	paper_server_init(&server, trust.server, h2);
	return 0;
}

static int setup(void **state)
{
	return begin(state, false);
}

static int setup_h2(void **state)
{
	return begin(state, true);
}

static int teardown(void **state)
{
	assert_int_equal(http_client_count(), 0);
	http_client_fini();
	resolver_fini();
	paper_server_fini(&server);
	paper_trust_fini(&trust);
	paper_dns_fini(&dns);
	if (temp_dir_teardown(state) != 0)
		return -1;
	return unit_loop_teardown(state);
}

static struct acmems_http_call to(const char *host)
{
	return (struct acmems_http_call){
		.url = paper_server_url(&server, host), .ca_file = ca_file, .timeout_ms = 8000};
}

static struct paper_call get(const char *file)
{
	struct acmems_http_call what = to("ca.paper.test");

	what.ca_file = file;
	return paper_call_run(what);
}

static void expect(struct paper_call call, enum acmems_code code, int status)
{
	if (call.err.code != code || call.status != status)
		fail_msg("%d: %s", call.status, call.err.message);
}

/* ---- trust ---- */

static void test_trusted(void **state)
{
	(void)state;
	expect(get(ca_file), ACMEMS_OK, 200);
	expect(get(NULL), ACMEMS_UNAVAILABLE, 0);
	expect(get(ca_file), ACMEMS_OK, 200);
	/* the one to whom it was trusted is kept, the other one is a connection of its own */
	assert_int_equal(server.accepted, 2);
	expect(paper_call_run(to("127.0.0.1")), ACMEMS_OK, 200);
	assert_int_equal(paper_count("/proc/self/task"), 3);
}

static void test_files_share_nothing(void **state)
{
	char copy[128];
	struct paper_trust other;

	(void)state;
	snprintf(copy, sizeof(copy), "%s", temp_copy(ca_file, "copy.pem"));
	expect(get(ca_file), ACMEMS_OK, 200);
	expect(get(copy), ACMEMS_OK, 200);
	assert_int_equal(server.accepted, 2);
	expect(get(ca_file), ACMEMS_OK, 200);
	expect(get(copy), ACMEMS_OK, 200);
	assert_int_equal(server.accepted, 2);
	paper_trust_init(&other, temp_path("other.pem"));
	paper_trust_fini(&other);
	expect(get(temp_path("other.pem")), ACMEMS_UNAVAILABLE, 0);
}

static void test_file_is_read_each_time(void **state)
{
	struct paper_trust other;

	(void)state;
	expect(get(ca_file), ACMEMS_OK, 200);
	paper_trust_init(&other, ca_file);
	paper_trust_fini(&other);
	paper_server_drop(&server);
	expect(get(ca_file), ACMEMS_UNAVAILABLE, 0);
}

static void test_file_of_no_use(void **state)
{
	struct paper_call call = get(temp_path("missing.pem"));

	(void)state;
	expect(call, ACMEMS_CONFIG, 0);
	assert_non_null(strstr(call.err.message, "missing.pem"));
	call = get(temp_file("junk.pem", "junk\n"));
	expect(call, ACMEMS_CONFIG, 0);
}

static void test_anchors_of_the_system(void **state)
{
	char name[32], list[200];

	(void)state;
	expect(get(NULL), ACMEMS_UNAVAILABLE, 0);
	/* a bundle */
	setenv("SSL_CERT_FILE", ca_file, 1);
	expect(get(NULL), ACMEMS_OK, 200);
	paper_server_drop(&server);
	unsetenv("SSL_CERT_FILE");
	expect(get(NULL), ACMEMS_UNAVAILABLE, 0);
	/* a directory, one of several */
	snprintf(name, sizeof(name), "%08lx.0", X509_subject_name_hash(trust.root));
	temp_copy(ca_file, name);
	snprintf(list, sizeof(list), "/nonexistent:%s", temp_dir);
	setenv("SSL_CERT_DIR", list, 1);
	expect(get(NULL), ACMEMS_OK, 200);
	unsetenv("SSL_CERT_DIR");
}

static void test_wrong_name(void **state)
{
	struct paper_call call = paper_call_run(to("other.example"));

	(void)state;
	expect(call, ACMEMS_UNAVAILABLE, 0);
	assert_non_null(strstr(call.err.message, "other.example: "));
	assert_int_equal(server.requests, 0);
}

static void test_old_protocol(void **state)
{
	(void)state;
	SSL_CTX_set_security_level(trust.server, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(trust.server, TLS1_VERSION), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(trust.server, TLS1_1_VERSION), 1);
	expect(get(ca_file), ACMEMS_UNAVAILABLE, 0);
	assert_int_equal(server.requests, 0);
}

static void test_no_tls_there(void **state)
{
	struct paper_server plain;
	char url[64];

	(void)state;
	paper_server_init(&plain, NULL, false);
	plain.close = true;
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", plain.port);
	expect(paper_call_run((struct acmems_http_call){.url = url, .timeout_ms = 300}),
		ACMEMS_TIMEOUT, 0);
	assert_int_equal(plain.requests, 0);
	paper_server_fini(&plain);
}

/* ---- connections ---- */

static void test_one_connection(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		expect(get(ca_file), ACMEMS_OK, 200);
	assert_int_equal(server.accepted, 1);
	paper_server_drop(&server);
	expect(get(ca_file), ACMEMS_OK, 200);
	assert_int_equal(server.accepted, 2);
}

/* Many servers: pools come and go, and what they held goes with them. */
static void test_many_servers(void **state)
{
	unsigned fds = paper_count("/proc/self/fd");

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		char host[32];

		snprintf(host, sizeof(host), "ca-%u.paper.test", i);
		expect(paper_call_run(to(host)), ACMEMS_OK, 200);
		run_until(server.open <= 8);
	}
	assert_int_equal(server.accepted, 12);
	assert_true(paper_count("/proc/self/fd") <= fds + 3 + 8 * 5);
	http_client_fini();
	run_until(server.open == 0);
	/* the resolver may keep its socket */
	assert_true(paper_count("/proc/self/fd") <= fds + 2);
}

static void test_stuck_connection(void **state)
{
	struct acmems_http_call what = to("ca.paper.test");
	struct paper_call stuck;

	(void)state;
	expect(get(ca_file), ACMEMS_OK, 200);
	paper_server_deafen(&server);
	paper_call_start(&stuck, what);
	what.timeout_ms = 100;
	expect(paper_call_run(what), ACMEMS_TIMEOUT, 0);
	/* others are not sent after it, although one still waits there */
	expect(get(ca_file), ACMEMS_OK, 200);
	expect(get(ca_file), ACMEMS_OK, 200);
	assert_int_equal(stuck.done, 0);
	paper_server_drop(&server);
	run_until(stuck.done);
	expect(get(ca_file), ACMEMS_OK, 200);
}

static void test_lost_with_calls_under_way(void **state)
{
	struct paper_call calls[20];

	(void)state;
	server.hold = true;
	for (unsigned i = 0; i < 20; i++)
		paper_call_start(&calls[i], to("ca.paper.test"));
	run_until(server.held_count > 0);
	server.hold = false;
	server.held_count = 0;
	paper_server_drop(&server);
	for (unsigned i = 0; i < 20; i++) {
		run_until(calls[i].done);
		if (calls[i].status != 200 && calls[i].err.code != ACMEMS_UNAVAILABLE)
			fail_msg("%s", calls[i].err.message);
	}
	expect(get(ca_file), ACMEMS_OK, 200);
}

/* ---- HTTP/2 ---- */

static void test_two_is_spoken(void **state)
{
	struct acmems_http_call what = to("ca.paper.test");
	struct paper_call call = paper_call_run(what);

	(void)state;
	expect(call, ACMEMS_OK, 200);
	assert_string_equal(call.header, "2");
	assert_string_equal(call.body, "fine");
	what.method = "POST";
	what.body = "some body";
	what.body_len = 9;
	expect(paper_call_run(what), ACMEMS_OK, 200);
	what.method = "HEAD";
	server.answer = "";
	expect(paper_call_run(what), ACMEMS_OK, 200);
	assert_int_equal(server.accepted, 1);
}

static void test_bodies(void **state)
{
	static char body[70000];
	struct acmems_http_call what = to("ca.paper.test");

	(void)state;
	memset(body, 'b', sizeof(body));
	server.answer = body;
	/* about the sizes of frames and buffers, and of what is allowed */
	for (size_t len = 16382; len < 16388; len++) {
		server.answer_len = len;
		assert_int_equal(paper_call_run(what).len, len);
	}
	server.answer_len = 65536;
	assert_int_equal(paper_call_run(what).len, 65536);
	server.answer_len = 65537;
	expect(paper_call_run(what), ACMEMS_BAD_ANSWER, 0);
	what.method = "POST";
	what.body = body;
	what.body_len = sizeof(body);
	server.answer_len = 4;
	expect(paper_call_run(what), ACMEMS_OK, 200);
}

/* All at once, answered in disorder, piece by piece, by a server that shares its time with others. */
static void run_many(const struct acmems_http_call *what, unsigned cancelled)
{
	static struct paper_call calls[MANY];
	struct acmems_http_call each = *what;

	for (unsigned i = 0; i < MANY; i++) {
		each.method = i % 3 ? "POST" : "GET";
		each.body = "payload";
		each.body_len = i % 3 ? 7 : 0;
		paper_call_start(&calls[i], each);
		if (i % 8 == 0)
			loop_run_once(0);
	}
	for (unsigned i = 0; i < MANY; i++) {
		if (cancelled && i % cancelled == 0) {
			loop_run_once(0);
			acmems_http_call_cancel(calls[i].id);
			calls[i].done = 1;
		}
	}
	for (unsigned i = 0; i < MANY; i++) {
		run_until(calls[i].done);
		assert_int_equal(calls[i].done, 1);
		if (!cancelled || i % cancelled != 0)
			expect(calls[i], ACMEMS_OK, 200);
	}
}

static void test_many_at_once(void **state)
{
	struct acmems_http_call what = to("ca.paper.test");
	static char body[40000];

	(void)state;
	server.shuffle = true;
	for (unsigned round = 0; round < 3; round++)
		run_many(&what, 0);
	assert_int_equal(server.requests, 3 * MANY);
	assert_true(server.open_peak <= 4);
	for (unsigned round = 0; round < 3; round++)
		run_many(&what, 2 + round);
	if (!server.h2)
		return;
	/* more than a buffer of curl's, so that streams stand in each other's way */
	memset(body, 'b', sizeof(body));
	server.answer = body;
	server.answer_len = 20000;
	for (unsigned round = 0; round < 3; round++)
		run_many(&what, 0);
	for (unsigned round = 0; round < 3; round++)
		run_many(&what, 2 + round);
	assert_true(server.open_peak <= 4);
	assert_int_equal(paper_count("/proc/self/task"), 3);
}

int main(void)
{
#define OVER_1(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define OVER_2(test) cmocka_unit_test_setup_teardown(test, setup_h2, teardown)
	const struct CMUnitTest tests[] = {
		OVER_1(test_trusted),
		OVER_2(test_trusted),
		OVER_1(test_files_share_nothing),
		OVER_2(test_file_is_read_each_time),
		OVER_1(test_file_of_no_use),
		OVER_1(test_anchors_of_the_system),
		OVER_1(test_wrong_name),
		OVER_1(test_old_protocol),
		OVER_1(test_no_tls_there),
		OVER_1(test_one_connection),
		OVER_2(test_one_connection),
		OVER_2(test_many_servers),
		OVER_2(test_stuck_connection),
		OVER_1(test_lost_with_calls_under_way),
		OVER_2(test_lost_with_calls_under_way),
		OVER_2(test_two_is_spoken),
		OVER_2(test_bodies),
		OVER_1(test_many_at_once),
		OVER_2(test_many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
