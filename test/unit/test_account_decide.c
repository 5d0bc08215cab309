/* SPDX-License-Identifier: ISC */
/* test_account_decide.c - every view of an account and the state that follows. */
#include "unit.h"

#include "acme/account_decide.h"

static void every_view(void **state)
{
	static const struct {
		bool directory;
		bool url;
		bool terms_open;
		bool failed;
		enum account_state next;
	} rows[] = {
		{false, false, false, false, ACCOUNT_DIRECTORY},
		{false, false, false, true, ACCOUNT_WAITING},
		{false, false, true, false, ACCOUNT_DIRECTORY},
		{false, false, true, true, ACCOUNT_WAITING},
		{false, true, false, false, ACCOUNT_DIRECTORY},
		{false, true, false, true, ACCOUNT_WAITING},
		{false, true, true, false, ACCOUNT_DIRECTORY},
		{false, true, true, true, ACCOUNT_WAITING},
		{true, false, false, false, ACCOUNT_REGISTER},
		{true, false, false, true, ACCOUNT_WAITING},
		{true, false, true, false, ACCOUNT_REFUSED},
		{true, false, true, true, ACCOUNT_WAITING},
		{true, true, false, false, ACCOUNT_READY},
		{true, true, false, true, ACCOUNT_WAITING},
		/* terms are asked about once, at registration */
		{true, true, true, false, ACCOUNT_READY},
		{true, true, true, true, ACCOUNT_WAITING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct account_view view = {
			.has_directory = rows[i].directory,
			.has_url = rows[i].url,
			.terms_open = rows[i].terms_open,
			.failed = rows[i].failed,
		};

		assert_int_equal(account_decide(&view), rows[i].next);
	}
}

static void trouble_with_a_known_account(void **state)
{
	struct account_view view = {.has_directory = true, .has_url = true, .doubted = true};

	(void)state;
	assert_int_equal(account_decide(&view), ACCOUNT_CHECK);
	view.closed = true;
	assert_int_equal(account_decide(&view), ACCOUNT_CLOSED);
	view.doubted = false;
	assert_int_equal(account_decide(&view), ACCOUNT_CLOSED);
	view.failed = true;
	assert_int_equal(account_decide(&view), ACCOUNT_WAITING);
	/* what was closed is not the next one */
	view = (struct account_view){.has_directory = true, .doubted = true, .closed = true};
	assert_int_equal(account_decide(&view), ACCOUNT_REGISTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_view),
		cmocka_unit_test(trouble_with_a_known_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
