/* SPDX-License-Identifier: ISC */
/* test_account.c - the account's flow and those who wait for it, against a CA on paper. */
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acmems/file.h>

#include "acme/client.h"
#include "acme/json.h"
#include "paper_ca.h"
#include "virtual_loop.h"

struct world {
	struct paper_ca ca;
	struct acme_config config;
	struct acme_client *client;
	char dir[64];
	int told;
	enum acmems_log_level level;
	char last[1024];
};

static struct world *world;

static void on_told(void *arg, enum acmems_log_level level, const char *text)
{
	struct world *self = arg;

	self->told++;
	self->level = level;
	snprintf(self->last, sizeof(self->last), "%s", text);
}

static const char *in_dir(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", world->dir, name);
	return path;
}

static void put_registration(const char *url)
{
	FILE *file = fopen(in_dir("registration.json"), "w");

	assert_non_null(file);
	fprintf(file, "{\"body\":{},\"uri\":\"%s\"}", url);
	fclose(file);
}

static int set_up(void **state)
{
	virtual_reset();
	world = calloc(1, sizeof(*world));
	if (world == NULL)
		return -1;
	*state = world;
	paper_ca_init(&world->ca);
	snprintf(world->dir, sizeof(world->dir), "test_account.XXXXXX");
	if (mkdtemp(world->dir) == NULL)
		return -1;
	world->config = (struct acme_config){
		.name = "paper",
		.directory = PAPER_DIRECTORY,
		.dir = world->dir,
		.accept_any_terms = true,
		.transport = &world->ca.transport,
		.told = on_told,
		.told_arg = world,
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	acme_client_free(world->client);
	paper_ca_fini(&world->ca);
	unlink(in_dir("registration.json"));
	unlink(in_dir("account.pem"));
	rmdir(world->dir);
	free(world);
	return virtual_timers() == 0 ? 0 : -1;
}

static void begin(void)
{
	struct acmems_error err = {0};

	world->client = acme_client_new(&world->config, &err);
	assert_non_null(world->client);
	acme_client_start(world->client);
}

static bool is_ready(struct acmems_error *err)
{
	return acme_client_ready(world->client, err);
}

static void registers(void **state)
{
	struct acmems_error err = {0};
	struct acmems_json *json;
	const char *url;
	char *text;
	size_t len;

	(void)state;
	begin();
	assert_false(is_ready(&err));
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_true(err.retry_after > 0);
	assert_null(acme_client_account_url(world->client));
	assert_null(acme_client_new_order_url(world->client));
	virtual_pass(100);
	assert_true(is_ready(&err));
	assert_string_equal(acme_client_account_url(world->client), PAPER_ACCOUNT);
	assert_string_equal(acme_client_new_order_url(world->client), PAPER_NEW_ORDER);
	assert_string_equal(acme_client_name(world->client), "paper");
	assert_int_equal(world->ca.post_count, 1);
	assert_string_equal(world->ca.posts[0].payload, "{\"termsOfServiceAgreed\":true}");
	assert_non_null(strstr(world->ca.posts[0].protected, "\"jwk\":{"));
	assert_int_equal(world->level, ACMEMS_LOG_NOTICE);
	assert_non_null(strstr(world->last, "registered"));
	assert_true(acmems_file_read(in_dir("registration.json"), JSON_MAX, &text, &len, &err));
	json = json_parse(text, len, &err);
	assert_true(json_need_url(json, "uri", &url, &err));
	assert_string_equal(url, PAPER_ACCOUNT);
	acmems_json_free(json);
	free(text);
}

static void known_account_is_ready_without_asking(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	put_registration(PAPER_ACCOUNT);
	begin();
	virtual_pass(100);
	assert_true(is_ready(&err));
	assert_int_equal(world->ca.post_count, 0);
	assert_int_equal(world->ca.nonce_calls, 0);
}

static void registration_of_another_ca(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	put_registration("https://other.example/acct/1");
	begin();
	virtual_pass(100);
	assert_true(is_ready(&err));
	assert_string_equal(acme_client_account_url(world->client), PAPER_ACCOUNT);
	assert_int_equal(world->ca.post_count, 1);
}

static void broken_registration_is_found_again(void **state)
{
	struct acmems_error err = {0};
	FILE *file = fopen(in_dir("registration.json"), "w");

	(void)state;
	fclose(file);
	paper_ca_will(
		&world->ca, (struct paper_reply){.status = 200, .location = PAPER_ACCOUNT}, 1);
	begin();
	assert_int_equal(world->level, ACMEMS_LOG_WARNING);
	virtual_pass(100);
	assert_true(is_ready(&err));
	assert_non_null(strstr(world->last, "found"));
}

static void contacts_and_binding(void **state)
{
	char *contacts[] = {(char *)"mailto:a@example.org", (char *)"mailto:b@example.org", NULL};
	struct acmems_error err = {0};
	const struct acmems_json *binding;
	const struct acmems_json *list;
	struct acmems_json *json;
	const char *text;

	(void)state;
	world->config.contact = (struct acmems_list){contacts, 2, true};
	world->config.eab_kid = "kid-1";
	world->config.eab_key = "c2VjcmV0";
	world->ca.external = true;
	begin();
	virtual_pass(100);
	assert_true(is_ready(&err));
	json = json_parse(world->ca.posts[0].payload, strlen(world->ca.posts[0].payload), &err);
	assert_non_null(json);
	assert_true(acmems_json_array(json, "contact", 2, &list, &err));
	assert_string_equal(acmems_json_element_text(acmems_json_first(list)), contacts[0]);
	assert_true(acmems_json_object(json, "externalAccountBinding", &binding, &err));
	assert_true(acmems_json_need_text(binding, "protected", 500, &text, &err));
	assert_true(acmems_json_need_text(binding, "payload", 500, &text, &err));
	assert_true(acmems_json_need_text(binding, "signature", 500, &text, &err));
	acmems_json_free(json);
}

static void terms_that_are_not_accepted(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	world->config.accept_any_terms = false;
	world->ca.terms = PAPER_TERMS;
	begin();
	virtual_pass(100000);
	assert_false(is_ready(&err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_non_null(strstr(err.message, "accept-terms-of-service = [ \"" PAPER_TERMS "\" ];"));
	assert_int_equal(world->level, ACMEMS_LOG_ERROR);
	assert_int_equal(world->ca.post_count, 0);
}

static void terms_that_are_listed(void **state)
{
	char *terms[] = {(char *)"https://ca.example/terms-0", (char *)PAPER_TERMS, NULL};
	struct acmems_error err = {0};

	(void)state;
	world->config.accept_any_terms = false;
	world->config.accept_terms = (struct acmems_list){terms, 2, true};
	world->ca.terms = PAPER_TERMS;
	begin();
	virtual_pass(100);
	assert_true(is_ready(&err));
}

static void no_terms_need_no_consent(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	world->config.accept_any_terms = false;
	begin();
	virtual_pass(100);
	assert_true(is_ready(&err));
}

static void known_account_needs_no_consent(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	put_registration(PAPER_ACCOUNT);
	world->config.accept_any_terms = false;
	world->ca.terms = PAPER_TERMS;
	begin();
	virtual_pass(100);
	assert_true(is_ready(&err));
}

static void ca_down_at_start(void **state)
{
	struct acmems_error err = {0};
	int calls;

	(void)state;
	world->ca.down = true;
	begin();
	virtual_pass(500);
	assert_false(is_ready(&err));
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_in_range(err.retry_after, 1, 2);
	assert_int_equal(world->level, ACMEMS_LOG_WARNING);
	virtual_pass(3600000);
	/* 1, 2, 4 ... 256 and then every 300 s and a quarter more at most: told once */
	calls = world->ca.directory_calls;
	assert_in_range(calls, 16, 21);
	assert_int_equal(world->told, 2); /* key made, CA down */
	assert_false(is_ready(&err));
	assert_in_range(err.retry_after, 1, 375);
	world->ca.down = false;
	virtual_pass(400000);
	assert_true(is_ready(&err));
	assert_non_null(strstr(world->last, "works again"));
}

static void pause_that_the_ca_asks_for(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	paper_ca_will(&world->ca,
		(struct paper_reply){.status = 429,
			.body = "{\"type\":\"urn:ietf:params:acme:error:rateLimited\"}",
			.retry_after = "5000"},
		1);
	begin();
	virtual_pass(100);
	assert_false(is_ready(&err));
	assert_int_equal(err.code, ACMEMS_RATE_LIMITED);
	assert_in_range(err.retry_after, 4999, 6251);
	virtual_pass(4999000);
	assert_int_equal(world->ca.post_count, 1);
	virtual_pass(1252000);
	assert_true(is_ready(&err));
}

static void refusals_are_the_operators_business(void **state)
{
	static const struct {
		int status;
		const char *type;
	} rows[] = {{403, "userActionRequired"}, {403, "externalAccountRequired"},
		{403, "unauthorized"}, {400, "badPublicKey"}, {400, "badSignatureAlgorithm"},
		{400, "invalidContact"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};
		char body[256];

		snprintf(body, sizeof(body),
			"{\"type\":\"urn:ietf:params:acme:error:%s\",\"detail\":\"because\"}",
			rows[i].type);
		paper_ca_will(&world->ca,
			(struct paper_reply){.status = rows[i].status, .body = body}, 1);
		begin();
		virtual_pass(100);
		assert_false(is_ready(&err));
		assert_int_equal(err.code, ACMEMS_CONFIG);
		assert_string_equal(err.problem, rows[i].type);
		assert_non_null(strstr(err.message, "because"));
		assert_int_equal(world->level, ACMEMS_LOG_ERROR);
		acme_client_free(world->client);
		world->client = NULL;
	}
}

static void binding_that_is_missing(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	world->ca.external = true;
	paper_ca_will(&world->ca,
		(struct paper_reply){.status = 403,
			.body = "{\"type\":\"urn:ietf:params:acme:error:"
				"externalAccountRequired\"}"},
		1);
	begin();
	virtual_pass(100);
	assert_false(is_ready(&err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_non_null(strstr(err.message, "no external account binding is configured"));
}

static void useless_answers(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	paper_ca_will(&world->ca, (struct paper_reply){.status = 201}, 1);
	begin();
	virtual_pass(100);
	assert_false(is_ready(&err));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	acme_client_free(world->client);
	paper_ca_will(&world->ca,
		(struct paper_reply){.status = 200,
			.location = PAPER_ACCOUNT,
			.body = "{\"status\":\"deactivated\"}"},
		1);
	begin();
	virtual_pass(100);
	assert_false(is_ready(&err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_non_null(strstr(err.message, "deactivated"));
}

struct heard {
	bool done;
	bool ready;
	struct acmems_error err;
};

static void hear(void *arg, const struct acmems_error *err)
{
	struct heard *heard = arg;

	assert_false(heard->done);
	heard->done = true;
	heard->ready = err == NULL;
	if (err != NULL)
		heard->err = *err;
}

static void hear_and_free(void *arg, const struct acmems_error *err)
{
	hear(arg, err);
	acme_client_free(world->client);
	world->client = NULL;
}

static void waiting_until_ready(void **state)
{
	struct heard heard[3] = {0};
	struct acmems_error err = {0};
	uint64_t id;

	(void)state;
	begin();
	assert_true(acme_client_wait(world->client, hear, &heard[0], &err) != 0);
	id = acme_client_wait(world->client, hear, &heard[1], &err);
	assert_true(acme_client_wait(world->client, hear, &heard[2], &err) != 0);
	assert_false(heard[0].done);
	acme_client_wait_cancel(world->client, id);
	acme_client_wait_cancel(world->client, 0);
	virtual_pass(100);
	assert_true(heard[0].ready && heard[2].ready);
	assert_false(heard[1].done);
	memset(&heard[1], 0, sizeof(heard[1]));
	assert_true(acme_client_wait(world->client, hear, &heard[1], &err) != 0);
	assert_false(heard[1].done);
	virtual_run_tasks();
	assert_true(heard[1].ready);
}

static void waiting_in_vain(void **state)
{
	struct heard first = {0};
	struct heard second = {0};
	struct acmems_error err = {0};

	(void)state;
	world->ca.down = true;
	begin();
	assert_true(acme_client_wait(world->client, hear, &first, &err) != 0);
	virtual_pass(100);
	assert_true(first.done && !first.ready);
	assert_int_equal(first.err.code, ACMEMS_UNAVAILABLE);
	assert_true(first.err.retry_after > 0);
	/* in the pause between two attempts there is nothing to wait for */
	assert_true(acme_client_wait(world->client, hear, &second, &err) != 0);
	virtual_run_tasks();
	assert_true(second.done && !second.ready);
}

static void freed_by_a_waiter(void **state)
{
	struct heard first = {0};
	struct heard second = {0};
	struct acmems_error err = {0};

	(void)state;
	begin();
	assert_true(acme_client_wait(world->client, hear_and_free, &first, &err) != 0);
	assert_true(acme_client_wait(world->client, hear, &second, &err) != 0);
	virtual_pass(1000);
	assert_true(first.ready);
	assert_false(second.done);
}

static void lost_account_is_made_again(void **state)
{
	struct heard heard = {0};
	struct acmems_error err = {0};

	(void)state;
	put_registration("https://ca.example/acct/gone");
	begin();
	virtual_pass(100);
	assert_true(is_ready(&err));
	acme_client_lost(world->client);
	acme_client_lost(world->client);
	assert_false(is_ready(&err));
	assert_true(acme_client_wait(world->client, hear, &heard, &err) != 0);
	virtual_pass(100);
	assert_true(heard.ready);
	assert_string_equal(acme_client_account_url(world->client), PAPER_ACCOUNT);
	assert_int_equal(world->ca.post_count, 1);
}

static void unwritable_registration_is_told(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	assert_int_equal(mkdir(in_dir("registration.json"), 0700), 0);
	begin();
	virtual_pass(100);
	assert_true(is_ready(&err));
	assert_int_equal(world->level, ACMEMS_LOG_WARNING);
	assert_non_null(strstr(world->last, "registration.json"));
	rmdir(in_dir("registration.json"));
}

static void configurations_that_can_not_be(void **state)
{
	struct acmems_error err = {0};
	struct acme_config config = world->config;

	(void)state;
	config.directory = "http://ca.example/dir";
	assert_null(acme_client_new(&config, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	config = world->config;
	config.eab_kid = "kid";
	assert_null(acme_client_new(&config, &err));
	config.eab_key = "not base64url!";
	assert_null(acme_client_new(&config, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_null(strstr(err.message, "not base64url!"));
	config.eab_key = "c2VjcmV0";
	config.eab_algorithm = "none";
	assert_null(acme_client_new(&config, &err));
	config = world->config;
	config.dir = "/dev/null/acmems";
	assert_null(acme_client_new(&config, &err));
	assert_non_null(strstr(err.message, "/dev/null/acmems"));
}

static void key_authorization(void **state)
{
	char small[44];
	char out[128];

	(void)state;
	begin();
	assert_true(acme_client_key_authorization(world->client, "tok-1_", out, sizeof(out)));
	assert_int_equal(strlen(out), 6 + 1 + 43);
	assert_memory_equal(out, "tok-1_.", 7);
	assert_false(acme_client_key_authorization(world->client, "t", small, sizeof(small)));
}

static void end_before_anything_came(void **state)
{
	struct acmems_error err = {0};
	struct heard heard = {0};

	(void)state;
	begin();
	acme_client_wait(world->client, hear, &heard, &err);
	virtual_run_tasks();
	acme_client_free(world->client);
	world->client = NULL;
	virtual_pass(1000);
	assert_false(heard.done);
	begin();
	virtual_pass(2); /* newNonce or newAccount is on the wire */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(registers),
		TEST(known_account_is_ready_without_asking),
		TEST(registration_of_another_ca),
		TEST(broken_registration_is_found_again),
		TEST(contacts_and_binding),
		TEST(terms_that_are_not_accepted),
		TEST(terms_that_are_listed),
		TEST(no_terms_need_no_consent),
		TEST(known_account_needs_no_consent),
		TEST(ca_down_at_start),
		TEST(pause_that_the_ca_asks_for),
		TEST(refusals_are_the_operators_business),
		TEST(binding_that_is_missing),
		TEST(useless_answers),
		TEST(waiting_until_ready),
		TEST(waiting_in_vain),
		TEST(freed_by_a_waiter),
		TEST(lost_account_is_made_again),
		TEST(unwritable_registration_is_told),
		TEST(configurations_that_can_not_be),
		TEST(key_authorization),
		TEST(end_before_anything_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
