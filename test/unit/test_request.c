/* SPDX-License-Identifier: ISC */
/* test_request.c - one request and everything that can happen to it, against a CA on paper. */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "acme/client.h"
#include "acme/json.h"
#include "acme/request.h"
#include "paper_ca.h"
#include "virtual_loop.h"

#define RESOURCE "https://ca.example/order/7"

struct outcome {
	bool done;
	int status; /* 0: an error */
	struct acmems_error err;
	char location[128];
	char body[256];
	int64_t retry_after_ms;
	int order; /* of being done */
};

struct world {
	struct paper_ca ca;
	struct acme_client *client;
	char dir[64];
	int finished;
};

static struct world *world;

static void on_done(void *arg, const struct acme_answer *answer, const struct acmems_error *err)
{
	struct outcome *outcome = arg;

	assert_false(outcome->done);
	outcome->done = true;
	outcome->order = ++world->finished;
	if (err != NULL) {
		assert_null(answer);
		outcome->err = *err;
		return;
	}
	outcome->status = answer->status;
	outcome->retry_after_ms = answer->retry_after_ms;
	snprintf(outcome->location, sizeof(outcome->location), "%s",
		answer->location != NULL ? answer->location : "");
	snprintf(outcome->body, sizeof(outcome->body), "%s", answer->body);
}

static int set_up(void **state)
{
	struct acmems_error err = {0};
	struct acme_config config = {.name = "paper", .directory = PAPER_DIRECTORY};
	FILE *file;
	char path[128];

	virtual_reset();
	world = calloc(1, sizeof(*world));
	if (world == NULL)
		return -1;
	*state = world;
	paper_ca_init(&world->ca);
	snprintf(world->dir, sizeof(world->dir), "test_request.XXXXXX");
	if (mkdtemp(world->dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/registration.json", world->dir);
	file = fopen(path, "w");
	if (file == NULL)
		return -1;
	fputs("{\"uri\":\"" PAPER_ACCOUNT "\"}", file);
	fclose(file);
	config.dir = world->dir;
	config.transport = &world->ca.transport;
	world->client = acme_client_new(&config, &err);
	if (world->client == NULL)
		return -1;
	acme_client_start(world->client);
	virtual_pass(10);
	return acme_client_ready(world->client, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
	char path[128];

	(void)state;
	acme_client_free(world->client);
	paper_ca_fini(&world->ca);
	snprintf(path, sizeof(path), "%s/registration.json", world->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/account.pem", world->dir);
	unlink(path);
	rmdir(world->dir);
	free(world);
	return virtual_timers() == 0 ? 0 : -1;
}

static uint64_t ask(struct outcome *outcome, const char *payload, bool repeatable)
{
	struct acmems_error err = {0};
	struct acme_request request = {
		.url = RESOURCE,
		.payload = payload,
		.expect = ACME_EXPECT_JSON,
		.repeatable = repeatable,
	};
	uint64_t id = acme_request_start(world->client, &request, on_done, outcome, &err);

	assert_true(id != 0);
	assert_false(outcome->done);
	return id;
}

/* Runs until it is done, for at most a hundred seconds. */
static void finish(struct outcome *outcome)
{
	assert_true(virtual_until(&outcome->done, 100000));
}

static int64_t passed(void)
{
	return acmems_clock_ms() - VIRTUAL_START_MS;
}

static void plain(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca,
		(struct paper_reply){.body = "{\"a\":5}",
			.location = "https://ca.example/order/8",
			.retry_after = "3"},
		1);
	ask(&outcome, "{\"b\":1}", false);
	finish(&outcome);
	assert_int_equal(outcome.status, 200);
	assert_string_equal(outcome.body, "{\"a\":5}");
	assert_string_equal(outcome.location, "https://ca.example/order/8");
	assert_int_equal(outcome.retry_after_ms, 3000);
	assert_int_equal(world->ca.nonce_calls, 1);
	assert_string_equal(world->ca.posts[0].url, RESOURCE);
	assert_string_equal(world->ca.posts[0].payload, "{\"b\":1}");
	assert_string_equal(world->ca.posts[0].protected,
		"{\"alg\":\"ES256\",\"kid\":\"" PAPER_ACCOUNT
		"\",\"nonce\":\"n0\",\"url\":\"" RESOURCE "\"}");
}

static void nonces_of_answers_are_used(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct outcome outcome = {0};

		if (i % 2 == 0)
			paper_ca_will(
				&world->ca, (struct paper_reply){.status = 403, .body = "{}"}, 1);
		else
			paper_ca_will(&world->ca, (struct paper_reply){0}, 1);
		ask(&outcome, NULL, false);
		finish(&outcome);
	}
	assert_int_equal(world->ca.nonce_calls, 1);
}

static void get_is_an_empty_post(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	ask(&outcome, NULL, false);
	finish(&outcome);
	assert_string_equal(world->ca.posts[0].payload, "");
}

static void bad_nonces_in_a_row(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca, (struct paper_reply){.bad_nonce = true}, 200);
	ask(&outcome, "{}", false);
	finish(&outcome);
	assert_int_equal(outcome.status, 200);
	assert_int_equal(world->ca.post_count, 201);
	assert_int_equal(world->ca.nonce_calls, 1);
}

static void bad_nonces_without_new_ones(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca, (struct paper_reply){.bad_nonce = true, .no_nonce = true}, 5);
	ask(&outcome, "{}", false);
	finish(&outcome);
	assert_int_equal(outcome.status, 200);
	assert_int_equal(world->ca.nonce_calls, 6);
}

static void bad_nonces_for_ever(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca, (struct paper_reply){.bad_nonce = true}, 290);
	ask(&outcome, "{}", false);
	finish(&outcome);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(outcome.err.code, ACMEMS_UNAVAILABLE);
	assert_string_equal(outcome.err.problem, "badNonce");
	assert_int_equal(world->ca.post_count, 251);
}

static void server_errors_are_outwaited(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca, (struct paper_reply){.status = 500, .body = "{}"}, 2);
	paper_ca_will(&world->ca, (struct paper_reply){.status = 502, .type = "text/html"}, 1);
	ask(&outcome, NULL, false);
	finish(&outcome);
	assert_int_equal(outcome.status, 200);
	assert_int_equal(world->ca.post_count, 4);
	assert_true(passed() >= 250 + 500 + 1000);
	assert_true(passed() < 2000);
}

static void server_errors_for_ever(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca, (struct paper_reply){.status = 503, .body = "{}"}, 10);
	ask(&outcome, "{}", false);
	finish(&outcome);
	assert_int_equal(outcome.err.code, ACMEMS_UNAVAILABLE);
	assert_int_equal(world->ca.post_count, 5);
}

static void what_may_not_be_repeated_is_not(void **state)
{
	struct outcome first = {0};
	struct outcome second = {0};
	struct outcome third = {0};

	(void)state;
	paper_ca_will(&world->ca, (struct paper_reply){.status = 500, .body = "{}"}, 1);
	ask(&first, "{}", false);
	finish(&first);
	assert_int_equal(first.err.code, ACMEMS_UNAVAILABLE);
	paper_ca_will(&world->ca, (struct paper_reply){.lost = ACMEMS_UNAVAILABLE}, 1);
	ask(&second, "{}", false);
	finish(&second);
	assert_int_equal(second.err.code, ACMEMS_UNAVAILABLE);
	assert_int_equal(world->ca.post_count, 2);
	paper_ca_will(&world->ca, (struct paper_reply){.lost = ACMEMS_TIMEOUT}, 1);
	ask(&third, "{}", true);
	finish(&third);
	assert_int_equal(third.status, 200);
	assert_int_equal(world->ca.post_count, 4);
}

static void lost_connections(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca, (struct paper_reply){.lost = ACMEMS_UNAVAILABLE}, 4);
	ask(&outcome, NULL, false);
	finish(&outcome);
	assert_int_equal(outcome.status, 200);
	assert_int_equal(world->ca.post_count, 5);
	/* every lost answer took a nonce with it */
	assert_int_equal(world->ca.nonce_calls, 5);
}

static void pause_that_the_ca_asks_for(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca,
		(struct paper_reply){.status = 503, .body = "{}", .retry_after = "7"}, 1);
	ask(&outcome, "{}", false);
	finish(&outcome);
	assert_int_equal(outcome.status, 200);
	assert_true(passed() >= 7000 && passed() < 7500);
}

static void pause_beyond_the_deadline(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca,
		(struct paper_reply){.status = 503, .body = "{}", .retry_after = "100"}, 1);
	ask(&outcome, "{}", false);
	finish(&outcome);
	assert_int_equal(outcome.err.code, ACMEMS_UNAVAILABLE);
	assert_int_equal(outcome.err.retry_after, 100);
	assert_true(passed() < 1000);
}

static void rate_limit(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca,
		(struct paper_reply){.status = 429,
			.body = "{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":"
				"\"too "
				"many\"}",
			.retry_after = "Sun, 06 Nov 2094 08:49:37 GMT"},
		1);
	ask(&outcome, NULL, true);
	finish(&outcome);
	assert_int_equal(outcome.err.code, ACMEMS_RATE_LIMITED);
	assert_int_equal(outcome.err.retry_after, 86400);
	assert_int_equal(world->ca.post_count, 1);
}

static void garbage(void **state)
{
	static const struct paper_reply bad[] = {
		{.body = ""},
		{.body = "<html>"},
		{.body = "{\"a\":\"\\u0000\"}"},
		{.body = "[]"},
		{.body = "{} trailing"},
		{.type = "text/html"},
		{.type = "application/jsonx"},
		{.status = 302, .location = "https://evil.example/"},
		{.lost = ACMEMS_BAD_ANSWER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct outcome outcome = {0};

		paper_ca_will(&world->ca, bad[i], 1);
		ask(&outcome, NULL, true);
		finish(&outcome);
		assert_int_equal(outcome.status, 0);
		assert_int_equal(outcome.err.code, ACMEMS_BAD_ANSWER);
	}
	assert_int_equal(world->ca.post_count, sizeof(bad) / sizeof(bad[0]));
}

static void odd_but_good(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca,
		(struct paper_reply){.type = "Application/JSON; charset=utf-8",
			.location = "/relative",
			.retry_after = "soon"},
		1);
	ask(&outcome, NULL, true);
	finish(&outcome);
	assert_int_equal(outcome.status, 200);
	assert_string_equal(outcome.location, "");
	assert_int_equal(outcome.retry_after_ms, -1);
}

static void chain(void **state)
{
	struct acme_request request = {.url = RESOURCE, .expect = ACME_EXPECT_CHAIN};
	struct acmems_error err = {0};
	struct outcome good = {0};
	struct outcome bad = {0};

	(void)state;
	paper_ca_will(&world->ca,
		(struct paper_reply){
			.type = "application/pem-certificate-chain", .body = "-----BEGIN"},
		1);
	assert_true(acme_request_start(world->client, &request, on_done, &good, &err) != 0);
	finish(&good);
	assert_string_equal(good.body, "-----BEGIN");
	assert_true(acme_request_start(world->client, &request, on_done, &bad, &err) != 0);
	finish(&bad);
	assert_int_equal(bad.err.code, ACMEMS_BAD_ANSWER);
}

static void problem_with_names(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca,
		(struct paper_reply){.status = 400,
			.body = "{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\","
				"\"detail\":\"no\",\"subproblems\":[{\"type\":"
				"\"urn:ietf:params:acme:error:rejectedIdentifier\",\"detail\":"
				"\"not "
				"this\",\"identifier\":{\"type\":\"dns\",\"value\":\"x.example\"}}]"
				"}"},
		1);
	ask(&outcome, "{}", true);
	finish(&outcome);
	assert_int_equal(outcome.err.code, ACMEMS_VALIDATION);
	assert_string_equal(outcome.err.detail, "x.example: not this (rejectedIdentifier)\n");
}

static void no_answer_at_all(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	paper_ca_will(&world->ca, (struct paper_reply){.never = true}, 1);
	ask(&outcome, "{}", true);
	finish(&outcome);
	assert_int_equal(outcome.err.code, ACMEMS_TIMEOUT);
	assert_true(passed() >= 60000 && passed() < 60100);
	assert_int_equal(world->ca.open, 0);
}

static void cancel_everywhere(void **state)
{
	/* in line without a nonce; on the wire; pausing; after a bad nonce */
	static const int64_t moments[] = {0, 1, 2, 100, 300, 5000};
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		uint64_t id;

		world->ca.latency_ms = 1;
		paper_ca_will(&world->ca, (struct paper_reply){.bad_nonce = true}, 1);
		paper_ca_will(&world->ca, (struct paper_reply){.status = 503, .body = "{}"}, 1);
		paper_ca_will(&world->ca, (struct paper_reply){.never = true}, 1);
		id = ask(&outcome, NULL, true);
		virtual_pass(moments[i]);
		acme_request_cancel(world->client, id);
		acme_request_cancel(world->client, id);
		virtual_pass(100000);
		assert_false(outcome.done);
		assert_int_equal(world->ca.open, 0);
		world->ca.script_len = 0;
		world->ca.script_at = 0;
	}
	acme_request_cancel(world->client, 0);
	acme_request_cancel(world->client, 999999);
}

static void many_in_order_and_bounded(void **state)
{
	enum { COUNT = 200 };
	static struct outcome outcomes[COUNT];
	char payload[32];

	(void)state;
	memset(outcomes, 0, sizeof(outcomes));
	for (int i = 0; i < COUNT; i++) {
		snprintf(payload, sizeof(payload), "{\"n\":%d}", i);
		ask(&outcomes[i], payload, false);
	}
	for (int i = 0; i < COUNT; i++)
		finish(&outcomes[i]);
	for (int i = 0; i < COUNT; i++) {
		snprintf(payload, sizeof(payload), "{\"n\":%d}", i);
		assert_int_equal(outcomes[i].status, 200);
		assert_string_equal(world->ca.posts[i].payload, payload);
	}
	assert_int_equal(world->ca.post_count, COUNT);
	assert_true(world->ca.peak <= 32);
	assert_true(world->ca.nonce_calls <= 32);
}

static void nonces_can_not_be_had(void **state)
{
	struct outcome first = {0};
	struct outcome second = {0};
	struct outcome third = {0};

	(void)state;
	world->ca.no_new_nonce = true;
	ask(&first, "{}", false);
	ask(&second, "{}", false);
	finish(&first);
	finish(&second);
	assert_int_equal(first.err.code, ACMEMS_BAD_ANSWER);
	assert_non_null(strstr(first.err.message, "newNonce"));
	assert_int_equal(world->ca.post_count, 0);
	assert_true(world->ca.nonce_calls <= 10);
	world->ca.no_new_nonce = false;
	ask(&third, "{}", false);
	finish(&third);
	assert_int_equal(third.status, 200);
}

static void nonces_later(void **state)
{
	struct outcome first = {0};
	struct outcome second = {0};

	(void)state;
	world->ca.nonce_status = 503;
	ask(&first, "{}", false);
	virtual_pass(600);
	assert_false(first.done);
	world->ca.nonce_status = 0;
	finish(&first);
	assert_int_equal(first.status, 200);
	virtual_pass(400000); /* the pool's nonces are stale by now */
	world->ca.nonce_status = 503;
	world->ca.nonce_retry_after = "33";
	ask(&second, "{}", false);
	finish(&second);
	assert_int_equal(second.err.code, ACMEMS_UNAVAILABLE);
	assert_int_equal(second.err.retry_after, 33);
}

static void transport_that_refuses(void **state)
{
	struct outcome first = {0};
	struct outcome second = {0};

	(void)state;
	ask(&first, "{}", false);
	finish(&first);
	world->ca.refuse = true;
	ask(&second, "{}", false); /* with a nonce of the pool */
	finish(&second);
	assert_int_equal(second.err.code, ACMEMS_SYSTEM);
	memset(&second, 0, sizeof(second));
	ask(&second, "{}", false); /* without */
	finish(&second);
	assert_int_equal(second.err.code, ACMEMS_TIMEOUT);
}

static void gone_resource_refreshes_the_directory(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	virtual_pass(120000);
	paper_ca_will(&world->ca, (struct paper_reply){.status = 404, .body = "{}"}, 1);
	ask(&outcome, NULL, false);
	finish(&outcome);
	assert_int_equal(outcome.err.code, ACMEMS_BAD_ANSWER);
	virtual_pass(100);
	assert_int_equal(world->ca.directory_calls, 2);
}

static void urls_are_checked(void **state)
{
	struct acmems_error err = {0};
	struct acme_request request = {.url = "http://ca.example/order/1"};

	(void)state;
	assert_true(acme_request_start(world->client, &request, on_done, NULL, &err) == 0);
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
}

static void end_with_requests_under_way(void **state)
{
	static struct outcome outcomes[100];

	(void)state;
	memset(outcomes, 0, sizeof(outcomes));
	for (int i = 0; i < 100; i++)
		ask(&outcomes[i], "{}", true);
	virtual_pass(1);
	/* tear_down() frees the client and finds calls and timers that were left behind */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(plain),
		TEST(nonces_of_answers_are_used),
		TEST(get_is_an_empty_post),
		TEST(bad_nonces_in_a_row),
		TEST(bad_nonces_without_new_ones),
		TEST(bad_nonces_for_ever),
		TEST(server_errors_are_outwaited),
		TEST(server_errors_for_ever),
		TEST(what_may_not_be_repeated_is_not),
		TEST(lost_connections),
		TEST(pause_that_the_ca_asks_for),
		TEST(pause_beyond_the_deadline),
		TEST(rate_limit),
		TEST(garbage),
		TEST(odd_but_good),
		TEST(chain),
		TEST(problem_with_names),
		TEST(no_answer_at_all),
		TEST(cancel_everywhere),
		TEST(many_in_order_and_bounded),
		TEST(nonces_can_not_be_had),
		TEST(nonces_later),
		TEST(transport_that_refuses),
		TEST(gone_resource_refreshes_the_directory),
		TEST(urls_are_checked),
		TEST(end_with_requests_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
