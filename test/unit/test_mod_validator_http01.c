/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include <acmems/http.h>
#include <acmems/validator.h>

#include "base/op_core.h"

/* The server on paper: what the module asks of it, and what it replies. */
struct acmems_http_server {
	bool open;
};

struct acmems_http_request {
	const char *method;
	const char *path;
};

static struct acmems_http_server server;
static bool refuse_server;
static int servers;
static int status;
static char body[256];
static char type[64];
static uint64_t seen[8];
static size_t seen_count;

static struct acmems_http_server *fake_server_new(
	const struct acmems_http_server_config *config, struct acmems_error *err)
{
	assert_non_null(config->listen[0]);
	if (refuse_server) {
		acmems_error_set(err, ACMEMS_SYSTEM, "address in use");
		return NULL;
	}
	servers++;
	server.open = false;
	return &server;
}

static void fake_server_open(struct acmems_http_server *opened)
{
	opened->open = true;
}

static void fake_server_free(struct acmems_http_server *freed)
{
	servers -= freed != NULL;
}

static uint64_t fake_request_id(const struct acmems_http_request *request)
{
	(void)request;
	return 7;
}

static const char *fake_request_method(const struct acmems_http_request *request)
{
	return request->method;
}

static const char *fake_request_path(const struct acmems_http_request *request)
{
	return request->path;
}

static const struct acmems_address *fake_request_peer(const struct acmems_http_request *request)
{
	static const struct acmems_address peer = {.family = ACMEMS_LOCAL};

	(void)request;
	return &peer;
}

static bool fake_reply(uint64_t id, int reply_status, const struct acmems_http_header *headers,
	size_t header_count, const void *text, size_t len)
{
	assert_int_equal(id, 7);
	status = reply_status;
	snprintf(body, sizeof(body), "%.*s", (int)len, (const char *)text);
	for (size_t i = 0; i < header_count; i++) {
		if (strcmp(headers[i].name, "Content-Type") == 0)
			snprintf(type, sizeof(type), "%s", headers[i].value);
	}
	return true;
}

static void fake_seen(uint64_t id)
{
	seen[seen_count++] = id;
}

#define acmems_http_server_new fake_server_new
#define acmems_http_server_open fake_server_open
#define acmems_http_server_free fake_server_free
#define acmems_http_request_id fake_request_id
#define acmems_http_request_method fake_request_method
#define acmems_http_request_path fake_request_path
#define acmems_http_request_peer fake_request_peer
#define acmems_http_reply fake_reply
#define acmems_challenge_seen fake_seen
#include "../../modules/validator/http01.c"

static struct http01 http01;
static struct acmems_error err;

typedef bool module_op(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err);

struct run {
	module_op *start;
	struct acmems_challenge challenge;
	int done;
};

static bool on_start(void *ctx, uint64_t op, struct acmems_error *error)
{
	struct run *run = ctx;

	return run->start ? run->start(&http01, op, &run->challenge, error)
			  : http01_start(&http01, op, error);
}

static void on_done(void *arg, const struct acmems_error *error, const void *data, size_t len)
{
	struct run *run = arg;

	(void)data;
	(void)len;
	run->done += error ? 100 : 1;
}

static bool run(module_op *start, uint64_t id, const char *token, const char *key_authorization)
{
	struct run run = {.start = start,
		.challenge = {.id = id,
			.type = "http-01",
			.token = token,
			.key_authorization = key_authorization}};
	struct op_spec spec = {.owner = "validator-http01",
		.what = "present",
		.deadline_ms = 1000,
		.start = on_start,
		.ctx = &run,
		.done = on_done,
		.arg = &run};

	err = (struct acmems_error){0};
	if (!op_run(&spec, &err))
		return false;
	run_until(run.done);
	return run.done == 1;
}

static bool present(uint64_t id, const char *token, const char *key_authorization)
{
	return run(http01_present, id, token, key_authorization);
}

static bool cleanup(uint64_t id, const char *token)
{
	return run(http01_cleanup, id, token, "");
}

static bool served(const char *method, const char *path)
{
	struct acmems_http_request request = {method, path};

	status = 0;
	seen_count = 0;
	return on_request(&http01, &request) == ACMEMS_HTTP_TAKEN;
}

static char *addresses[] = {(char *)"127.0.0.1:1380", NULL};

static int setup(void **state)
{
	http01 = (struct http01){.self = {"http01", "http"}, .listen = {addresses, 1, true}};
	refuse_server = false;
	if (unit_loop_setup(state) != 0)
		return -1;
	assert_true(run(NULL, 0, "", ""));
	return 0;
}

static int teardown(void **state)
{
	http01_release(&http01);
	assert_int_equal(servers, 0);
	assert_int_equal(op_count(), 0);
	assert_int_equal(op_faults(), 0);
	op_fini();
	return unit_loop_teardown(state);
}

static void a_presented_token_is_answered_until_cleanup(void **state)
{
	(void)state;
	assert_true(server.open);
	assert_true(present(1, "tok", "tok.thumb"));
	assert_true(served("GET", PATH "tok"));
	assert_int_equal(status, 200);
	assert_string_equal(body, "tok.thumb");
	assert_string_equal(type, "application/octet-stream");
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0], 1);
	assert_true(served("HEAD", PATH "tok"));
	assert_true(cleanup(1, "tok"));
	assert_false(served("GET", PATH "tok"));
	assert_int_equal(status, 0);
}

static void everything_else_is_declined(void **state)
{
	static const char *const paths[] = {"/", "", PATH, PATH "to", PATH "tokk", PATH "tok/",
		PATH "../tok", "/.well-known/acme-challengetok", "/.WELL-KNOWN/acme-challenge/tok",
		"/x" PATH "tok"};

	(void)state;
	assert_false(served("GET", PATH "tok"));
	assert_true(present(1, "tok", "tok.thumb"));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_false(served("GET", paths[i]));
	assert_false(served("POST", PATH "tok"));
	assert_int_equal(seen_count, 0);
}

static void a_token_stays_until_its_last_holder_is_gone(void **state)
{
	(void)state;
	assert_true(present(1, "tok", "tok.thumb"));
	assert_true(present(2, "tok", "tok.thumb"));
	assert_true(present(2, "tok", "tok.thumb"));
	assert_true(served("GET", PATH "tok"));
	assert_int_equal(seen_count, 2);
	assert_true(cleanup(1, "tok"));
	assert_true(cleanup(1, "tok"));
	assert_true(served("GET", PATH "tok"));
	assert_true(cleanup(2, "tok"));
	assert_false(served("GET", PATH "tok"));
}

static void cleanup_finds_nothing_without_complaint(void **state)
{
	(void)state;
	assert_true(cleanup(1, "tok"));
	assert_true(present(1, "tok", "tok.thumb"));
	assert_true(cleanup(2, "tok"));
	assert_true(served("GET", PATH "tok"));
}

static void one_token_has_one_answer(void **state)
{
	(void)state;
	assert_true(present(1, "tok", "tok.thumb"));
	assert_false(present(2, "tok", "tok.other"));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	assert_true(cleanup(2, "tok"));
	assert_true(served("GET", PATH "tok"));
	assert_string_equal(body, "tok.thumb");
}

static void tokens_and_holders_are_bounded(void **state)
{
	char token[32];

	(void)state;
	for (int i = 0; i < ANSWERS_MAX; i++) {
		snprintf(token, sizeof(token), "t%d", i);
		assert_true(present((uint64_t)i + 1, token, "k"));
	}
	assert_false(present(9999999, "more", "k"));
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_true(served("GET", PATH "t77"));
	assert_true(cleanup(78, "t77"));
	assert_true(present(1, "more", "k"));
	for (uint64_t id = 2; id <= HOLDERS_MAX; id++)
		assert_true(present(id, "more", "k"));
	assert_false(present(1000000, "more", "k"));
}

static void without_a_listener_present_says_so(void **state)
{
	(void)state;
	http01_release(&http01);
	http01 = (struct http01){.self = {"http01", "http"}, .listen = {NULL, 0, true}};
	assert_true(run(NULL, 0, "", ""));
	assert_int_equal(servers, 0);
	assert_false(present(1, "tok", "tok.thumb"));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_true(cleanup(1, "tok"));
}

static void a_taken_address_fails_the_start(void **state)
{
	(void)state;
	http01_release(&http01);
	refuse_server = true;
	assert_false(run(NULL, 0, "", ""));
	assert_string_equal(err.message, "address in use");
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(a_presented_token_is_answered_until_cleanup),
		with_server(everything_else_is_declined),
		with_server(a_token_stays_until_its_last_holder_is_gone),
		with_server(cleanup_finds_nothing_without_complaint),
		with_server(one_token_has_one_answer),
		with_server(tokens_and_holders_are_bounded),
		with_server(without_a_listener_present_says_so),
		with_server(a_taken_address_fails_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
