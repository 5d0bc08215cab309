/* SPDX-License-Identifier: ISC */
/* test_order_decide.c - an answer for every status and every fact. */
#include "unit.h"

#include "acme/order_decide.h"

static char url[] = "https://ca.example/x";
static char type[] = "http-01";
static char name[] = "a.example";
static char why[] = "refused (connection)";

static struct authz pending(void)
{
	return (struct authz){.url = url,
		.fetched = true,
		.status = ACME_STATUS_PENDING,
		.name = name,
		.challenge = {.type = type, .url = url, .status = ACME_STATUS_PENDING}};
}

static struct order_view placed(enum acme_status status)
{
	return (struct order_view){
		.account = true, .placed = true, .status = status, .url = url, .finalize_url = url};
}

static enum order_state decide_authz(struct authz authz)
{
	struct order_view view = placed(ACME_STATUS_PENDING);

	view.authz = &authz;
	view.authz_count = 1;
	return order_decide(&view);
}

static void test_beginning(void **state)
{
	struct order_view view = {0};

	(void)state;
	assert_int_equal(order_decide(&view), ORDER_ACCOUNT);
	view.account = true;
	assert_int_equal(order_decide(&view), ORDER_NEW_ORDER);
}

/* Every status of an order, by whether finalize is open, lost or taken, and with a certificate. */
static void test_order_status(void **state)
{
	static const enum order_state expected[ACME_STATUS_COUNT][4] = {
		[ACME_STATUS_MISSING] = {ORDER_CLEAN_UP, ORDER_CLEAN_UP, ORDER_CLEAN_UP,
			ORDER_CLEAN_UP},
		[ACME_STATUS_PENDING] = {ORDER_AWAIT_AUTHORIZATIONS, ORDER_AWAIT_AUTHORIZATIONS,
			ORDER_AWAIT_AUTHORIZATIONS, ORDER_AWAIT_AUTHORIZATIONS},
		[ACME_STATUS_READY] = {ORDER_FINALIZE, ORDER_AWAIT_ISSUANCE, ORDER_AWAIT_ISSUANCE,
			ORDER_AWAIT_ISSUANCE},
		[ACME_STATUS_PROCESSING] = {ORDER_AWAIT_ISSUANCE, ORDER_AWAIT_ISSUANCE,
			ORDER_AWAIT_ISSUANCE, ORDER_AWAIT_ISSUANCE},
		[ACME_STATUS_VALID] = {ORDER_CLEAN_UP, ORDER_CLEAN_UP, ORDER_CLEAN_UP,
			ORDER_DOWNLOAD},
		[ACME_STATUS_INVALID] = {ORDER_CLEAN_UP, ORDER_CLEAN_UP, ORDER_CLEAN_UP,
			ORDER_CLEAN_UP},
		[ACME_STATUS_DEACTIVATED] = {ORDER_CLEAN_UP, ORDER_CLEAN_UP, ORDER_CLEAN_UP,
			ORDER_CLEAN_UP},
		[ACME_STATUS_EXPIRED] = {ORDER_CLEAN_UP, ORDER_CLEAN_UP, ORDER_CLEAN_UP,
			ORDER_CLEAN_UP},
		[ACME_STATUS_REVOKED] = {ORDER_CLEAN_UP, ORDER_CLEAN_UP, ORDER_CLEAN_UP,
			ORDER_CLEAN_UP},
		[ACME_STATUS_UNKNOWN] = {ORDER_CLEAN_UP, ORDER_CLEAN_UP, ORDER_CLEAN_UP,
			ORDER_CLEAN_UP},
	};

	(void)state;
	for (int status = 0; status < ACME_STATUS_COUNT; status++) {
		for (int fact = 0; fact < 4; fact++) {
			struct order_view view = placed((enum acme_status)status);

			view.finalize = fact < 3 ? (enum order_finalize)fact : ORDER_FINALIZE_TAKEN;
			view.certificate_url = fact == 3 ? url : NULL;
			assert_int_equal(order_decide(&view), expected[status][fact]);
		}
	}
}

static void test_authorization_status(void **state)
{
	static const enum order_state expected[ACME_STATUS_COUNT] = {
		[ACME_STATUS_MISSING] = ORDER_CLEAN_UP,
		[ACME_STATUS_PENDING] = ORDER_PRESENT,
		[ACME_STATUS_READY] = ORDER_CLEAN_UP,
		[ACME_STATUS_PROCESSING] = ORDER_AWAIT_AUTHORIZATIONS,
		[ACME_STATUS_VALID] = ORDER_AWAIT_AUTHORIZATIONS,
		[ACME_STATUS_INVALID] = ORDER_CLEAN_UP,
		[ACME_STATUS_DEACTIVATED] = ORDER_CLEAN_UP,
		[ACME_STATUS_EXPIRED] = ORDER_CLEAN_UP,
		[ACME_STATUS_REVOKED] = ORDER_CLEAN_UP,
		[ACME_STATUS_UNKNOWN] = ORDER_CLEAN_UP,
	};

	(void)state;
	for (int status = 0; status < ACME_STATUS_COUNT; status++) {
		struct authz authz = pending();

		authz.status = (enum acme_status)status;
		assert_int_equal(decide_authz(authz), expected[status]);
		authz.fetched = false;
		assert_int_equal(decide_authz(authz), ORDER_AUTHORIZE);
	}
}

/* Every status of a challenge, by: nothing done, published, answered, answer lost. */
static void test_challenge_status(void **state)
{
	static const enum order_state expected[ACME_STATUS_COUNT][4] = {
		[ACME_STATUS_MISSING] = {ORDER_CLEAN_UP, ORDER_CLEAN_UP, ORDER_CLEAN_UP,
			ORDER_CLEAN_UP},
		[ACME_STATUS_PENDING] = {ORDER_PRESENT, ORDER_RESPOND, ORDER_AWAIT_AUTHORIZATIONS,
			ORDER_AWAIT_AUTHORIZATIONS},
		[ACME_STATUS_READY] = {ORDER_CLEAN_UP, ORDER_CLEAN_UP, ORDER_CLEAN_UP,
			ORDER_CLEAN_UP},
		[ACME_STATUS_PROCESSING] = {ORDER_PRESENT, ORDER_AWAIT_AUTHORIZATIONS,
			ORDER_AWAIT_AUTHORIZATIONS, ORDER_AWAIT_AUTHORIZATIONS},
		[ACME_STATUS_VALID] = {ORDER_AWAIT_AUTHORIZATIONS, ORDER_AWAIT_AUTHORIZATIONS,
			ORDER_AWAIT_AUTHORIZATIONS, ORDER_AWAIT_AUTHORIZATIONS},
	};

	(void)state;
	for (int status = 0; status < ACME_STATUS_COUNT; status++) {
		for (int fact = 0; fact < 4; fact++) {
			struct authz authz = pending();
			bool dead = status >= ACME_STATUS_INVALID;
			enum order_state want = dead ? ORDER_CLEAN_UP : expected[status][fact];

			authz.challenge.status = (enum acme_status)status;
			authz.published = fact > 0;
			if (fact == 2)
				authz.response = AUTHZ_RESPONSE_TAKEN;
			if (fact == 3)
				authz.response = AUTHZ_RESPONSE_LOST;
			/* one that is undecided keeps nobody waiting but itself */
			if (fact > 1 && want == ORDER_CLEAN_UP && status != ACME_STATUS_INVALID)
				want = ORDER_AWAIT_AUTHORIZATIONS;
			assert_int_equal(decide_authz(authz), want);
		}
	}
}

static void test_no_challenge(void **state)
{
	struct authz authz = pending();

	(void)state;
	authz.challenge = (struct acme_challenge){0};
	assert_int_equal(decide_authz(authz), ORDER_CLEAN_UP);
	authz.status = ACME_STATUS_VALID;
	assert_int_equal(decide_authz(authz), ORDER_AWAIT_AUTHORIZATIONS);
}

static void test_slowest_decides(void **state)
{
	struct authz authz[3] = {pending(), pending(), pending()};
	struct order_view view = placed(ACME_STATUS_PENDING);

	(void)state;
	view.authz = authz;
	view.authz_count = 3;
	authz[0].status = ACME_STATUS_VALID;
	authz[1].fetched = false;
	assert_int_equal(order_decide(&view), ORDER_AUTHORIZE);
	authz[1].fetched = true;
	authz[2].published = true;
	assert_int_equal(order_decide(&view), ORDER_PRESENT);
	authz[1].published = true;
	authz[2].response = AUTHZ_RESPONSE_TAKEN;
	assert_int_equal(order_decide(&view), ORDER_RESPOND);
	authz[1].response = AUTHZ_RESPONSE_TAKEN;
	assert_int_equal(order_decide(&view), ORDER_AWAIT_AUTHORIZATIONS);
}

static void test_failed_waits_for_others(void **state)
{
	struct authz authz[2] = {pending(), pending()};
	struct order_view view = placed(ACME_STATUS_PENDING);
	struct acmems_error err = {0};

	(void)state;
	view.authz = authz;
	view.authz_count = 2;
	authz[0].status = ACME_STATUS_INVALID;
	authz[0].why = why;
	authz[1].published = true;
	authz[1].response = AUTHZ_RESPONSE_TAKEN;
	assert_int_equal(order_decide(&view), ORDER_AWAIT_AUTHORIZATIONS);
	view.grace_over = true;
	assert_int_equal(order_decide(&view), ORDER_CLEAN_UP);
	assert_true(order_fault(&view, &err));
	assert_int_equal(err.code, ACMEMS_VALIDATION);
	assert_string_equal(err.detail, "a.example: refused (connection)\n");
}

static void test_finalize_tries_end(void **state)
{
	struct order_view view = placed(ACME_STATUS_READY);

	(void)state;
	view.finalize_tries = ORDER_FINALIZE_TRIES - 1;
	assert_int_equal(order_decide(&view), ORDER_FINALIZE);
	view.finalize_tries = ORDER_FINALIZE_TRIES;
	assert_int_equal(order_decide(&view), ORDER_CLEAN_UP);
	view.finalize = ORDER_FINALIZE_TAKEN;
	assert_int_equal(order_decide(&view), ORDER_AWAIT_ISSUANCE);
	view.finalize_url = NULL;
	assert_int_equal(order_decide(&view), ORDER_CLEAN_UP);
}

/* Whatever the CA says: what has ended is cleaned up, and then over. */
static void test_ends(void **state)
{
	(void)state;
	for (int status = 0; status < ACME_STATUS_COUNT; status++) {
		struct order_view view = placed((enum acme_status)status);

		view.failed = true;
		assert_int_equal(order_decide(&view), ORDER_CLEAN_UP);
		view.clean = true;
		assert_int_equal(order_decide(&view), ORDER_FAILED);
		view.failed = false;
		view.has_chain = true;
		assert_int_equal(order_decide(&view), ORDER_DONE);
		view.clean = false;
		assert_int_equal(order_decide(&view), ORDER_CLEAN_UP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beginning),
		cmocka_unit_test(test_order_status),
		cmocka_unit_test(test_authorization_status),
		cmocka_unit_test(test_challenge_status),
		cmocka_unit_test(test_no_challenge),
		cmocka_unit_test(test_slowest_decides),
		cmocka_unit_test(test_failed_waits_for_others),
		cmocka_unit_test(test_finalize_tries_end),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
