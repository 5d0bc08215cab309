/* SPDX-License-Identifier: ISC */
/*
 * test_order_effect.c - the record of what was published: that all of it is taken away again, by a solver
 * that works, one that fails, one that refuses and one that never answers.
 */
#include "unit.h"

#include <stdio.h>

#include "acme/client_core.h"
#include "acme/order_effect.h"
#include "acme/persist.h"
#include "virtual_loop.h"

#define CALLS_MAX 16

/* What the solver was asked. */
struct call {
	struct acmems_challenge challenge;
	void (*done)(void *arg, const struct acmems_error *err);
	void *arg;
	bool cleanup;
	bool cancelled;
};

static struct call calls[CALLS_MAX];
static size_t call_count;
static bool refuse_present, refuse_cleanup;

static uint64_t ask(const struct acmems_challenge *challenge,
	void (*done)(void *arg, const struct acmems_error *err), void *arg, bool cleanup)
{
	assert_true(call_count < CALLS_MAX);
	calls[call_count] = (struct call){*challenge, done, arg, cleanup, false};
	return ++call_count;
}

static uint64_t present(void *ctx, const struct acmems_challenge *challenge,
	void (*done)(void *arg, const struct acmems_error *err), void *arg,
	struct acmems_error *err)
{
	(void)ctx;
	if (refuse_present)
		return acmems_error_set(err, ACMEMS_CONFIG, "no such zone");
	return ask(challenge, done, arg, false);
}

static uint64_t cleanup(void *ctx, const struct acmems_challenge *challenge,
	void (*done)(void *arg, const struct acmems_error *err), void *arg,
	struct acmems_error *err)
{
	(void)ctx;
	if (refuse_cleanup)
		return acmems_error_set(err, ACMEMS_CONFIG, "not now");
	return ask(challenge, done, arg, true);
}

static void cancel(void *ctx, uint64_t id)
{
	(void)ctx;
	assert_true(id > 0 && id <= call_count && !calls[id - 1].cancelled);
	calls[id - 1].cancelled = true;
}

static const struct acme_solver solver = {.present = present, .cleanup = cleanup, .cancel = cancel};

static char account_url[] = "https://ca.example/acct/1";
static struct directory directory;
static struct acme_client client;
static struct effect_list list;
static struct acmems_error err;
static char published[64], seen[64];
static enum acmems_code published_code;
static int cleaned;

static void on_published(void *arg, const char *url, const struct acmems_error *error)
{
	assert_ptr_equal(arg, &list);
	snprintf(published, sizeof(published), "%s", url);
	published_code = error ? error->code : ACMEMS_OK;
}

static void on_seen(void *arg, const char *url)
{
	assert_ptr_equal(arg, &list);
	snprintf(seen, sizeof(seen), "%s", url);
}

static void on_cleaned(void *arg)
{
	assert_ptr_equal(arg, &list);
	assert_null(list.first);
	cleaned++;
}

static int set_up(void **state)
{
	(void)state;
	virtual_reset();
	directory = (struct directory){0};
	client = (struct acme_client){
		.thumbprint = "thumb", .directory.current = &directory, .account.url = account_url};
	list = (struct effect_list){
		.solver = &solver, .id = "o1", .cleaned = on_cleaned, .arg = &list};
	err = (struct acmems_error){0};
	call_count = 0;
	cleaned = 0;
	refuse_present = refuse_cleanup = false;
	published[0] = seen[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_null(list.first);
	virtual_run_tasks();
	assert_int_equal(virtual_timers(), 0);
	return 0;
}

static bool publish_type(const char *url, const char *type, const char *token)
{
	const struct authz authz = {
		.url = (char *)url,
		.name = (char *)"www.example.org",
		.wildcard = true,
		.challenge = {.type = (char *)type, .token = (char *)token},
	};

	err = (struct acmems_error){0};
	return effect_publish(&list, &client, &authz, on_published, on_seen, &err);
}

static bool publish(const char *url)
{
	return publish_type(url, "http-01", "token");
}

/* The solver is done with its n-th call. */
static void answer(size_t n, enum acmems_code code)
{
	struct acmems_error why = {.code = code, .message = "no"};

	assert_true(n < call_count && !calls[n].cancelled);
	calls[n].done(calls[n].arg, code == ACMEMS_OK ? NULL : &why);
}

static void a_challenge_is_told_whole(void **state)
{
	const struct acmems_challenge *challenge = &calls[0].challenge;

	(void)state;
	assert_true(publish("u1"));
	assert_true(effect_is_known(&list, "u1"));
	assert_false(effect_is_known(&list, "u2"));
	assert_true(challenge->id != 0 && challenge->wildcard);
	assert_string_equal(challenge->type, "http-01");
	assert_string_equal(challenge->identifier, "www.example.org");
	assert_string_equal(challenge->token, "token");
	assert_string_equal(challenge->key_authorization, "token.thumb");
	assert_string_equal(challenge->account_url, account_url);
	answer(0, ACMEMS_OK);
	assert_string_equal(published, "u1");
	assert_int_equal(published_code, ACMEMS_OK);
	acmems_challenge_seen(challenge->id);
	acmems_challenge_seen(challenge->id);
	virtual_run_tasks();
	assert_string_equal(seen, "u1");
	assert_true(effect_clean_up(&list));
	answer(1, ACMEMS_OK);
	assert_int_equal(cleaned, 1);
	assert_int_equal(list.failures, 0);
}

static void standing_records_have_an_offer(void **state)
{
	static char name[] = "ca.example";
	static char *issuers[] = {name, NULL};

	(void)state;
	directory.issuers = issuers;
	assert_true(publish_type("u1", PERSIST_TYPE, ""));
	assert_string_equal(calls[0].challenge.issuer_domain_names[0], "ca.example");
	assert_string_equal(calls[0].challenge.account_uris[0], account_url);
	assert_string_equal(calls[0].challenge.key_authorization, "");
	effect_give_up(&list);
}

static void what_can_not_be_published_leaves_no_record(void **state)
{
	char token[CHALLENGE_TOKEN_MAX + 80];

	(void)state;
	refuse_present = true;
	assert_false(publish("u1"));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_null(list.first);
	refuse_present = false;
	memset(token, 'a', sizeof(token) - 1);
	token[sizeof(token) - 1] = '\0';
	assert_false(publish_type("u1", "http-01", token));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	assert_int_equal(call_count, 0);
	assert_false(effect_clean_up(&list));
	assert_int_equal(cleaned, 0);
}

static void a_failed_publication_is_cleaned_up_all_the_same(void **state)
{
	(void)state;
	assert_true(publish("u1"));
	answer(0, ACMEMS_TIMEOUT);
	assert_int_equal(published_code, ACMEMS_TIMEOUT);
	assert_true(effect_clean_up(&list));
	assert_true(calls[1].cleanup);
	answer(1, ACMEMS_TIMEOUT);
	assert_int_equal(cleaned, 1);
	assert_int_equal(list.failures, 1);
}

static void clean_up_stops_what_is_under_way(void **state)
{
	(void)state;
	assert_true(publish("u1"));
	assert_true(publish("u2"));
	answer(0, ACMEMS_OK);
	assert_true(effect_clean_up(&list));
	assert_true(calls[1].cancelled);
	assert_int_equal(call_count, 4);
	/* once is enough, and being seen does not matter any more */
	assert_true(effect_clean_up(&list));
	assert_int_equal(call_count, 4);
	acmems_challenge_seen(calls[0].challenge.id);
	virtual_run_tasks();
	assert_string_equal(seen, "");
	answer(3, ACMEMS_OK);
	assert_int_equal(cleaned, 0);
	answer(2, ACMEMS_OK);
	assert_int_equal(cleaned, 1);
}

static void a_clean_up_that_does_not_begin_ends_all_the_same(void **state)
{
	(void)state;
	assert_true(publish("u1"));
	assert_true(publish("u2"));
	refuse_cleanup = true;
	assert_true(effect_clean_up(&list));
	/* not from inside */
	assert_int_equal(cleaned, 0);
	virtual_run_tasks();
	assert_int_equal(cleaned, 1);
	assert_int_equal(list.failures, 2);
}

static void orphans_are_cleaned_up_but_not_known(void **state)
{
	(void)state;
	assert_true(publish("u1"));
	effect_orphan(&list);
	assert_false(effect_is_known(&list, "u1"));
	assert_true(publish("u1"));
	assert_true(effect_is_known(&list, "u1"));
	assert_true(effect_clean_up(&list));
	answer(2, ACMEMS_OK);
	answer(3, ACMEMS_OK);
	assert_int_equal(cleaned, 1);
}

static void what_is_given_up_counts_as_failed(void **state)
{
	(void)state;
	assert_true(publish("u1"));
	assert_true(publish("u2"));
	answer(0, ACMEMS_OK);
	refuse_cleanup = true;
	effect_clean_up(&list);
	effect_give_up(&list);
	virtual_run_tasks();
	assert_int_equal(cleaned, 0);
	assert_int_equal(list.failures, 2);
	refuse_cleanup = false;
	assert_true(publish("u3"));
	assert_true(effect_clean_up(&list));
	effect_give_up(&list);
	assert_true(calls[call_count - 1].cleanup && calls[call_count - 1].cancelled);
	assert_int_equal(list.failures, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_challenge_is_told_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(standing_records_have_an_offer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_can_not_be_published_leaves_no_record, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_failed_publication_is_cleaned_up_all_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			clean_up_stops_what_is_under_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_clean_up_that_does_not_begin_ends_all_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			orphans_are_cleaned_up_but_not_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_given_up_counts_as_failed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
