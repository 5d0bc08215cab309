/* SPDX-License-Identifier: ISC */
/* test_front.c - paths and methods of the management listener. */
#include "unit.h"

#include "fake_house.h"
#include "fake_http.h"
#include "sign/front.h"
#include "sign/sign.h"

static struct fake_house house;
static struct front *front;

static int setup(void **state)
{
	static char address[] = "127.0.0.1:0";
	static char *listen[] = {address, NULL};
	struct acmems_error err = {0};

	(void)state;
	fake_http_reset();
	fake_house_init(&house, 1);
	house.settings.mgmt.listen = (struct acmems_list){.items = listen, .count = 1};
	front = front_new(&house.generation, &err);
	return front ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	front_free(front);
	front = NULL;
	fake_http_reset();
	sign_fini();
	return 0;
}

static const struct fake_reply *ask(const char *method, const char *path, const char *body)
{
	struct acmems_http_request *request = fake_http_request(method, path, body);
	uint64_t id = request->id;

	assert_int_equal(
		fake_server.config.handler(fake_server.config.arg, request), ACMEMS_HTTP_TAKEN);
	run_due();
	assert_non_null(fake_http_reply(id));
	return fake_http_reply(id);
}

static void test_root_tells_how(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/", NULL)->status, 200);
	assert_int_equal(ask("HEAD", "/", NULL)->status, 200);
	assert_non_null(strstr(ask("GET", "/", NULL)->body, "curl"));
	assert_non_null(strstr(ask("GET", "/", NULL)->body, "wget"));
	assert_non_null(strstr(ask("GET", "/", NULL)->headers, "text/plain"));
	assert_int_equal(ask("POST", "/", "x")->status, 405);
	assert_non_null(strstr(ask("POST", "/", "x")->headers, "Allow: GET, HEAD\n"));
}

static void test_sign_takes_posts(void **state)
{
	(void)state;
	house.storage.chain = fake_chain;
	assert_int_equal(ask("POST", "/sign", "a.example")->status, 200);
	assert_int_equal(ask("GET", "/sign", NULL)->status, 405);
	assert_non_null(strstr(ask("GET", "/sign", NULL)->headers, "Allow: POST\n"));
}

static void test_large_bodies(void **state)
{
	static char body[16386];
	const struct fake_reply *reply;

	(void)state;
	memset(body, 'x', sizeof(body) - 1);
	reply = ask("POST", "/sign", body);
	assert_int_equal(reply->status, 413);
	assert_non_null(strstr(reply->body, "16385 bytes"));
}

static void test_other_paths(void **state)
{
	static const char *const paths[] = {"/sign/", "/signx", "/Sign", "//", "/.well-known", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(ask("POST", paths[i], "x")->status, 404);
}

/* A validator may listen on the same address. */
static void test_well_known_is_not_ours(void **state)
{
	struct acmems_http_request *request =
		fake_http_request("GET", "/.well-known/acme-challenge/x", NULL);

	(void)state;
	assert_int_equal(
		fake_server.config.handler(fake_server.config.arg, request), ACMEMS_HTTP_DECLINED);
	assert_null(fake_http_reply(request->id));
}

static void test_draining(void **state)
{
	(void)state;
	house.storage.chain = fake_chain;
	house.generation.draining = true;
	assert_int_equal(ask("POST", "/sign", "a.example")->status, 503);
	assert_non_null(strstr(ask("POST", "/sign", "a.example")->headers, "Retry-After: 10\n"));
	assert_int_equal(house.storage.calls, 0);
}

static void test_life(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	assert_true(fake_server.alive);
	assert_false(fake_server.open);
	assert_true(fake_server.config.max_body > 16384);
	front_open(front);
	assert_true(fake_server.open);
	front_free(front);
	assert_false(fake_server.alive);
	fake_server.refuse = true;
	front = front_new(&house.generation, &err);
	assert_null(front);
	assert_int_equal(err.code, ACMEMS_SYSTEM);
}

/* An empty value turned the listener off; here an empty list does. */
static void test_empty_list_is_no_listener(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	front_free(front);
	house.settings.mgmt.listen = (struct acmems_list){.given = true};
	front = front_new(&house.generation, &err);
	assert_non_null(front);
	assert_false(fake_server.alive);
	front_open(front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_root_tells_how, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sign_takes_posts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_bodies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_well_known_is_not_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_draining, setup, teardown),
		cmocka_unit_test_setup_teardown(test_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_list_is_no_listener, setup, teardown),
	};

	return cmocka_run_group_tests(tests, unit_loop_setup, fake_house_end);
}
