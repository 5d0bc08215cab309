/* SPDX-License-Identifier: ISC */
/* test_account_check.c - accounts that were there and are not, and terms that change under them. */
#include "temp_dir.h"

#include "acme/client.h"
#include "paper_ca.h"
#include "virtual_loop.h"

#define URN "urn:ietf:params:acme:error:"
#define OLD_TERMS "https://ca.example/terms-0"

static struct {
	struct paper_ca ca;
	struct acme_client *client;
	struct acme_config config;
	unsigned happened[ACME_ACCOUNT_NEEDS_HAND + 1];
	char detail[1024];
	enum acmems_log_level level; /* the gravest that was told */
} world;

static void on_told(void *arg, enum acmems_log_level level, const char *text)
{
	(void)arg;
	(void)text;
	if (level < world.level)
		world.level = level;
}

static void on_happened(void *arg, const char *name, enum acme_happening what, const char *detail)
{
	(void)arg;
	assert_string_equal(name, "paper");
	world.happened[what]++;
	snprintf(world.detail, sizeof(world.detail), "%s", detail);
}

static int setup(void **state)
{
	virtual_reset();
	memset(&world, 0, sizeof(world));
	world.level = ACMEMS_LOG_DEBUG;
	if (temp_dir_setup(state) != 0)
		return -1;
	paper_ca_init(&world.ca);
	world.config = (struct acme_config){.name = "paper",
		.directory = PAPER_DIRECTORY,
		.dir = temp_dir,
		.accept_any_terms = true,
		.transport = &world.ca.transport,
		.told = on_told,
		.happened = on_happened};
	return 0;
}

static int teardown(void **state)
{
	acme_client_free(world.client);
	paper_ca_fini(&world.ca);
	return temp_dir_teardown(state) == 0 && virtual_timers() == 0 ? 0 : -1;
}

static void begin(void)
{
	struct acmems_error err = {0};

	acme_client_free(world.client);
	world.client = acme_client_new(&world.config, &err);
	assert_non_null(world.client);
	acme_client_start(world.client);
	virtual_pass(100);
}

static void begin_with(const char *terms)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"body\":{},\"uri\":\"%s\"%s%s%s}", PAPER_ACCOUNT,
		terms ? ",\"terms_of_service\":\"" : "", terms ? terms : "", terms ? "\"" : "");
	temp_file("registration.json", text);
	begin();
}

static bool is_ready(struct acmems_error *err)
{
	*err = (struct acmems_error){0};
	return acme_client_ready(world.client, err);
}

static void will(int status, const char *body)
{
	paper_ca_will(&world.ca, (struct paper_reply){.status = status, .body = body}, 1);
}

/* ---- deactivated ---- */

static void the_account_is_fine(void **state)
{
	struct acmems_error err;

	(void)state;
	begin_with(NULL);
	assert_true(is_ready(&err));
	assert_true(acme_client_doubt(world.client));
	/* one question is enough for all */
	assert_true(acme_client_doubt(world.client));
	virtual_run_tasks();
	assert_false(is_ready(&err));
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	virtual_pass(100);
	assert_true(is_ready(&err));
	assert_int_equal(world.ca.post_count, 1);
	assert_string_equal(world.ca.posts[0].url, PAPER_ACCOUNT);
	assert_string_equal(world.ca.posts[0].payload, "");
	/* and is so for a while */
	assert_false(acme_client_doubt(world.client));
	virtual_pass(60000);
	assert_true(acme_client_doubt(world.client));
	assert_int_equal(world.happened[ACME_ACCOUNT_DEACTIVATED], 0);
}

static void the_account_is_deactivated(void **state)
{
	static const struct {
		int status;
		const char *body;
		const char *says;
	} rows[] = {
		{200, "{\"status\":\"deactivated\"}", "deactivated"},
		{200, "{\"status\":\"revoked\"}", "revoked"},
		{401, "{\"type\":\"" URN "unauthorized\",\"detail\":\"gone for good\"}",
			"gone for good"},
		{403, "{\"type\":\"" URN "unauthorized\",\"detail\":\"gone for good\"}",
			"gone for good"},
	};
	struct acmems_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		will(rows[i].status, rows[i].body);
		begin_with(NULL);
		assert_true(acme_client_doubt(world.client));
		virtual_pass(100);
		assert_false(is_ready(&err));
		assert_int_equal(err.code, ACMEMS_CONFIG);
		assert_non_null(strstr(err.message, rows[i].says));
		assert_int_equal(world.level, ACMEMS_LOG_ERROR);
		assert_int_equal(world.happened[ACME_ACCOUNT_DEACTIVATED], i + 1);
		assert_non_null(strstr(world.detail, rows[i].says));
		/* nobody asks again, and nothing is registered */
		assert_false(acme_client_doubt(world.client));
		virtual_pass(86400 * 1000);
		assert_int_equal(world.ca.post_count, i + 1);
	}
}

static void nobody_can_say(void **state)
{
	struct acmems_error err;

	(void)state;
	will(400, "{\"type\":\"" URN "malformed\"}");
	begin_with(NULL);
	assert_true(acme_client_doubt(world.client));
	virtual_pass(100);
	assert_true(is_ready(&err));
	assert_int_equal(world.happened[ACME_ACCOUNT_DEACTIVATED], 0);
	/* no answer at all */
	virtual_pass(60000);
	paper_ca_will(&world.ca, (struct paper_reply){.never = true}, 1);
	assert_true(acme_client_doubt(world.client));
	virtual_pass(60000);
	assert_true(is_ready(&err));
}

static void the_account_is_forgotten(void **state)
{
	struct acmems_error err;

	(void)state;
	will(400, "{\"type\":\"" URN "accountDoesNotExist\"}");
	paper_ca_will(&world.ca,
		(struct paper_reply){.status = 201, .location = "https://ca.example/acct/2"}, 1);
	begin_with(NULL);
	assert_true(acme_client_doubt(world.client));
	virtual_pass(100);
	assert_true(is_ready(&err));
	assert_string_equal(acme_client_account_url(world.client), "https://ca.example/acct/2");
	assert_int_equal(world.happened[ACME_ACCOUNT_REGISTERED], 1);
}

static void the_key_is_not_wanted(void **state)
{
	struct acmems_error err;

	(void)state;
	paper_ca_will(&world.ca,
		(struct paper_reply){.status = 200,
			.location = PAPER_ACCOUNT,
			.body = "{\"status\":\"deactivated\"}"},
		2);
	begin();
	assert_false(is_ready(&err));
	assert_int_equal(world.happened[ACME_ACCOUNT_DEACTIVATED], 1);
	virtual_pass(400000);
	assert_int_equal(world.happened[ACME_ACCOUNT_DEACTIVATED], 1);
	/* the CA has changed its mind; it never was out of reach */
	virtual_pass(400000);
	assert_true(is_ready(&err));
	assert_int_equal(world.happened[ACME_ACCOUNT_REGISTERED], 1);
	assert_int_equal(world.happened[ACME_CA_RECOVERED], 0);
}

static void somebody_has_to_help(void **state)
{
	(void)state;
	will(403, "{\"type\":\"" URN "externalAccountRequired\",\"detail\":\"who are you\"}");
	begin();
	assert_int_equal(world.happened[ACME_ACCOUNT_NEEDS_HAND], 1);
	assert_int_equal(world.happened[ACME_CA_UNREACHABLE], 0);
	assert_non_null(strstr(world.detail, "who are you"));
}

static void out_of_reach_and_back(void **state)
{
	(void)state;
	world.ca.down = true;
	begin();
	assert_int_equal(world.happened[ACME_CA_UNREACHABLE], 1);
	world.ca.down = false;
	virtual_pass(10000);
	assert_int_equal(world.happened[ACME_CA_RECOVERED], 1);
}

/* ---- terms ---- */

static void terms_change(void **state)
{
	struct acmems_error err;

	(void)state;
	world.ca.terms = PAPER_TERMS;
	begin_with(OLD_TERMS);
	assert_true(is_ready(&err));
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 1);
	assert_non_null(strstr(world.detail, PAPER_TERMS));
	assert_non_null(strstr(world.detail, OLD_TERMS));
	assert_null(strstr(world.detail, "accept-terms-of-service"));
	assert_int_equal(world.level, ACMEMS_LOG_NOTICE);
	/* known of from then on, after a restart too */
	begin();
	virtual_pass(3 * 86400 * 1000);
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 1);
	/* and while it runs */
	world.ca.terms = "https://ca.example/terms-2";
	world.config.accept_any_terms = false;
	virtual_pass(2 * 86400 * 1000);
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 2);
	assert_true(is_ready(&err));
	assert_int_equal(world.ca.post_count, 0);
}

static void terms_change_without_consent(void **state)
{
	(void)state;
	world.ca.terms = PAPER_TERMS;
	world.config.accept_any_terms = false;
	begin_with(OLD_TERMS);
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 1);
	assert_non_null(strstr(world.detail, "accept-terms-of-service does not have"));
	assert_int_equal(world.level, ACMEMS_LOG_WARNING);
}

static void first_terms_are_no_news(void **state)
{
	(void)state;
	world.ca.terms = PAPER_TERMS;
	begin_with(NULL);
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 0);
	world.ca.terms = OLD_TERMS;
	begin();
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 1);
	/* a CA without terms has none to agree to */
	world.ca.terms = NULL;
	begin();
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 1);
}

static void terms_of_a_registration_are_known(void **state)
{
	(void)state;
	world.ca.terms = PAPER_TERMS;
	begin();
	assert_int_equal(world.happened[ACME_ACCOUNT_REGISTERED], 1);
	begin();
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 0);
	world.ca.terms = OLD_TERMS;
	begin();
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 1);
}

static void action_is_asked_for_once(void **state)
{
	struct acmems_error err = {.message = "the CA says: agree: go to https://ca.example/agree"};

	(void)state;
	begin_with(NULL);
	acme_client_action(world.client, &err);
	acme_client_action(world.client, &err);
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 1);
	assert_non_null(strstr(world.detail, "https://ca.example/agree"));
	err.message[0] = 'T';
	acme_client_action(world.client, &err);
	assert_int_equal(world.happened[ACME_ACCOUNT_TERMS_CHANGED], 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_account_is_fine),
		TEST(the_account_is_deactivated),
		TEST(nobody_can_say),
		TEST(the_account_is_forgotten),
		TEST(the_key_is_not_wanted),
		TEST(somebody_has_to_help),
		TEST(out_of_reach_and_back),
		TEST(terms_change),
		TEST(terms_change_without_consent),
		TEST(first_terms_are_no_news),
		TEST(terms_of_a_registration_are_known),
		TEST(action_is_asked_for_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
