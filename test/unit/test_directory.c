/* SPDX-License-Identifier: ISC */
/* test_directory.c - the CA's directory: what it must have, and how it is kept fresh. */
#include "unit.h"

#include "acme/directory.h"
#include "acme/json.h"
#include "paper_ca.h"
#include "virtual_loop.h"

#define DAY_MS 86400000

static struct directory *parse(const char *text, struct acmems_error *err)
{
	struct acmems_json *json = json_parse(text, strlen(text), err);
	struct directory *directory;

	assert_non_null(json);
	directory = directory_parse(json, err);
	acmems_json_free(json);
	return directory;
}

static void full(void **state)
{
	struct acmems_error err = {0};
	struct directory *directory = parse(
		"{\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\","
		"\"newOrder\":\"https://ca.example/o\",\"revokeCert\":\"https://ca.example/r\","
		"\"QAKPuY0EzWM\":\"https://community.example/\",\"odd\":[1,{}],"
		"\"meta\":{\"termsOfService\":\"https://ca.example/terms\",\"website\":5,"
		"\"caaIdentities\":[\"ca.example\"],\"externalAccountRequired\":true}}",
		&err);

	(void)state;
	assert_non_null(directory);
	assert_string_equal(directory->new_nonce, "https://ca.example/n");
	assert_string_equal(directory->new_account, "https://ca.example/a");
	assert_string_equal(directory->new_order, "https://ca.example/o");
	assert_string_equal(directory->terms, "https://ca.example/terms");
	assert_true(directory->external_account_required);
	assert_non_null(directory->issuers);
	assert_string_equal(directory->issuers[0], "ca.example");
	assert_null(directory->issuers[1]);
	assert_null(directory->account_hash_prefix);
	directory_free(directory);
}

#define REST                                                                                       \
	"{\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\","          \
	"\"newOrder\":\"https://ca.example/o\",\"meta\":"

static void of_standing_records(void **state)
{
	struct acmems_error err = {0};
	struct directory *directory =
		parse(REST "{\"caaIdentities\":[\"other.example\"],\"accountHashPrefix\":\"x:\","
			   "\"issuerDomainNames\":[\"ca.example\"]}}",
			&err);

	(void)state;
	assert_non_null(directory);
	assert_non_null(directory->issuers);
	assert_string_equal(directory->issuers[0], "ca.example");
	assert_string_equal(directory->account_hash_prefix, "x:");
	directory_free(directory);
	directory = parse(REST "{\"caaIdentities\":{},\"issuerDomainNames\":[5]}}", &err);
	assert_non_null(directory);
	assert_null(directory->issuers);
	directory_free(directory);
	assert_null(parse(REST "{\"accountHashPrefix\":\"a b\"}}", &err));
}

static void smallest(void **state)
{
	struct acmems_error err = {0};
	struct directory *directory = parse(
		"{\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\","
		"\"newOrder\":\"https://ca.example/o\"}",
		&err);

	(void)state;
	assert_non_null(directory);
	assert_null(directory->terms);
	assert_false(directory->external_account_required);
	directory_free(directory);
	directory_free(NULL);
}

#define NA "\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\""

static void broken(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{" NA "}",
		"{" NA ",\"newOrder\":5}",
		"{" NA ",\"newOrder\":null}",
		"{" NA ",\"newOrder\":\"http://ca.example/o\"}",
		"{" NA ",\"newOrder\":\"/o\"}",
		"{" NA ",\"neworder\":\"https://ca.example/o\"}",
		"{" NA ",\"newOrder\":\"https://ca.example/o\",\"meta\":[]}",
		"{" NA ",\"newOrder\":\"https://ca.example/o\",\"meta\":{\"termsOfService\":1}}",
		"{" NA
		",\"newOrder\":\"https://ca.example/o\",\"meta\":{\"termsOfService\":\"a b\"}}",
		"{" NA ",\"newOrder\":\"https://ca.example/o\","
		"\"meta\":{\"externalAccountRequired\":\"yes\"}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct acmems_error err = {0};

		assert_null(parse(bad[i], &err));
		assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	}
}

struct heard {
	int good;
	int bad;
	struct acmems_error err;
};

static void hear(void *arg, const struct acmems_error *err)
{
	struct heard *heard = arg;

	if (err == NULL) {
		heard->good++;
		return;
	}
	heard->bad++;
	heard->err = *err;
}

static struct directory_keeper keeper;
static struct paper_ca ca;
static struct heard heard;
static struct acmems_error err;

static int set_up(void **state)
{
	(void)state;
	virtual_reset();
	paper_ca_init(&ca);
	heard = (struct heard){0};
	err = (struct acmems_error){0};
	keeper = (struct directory_keeper){
		.url = PAPER_DIRECTORY,
		.transport = &ca.transport,
		.done = hear,
		.arg = &heard,
	};
	return directory_keeper_init(&keeper) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	directory_keeper_fini(&keeper);
	paper_ca_fini(&ca);
	assert_int_equal(virtual_timers(), 0);
	return 0;
}

static void fetched_and_refreshed_daily(void **state)
{
	(void)state;
	assert_true(directory_keeper_fetch(&keeper, &err));
	assert_true(directory_keeper_fetch(&keeper, &err));
	assert_int_equal(heard.good, 0);
	virtual_pass(100);
	assert_int_equal(heard.good, 1);
	assert_int_equal(ca.directory_calls, 1);
	virtual_pass(DAY_MS + 100);
	assert_int_equal(heard.good, 2);
	assert_int_equal(ca.directory_calls, 2);
}

static void failure_without_a_copy_is_told(void **state)
{
	(void)state;
	ca.down = true;
	assert_true(directory_keeper_fetch(&keeper, &err));
	virtual_pass(100);
	assert_int_equal(heard.bad, 1);
	assert_int_equal(heard.err.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(heard.err.message, PAPER_DIRECTORY));
	assert_null(keeper.current);
	ca.down = false;
	ca.directory_type = "text/html";
	assert_true(directory_keeper_fetch(&keeper, &err));
	virtual_pass(100);
	assert_int_equal(heard.bad, 2);
	assert_int_equal(heard.err.code, ACMEMS_BAD_ANSWER);
}

static void failure_with_a_copy_keeps_it(void **state)
{
	(void)state;
	assert_true(directory_keeper_fetch(&keeper, &err));
	virtual_pass(100);
	ca.down = true;
	virtual_pass(DAY_MS);
	assert_int_equal(ca.directory_calls, 2);
	assert_int_equal(heard.bad, 0);
	assert_non_null(keeper.current);
	ca.down = false;
	virtual_pass(600000);
	assert_int_equal(heard.good, 2);
}

static void suspicion_refreshes_once_a_minute(void **state)
{
	(void)state;
	directory_keeper_suspect(&keeper);
	virtual_pass(100);
	assert_int_equal(ca.directory_calls, 0);
	assert_true(directory_keeper_fetch(&keeper, &err));
	virtual_pass(100);
	directory_keeper_suspect(&keeper);
	virtual_pass(100);
	assert_int_equal(ca.directory_calls, 1);
	virtual_pass(60000);
	directory_keeper_suspect(&keeper);
	directory_keeper_suspect(&keeper);
	virtual_pass(100);
	assert_int_equal(ca.directory_calls, 2);
}

static void end_while_fetching(void **state)
{
	(void)state;
	assert_true(directory_keeper_fetch(&keeper, &err));
	directory_keeper_fini(&keeper);
	virtual_pass(100000);
	assert_int_equal(heard.good + heard.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full),
		cmocka_unit_test(of_standing_records),
		cmocka_unit_test(smallest),
		cmocka_unit_test(broken),
		cmocka_unit_test_setup_teardown(fetched_and_refreshed_daily, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failure_without_a_copy_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failure_with_a_copy_keeps_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			suspicion_refreshes_once_a_minute, set_up, tear_down),
		cmocka_unit_test_setup_teardown(end_while_fetching, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
