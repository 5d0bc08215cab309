/* SPDX-License-Identifier: ISC */
/* test_order_view.c - order objects as a CA may send them. */
#include "unit.h"

#include <stdio.h>

#include "acme/json.h"
#include "acme/order_view.h"

#define WHERE "https://ca.example/o/1"

static struct acmems_json *parse(const char *text)
{
	struct acmems_error err = {0};
	struct acmems_json *json = json_parse(text, strlen(text), &err);

	assert_non_null(json);
	return json;
}

static bool places(struct order_view *view, const char *location, const char *text)
{
	struct acmems_error err = {0};
	struct acmems_json *json = parse(text);
	bool ok = order_view_place(view, location, json, &err);

	assert_int_equal(ok, err.code == ACMEMS_OK);
	acmems_json_free(json);
	return ok;
}

static bool reads(struct order_view *view, const char *text)
{
	struct acmems_error err = {0};
	struct acmems_json *json = parse(text);
	bool ok = order_view_read(view, json, &err);

	assert_int_equal(ok, err.code == ACMEMS_OK);
	acmems_json_free(json);
	return ok;
}

#define ORDER                                                                                      \
	"{\"status\":\"pending\",\"finalize\":\"https://ca.example/f\",\"authorizations\":["       \
	"\"https://ca.example/a/1\",\"https://ca.example/a/2\",\"https://ca.example/a/1\"]}"

static void test_place(void **state)
{
	struct order_view view = {.account = true};

	(void)state;
	assert_true(places(&view, WHERE, ORDER));
	assert_true(view.placed && view.account);
	assert_int_equal(view.status, ACME_STATUS_PENDING);
	assert_int_equal(view.authz_count, 2);
	assert_string_equal(view.authz[1].url, "https://ca.example/a/2");
	assert_string_equal(view.url, WHERE);
	order_view_forget(&view);
	assert_true(view.account && !view.placed);
	order_view_fini(&view);
}

static void test_place_garbage(void **state)
{
	static const char *const bad[] = {
		"{\"status\":7}",
		"{\"status\":\"pending\",\"authorizations\":{}}",
		"{\"status\":\"pending\",\"authorizations\":[7]}",
		"{\"status\":\"pending\",\"authorizations\":[\"http://ca.example/a\"]}",
		"{\"status\":\"pending\",\"finalize\":\"javascript:x\"}",
		"{\"status\":\"valid\",\"certificate\":{}}",
	};
	struct order_view view = {.account = true};

	(void)state;
	assert_false(places(&view, NULL, ORDER));
	assert_false(places(&view, "/o/1", ORDER));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(places(&view, WHERE, bad[i]));
		assert_true(view.account && !view.placed && view.authz == NULL);
	}
	order_view_fini(&view);
}

static void test_statuses(void **state)
{
	struct order_view view = {0};

	(void)state;
	assert_true(reads(&view, "{}"));
	assert_int_equal(view.status, ACME_STATUS_MISSING);
	for (int i = ACME_STATUS_PENDING; i < ACME_STATUS_UNKNOWN; i++) {
		char text[64];

		snprintf(text, sizeof(text), "{\"status\":\"%s\"}",
			acme_status_name((enum acme_status)i));
		assert_true(reads(&view, text));
		assert_int_equal(view.status, i);
	}
	assert_true(reads(&view, "{\"status\":\"Valid\"}"));
	assert_int_equal(view.status, ACME_STATUS_UNKNOWN);
	order_view_fini(&view);
}

static void test_lost_finalize(void **state)
{
	struct order_view view = {.finalize = ORDER_FINALIZE_LOST};

	(void)state;
	assert_true(reads(&view, "{\"status\":\"processing\"}"));
	assert_int_equal(view.finalize, ORDER_FINALIZE_LOST);
	assert_true(reads(&view, "{\"status\":\"ready\"}"));
	assert_int_equal(view.finalize, ORDER_FINALIZE_OPEN);
	view.finalize = ORDER_FINALIZE_TAKEN;
	assert_true(reads(&view, "{\"status\":\"ready\"}"));
	assert_int_equal(view.finalize, ORDER_FINALIZE_TAKEN);
	order_view_fini(&view);
}

static void test_invalid(void **state)
{
	struct order_view view = {0};

	(void)state;
	assert_true(reads(&view, "{\"status\":\"invalid\",\"error\":{\"type\":"
				 "\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\"}}"));
	assert_string_equal(view.why, "no (caa)");
	assert_string_equal(view.problem, "caa");
	order_view_fini(&view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_place_garbage),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_lost_finalize),
		cmocka_unit_test(test_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
