/* SPDX-License-Identifier: ISC */
/* test_sign.c - one request from body to answer, its log line, and clients that leave. */
#include "unit.h"

#include <stdio.h>

#include "base/log_target.h"
#include "base/op_core.h"
#include "fake_house.h"
#include "fake_http.h"
#include "sign/flight.h"
#include "sign/sign.h"

static struct fake_house house;
static char lines[65536]; /* what was logged, at info and above */
static unsigned warnings;

static void on_line(void *arg, enum acmems_log_level level, const char *line)
{
	size_t used = strlen(lines);

	(void)arg;
	if (level <= ACMEMS_LOG_WARNING)
		warnings++;
	snprintf(lines + used, sizeof(lines) - used, "%s\n", line);
}

static int setup(void **state)
{
	(void)state;
	fake_http_reset();
	fake_house_init(&house, 1);
	lines[0] = '\0';
	warnings = 0;
	return 0;
}

/* Whatever happened, nothing stays behind. */
static int teardown(void **state)
{
	(void)state;
	sign_fini();
	fake_http_reset();
	return sign_count() == 0 && flight_count() == 0 && op_count() == 0 &&
			       house.generation.holds == 0 && fake_csrs_alive == 0
		       ? 0
		       : -1;
}

static uint64_t post(const char *body)
{
	struct acmems_http_request *request = fake_http_request("POST", "/sign", body);
	uint64_t id = request->id;

	sign_start(&house.generation, request);
	run_due();
	return id;
}

static int status(uint64_t id)
{
	return fake_http_reply(id) ? fake_http_reply(id)->status : 0;
}

static void test_issued(void **state)
{
	uint64_t id = post("a.example b.example");

	(void)state;
	assert_int_equal(status(id), 0);
	assert_int_equal(sign_count(), 1);
	assert_int_equal(fake_order_count, 1);
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(status(id), 200);
	assert_string_equal(fake_http_reply(id)->body, fake_chain);
	assert_non_null(strstr(fake_http_reply(id)->headers, fake_etag));
	assert_string_equal(house.storage.kept, fake_chain);
	assert_string_equal(house.storage.kept_csr, "a.example b.example");
	assert_non_null(strstr(lines, "192.0.2.1: a.example, b.example: issued, block \"b0\""));
	assert_int_equal(warnings, 0);
}

static void test_kept(void **state)
{
	(void)state;
	house.storage.chain = fake_chain;
	assert_int_equal(status(post("a.example")), 200);
	assert_int_equal(status(post("a.example")), 200);
	assert_int_equal(fake_order_count, 0);
	assert_int_equal(fake_csr_reads, 1);
	assert_non_null(strstr(lines, "kept"));
}

static void test_unchanged(void **state)
{
	struct acmems_http_request *request = fake_http_request("POST", "/sign", "a.example");
	uint64_t id = request->id;

	(void)state;
	house.storage.chain = fake_chain;
	fake_http_header(request, "If-None-Match", fake_etag);
	sign_start(&house.generation, request);
	run_due();
	assert_int_equal(status(id), 304);
	assert_int_equal(fake_http_reply(id)->len, 0);
	assert_non_null(strstr(lines, "unchanged"));
}

static void test_refused_before_the_csr_is_read(void **state)
{
	uint64_t id;

	(void)state;
	house.auth[0][0].impossible = true;
	id = post("a.example");
	assert_int_equal(status(id), 403);
	assert_int_equal(fake_csr_reads, 0);
	/* the log knows why, the client does not */
	assert_non_null(strstr(lines, "b0: auth-fake: peer is a stranger"));
	assert_null(strstr(fake_http_reply(id)->body, "stranger"));
	assert_null(strstr(fake_http_reply(id)->body, "b0"));
}

static void test_refused_by_name(void **state)
{
	static const char *const domains[] = {"*.example.org", NULL};
	uint64_t id;

	(void)state;
	fake_house_domains(&house, 0, domains);
	id = post("www.example.org www.example.net");
	assert_int_equal(status(id), 403);
	assert_non_null(strstr(lines, "www.example.net"));
	assert_non_null(strstr(lines, "fits none of its domains (1 of 2 names do)"));
	assert_null(strstr(fake_http_reply(id)->body, "example"));
	assert_int_equal(house.storage.calls, 0);
	assert_int_equal(fake_order_count, 0);
}

static void test_bodies_of_no_use(void **state)
{
	(void)state;
	assert_int_equal(status(post("")), 415);
	assert_int_equal(status(post("bad")), 415);
	assert_int_equal(status(post("a.example 192:0:2::1")), 415);
	assert_non_null(strstr(lines, "192:0:2::1"));
	assert_int_equal(fake_order_count, 0);
}

/* Everything but a failed validation was a bare 500, and no answer carried the CA's reason. */
static void test_errors_of_the_ca(void **state)
{
	static const struct {
		enum acmems_code code;
		int status;
	} rows[] = {
		{ACMEMS_VALIDATION, 421},
		{ACMEMS_RATE_LIMITED, 429},
		{ACMEMS_BAD_ANSWER, 502},
		{ACMEMS_UNAVAILABLE, 503},
		{ACMEMS_TIMEOUT, 504},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t id = post("a.example");

		fake_order_end(i, NULL, rows[i].code);
		run_due();
		assert_int_equal(status(id), rows[i].status);
		assert_non_null(strstr(fake_http_reply(id)->body, "the CA says: no\n"));
		assert_non_null(
			strstr(fake_http_reply(id)->body, "a.example: connection refused\n"));
	}
}

static void test_storage_that_fails_costs_an_order(void **state)
{
	static const enum fake_mode modes[] = {FAKE_NO, FAKE_BROKEN, FAKE_UNABLE};
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		house.storage.mode = modes[i];
		id = post("a.example");
		assert_int_equal(warnings, i + 1);
		fake_order_end(i, fake_chain, ACMEMS_OK);
		run_due();
		assert_int_equal(status(id), 200);
	}
	/* what is kept there is no chain at all */
	house.storage.mode = FAKE_YES;
	house.storage.chain = "garbage";
	id = post("a.example");
	assert_int_equal(warnings, 4);
	fake_order_end(3, fake_chain, ACMEMS_OK);
	run_due();
	assert_string_equal(fake_http_reply(id)->body, fake_chain);
	house.storage_instance.ops.storage.get = NULL;
	id = post("a.example");
	fake_order_end(4, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(status(id), 200);
}

static void test_many_equal_ones_cost_one_order(void **state)
{
	uint64_t ids[50];

	(void)state;
	for (size_t i = 0; i < 50; i++)
		ids[i] = post("a.example");
	assert_int_equal(fake_order_count, 1);
	assert_int_equal(sign_count(), 50);
	/* those that come while it is under way need not ask the storage */
	assert_int_equal(house.storage.calls, 1);
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(status(ids[i]), 200);
}

static void test_client_leaves_during_issuance(void **state)
{
	uint64_t id = post("a.example");

	(void)state;
	fake_http_leave(id);
	assert_int_equal(sign_count(), 0);
	assert_int_equal(flight_count(), 1);
	assert_non_null(strstr(lines, "client left"));
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(status(id), 0);
	assert_string_equal(house.storage.kept, fake_chain);
	/* and its next call finds it */
	house.storage.chain = house.storage.kept;
	assert_int_equal(status(post("a.example")), 200);
	assert_int_equal(fake_order_count, 1);
}

static void test_client_leaves_earlier(void **state)
{
	uint64_t id;

	(void)state;
	house.auth[0][0].mode = FAKE_LATER;
	id = post("a.example");
	fake_http_leave(id);
	assert_int_equal(house.auth[0][0].cancelled, 1);
	house.auth[0][0].mode = FAKE_YES;
	house.storage.mode = FAKE_LATER;
	id = post("a.example");
	fake_http_leave(id);
	assert_int_equal(house.storage.cancelled, 1);
	run_due();
	assert_int_equal(sign_count(), 0);
	assert_int_equal(fake_order_count, 0);
}

/* The news that a client has left may come after its answer, or after another's was begun. */
static void test_late_news_does_no_harm(void **state)
{
	struct acmems_http_request *request = fake_http_request("POST", "/sign", "a.example");
	uint64_t id = request->id;
	acmems_callback *gone;
	void *arg;

	(void)state;
	house.auth[0][0].mode = FAKE_LATER;
	sign_start(&house.generation, request);
	assert_ptr_equal(acmems_http_request_find(id), request);
	gone = request->gone;
	arg = request->gone_arg;
	acmems_op_finish(house.auth[0][0].op, NULL);
	house.storage.chain = fake_chain;
	run_due();
	assert_int_equal(fake_http_replies(), 1);
	gone(arg);
	assert_int_equal(sign_count(), 0);
}

static void test_too_much_is_pending(void **state)
{
	uint64_t first, second;

	(void)state;
	house.settings.mgmt.max_pending = 1;
	first = post("a.example");
	second = post("b.example");
	assert_int_equal(status(second), 503);
	assert_non_null(strstr(fake_http_reply(second)->headers, "Retry-After: "));
	/* what is kept is served all the same */
	house.storage.chain = fake_chain;
	assert_int_equal(status(post("c.example")), 200);
	fake_order_end(0, fake_chain, ACMEMS_OK);
	run_due();
	assert_int_equal(status(first), 200);
}

static void test_names_in_the_log_are_bounded(void **state)
{
	(void)state;
	house.storage.chain = fake_chain;
	assert_int_equal(status(post("a.x b.x c.x d.x e.x f.x g.x")), 200);
	assert_non_null(strstr(lines, "a.x, b.x, c.x, d.x, e.x and 2 more"));
	assert_null(strstr(lines, "f.x"));
}

static int group_setup(void **state)
{
	log_tap(on_line, NULL);
	return unit_loop_setup(state);
}

static int group_teardown(void **state)
{
	log_tap(NULL, NULL);
	return fake_house_end(state);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(test_issued),
		row(test_kept),
		row(test_unchanged),
		row(test_refused_before_the_csr_is_read),
		row(test_refused_by_name),
		row(test_bodies_of_no_use),
		row(test_errors_of_the_ca),
		row(test_storage_that_fails_costs_an_order),
		row(test_many_equal_ones_cost_one_order),
		row(test_client_leaves_during_issuance),
		row(test_client_leaves_earlier),
		row(test_late_news_does_no_harm),
		row(test_too_much_is_pending),
		row(test_names_in_the_log_are_bounded),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
