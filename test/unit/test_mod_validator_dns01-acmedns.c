/* SPDX-License-Identifier: ISC */
#include "fake_net.h"

#include <sys/stat.h>
#include <unistd.h>

#include <acmems/file.h>

#include "../../modules/validator/dns01-acmedns.c"

#define NAME "_acme-challenge.www.example.org"
#define FULL "d420c923.auth.example.net"
#define ACCOUNT(name)                                                                              \
	"\"" name "\":{\"username\":\"user\",\"password\":\"pass\",\"fulldomain\":\"" FULL "\","   \
	"\"subdomain\":\"d420c923\",\"allowfrom\":[]}"

static struct acmedns acmedns;
static struct acmems_error err;
static struct fake_op op, op2, op3;
static char folder[64];
static char file[128];
static char *authoritative[] = {(char *)"authoritative", NULL};
static char *none[] = {(char *)"none", NULL};
static char *networks[] = {(char *)"192.0.2.0/24", (char *)"2001:db8::/32", NULL};

static struct acmems_challenge challenge(uint64_t id, const char *key_authorization)
{
	return (struct acmems_challenge){.id = id,
		.type = "dns-01",
		.identifier = "www.example.org",
		.token = "tok",
		.key_authorization = key_authorization,
		.account_url = "https://ca.example/acct/1"};
}

static void put(const char *text, unsigned mode)
{
	struct acmems_error why = {0};

	if (!acmems_file_write(file, text, strlen(text), mode, &why))
		fail_msg("%s", why.message);
}

static int setup(void **state)
{
	snprintf(folder, sizeof(folder), "%s/acmems-acmedns-XXXXXX", unit_tmp());
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/accounts.json", folder);
	acmedns = (struct acmedns){.self = {"dns01-acmedns", "dns"},
		.server = (char *)"https://auth.example.net/",
		.accounts = file,
		.check_cname = true,
		.timeout_ms = 100000,
		.look = {.propagation = {authoritative, 1, false}, .nameserver_port = 53}};
	fake_net_reset();
	err = (struct acmems_error){0};
	if (unit_loop_setup(state) != 0)
		return -1;
	put("{" ACCOUNT("www.example.org") "}", 0600);
	return 0;
}

static int teardown(void **state)
{
	acmedns_release(&acmedns);
	assert_null(acmedns.jobs);
	unlink(file);
	rmdir(folder);
	assert_int_equal(
		fake_open(&fake_calls) + fake_open(&fake_finds) + fake_open(&fake_waits), 0);
	assert_int_equal(op_count(), 0);
	assert_int_equal(op_faults(), 0);
	op_fini();
	return unit_loop_teardown(state);
}

static bool present(struct fake_op *run, const struct acmems_challenge *what)
{
	return fake_op_start(run, &acmedns, acmedns_present, what);
}

static void expect_done(struct fake_op *run)
{
	run_until(run->done);
	if (run->done != 1)
		fail_msg("%s", run->err.message);
}

static void cleanup(const struct acmems_challenge *what)
{
	struct fake_op run;

	assert_true(fake_op_start(&run, &acmedns, acmedns_cleanup, what));
	expect_done(&run);
}

static void expect_failed(struct fake_op *run, enum acmems_code code, const char *what)
{
	run_until(run->done);
	assert_int_equal(run->done, 100);
	assert_int_equal(run->err.code, code);
	if (!strstr(run->err.message, what))
		fail_msg("%s", run->err.message);
}

static void published_and_seen(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.thumb");
	struct fake_ask *ask;

	(void)state;
	assert_true(present(&op, &one));
	assert_string_equal(fake_last(&fake_finds)->body, NAME);
	fake_place("D420C923.auth.example.net.", "auth.example.net.");
	run_until(fake_calls.count == 1);
	ask = fake_last(&fake_calls);
	assert_string_equal(ask->method, "POST");
	assert_string_equal(ask->url, "https://auth.example.net/update");
	assert_string_equal(ask->headers,
		"Content-Type: application/json\nX-Api-User: user\nX-Api-Key: pass\n");
	assert_string_equal(ask->body, "{\"subdomain\":\"d420c923\",\"txt\":"
				       "\"sYAwVrqDtVOuJZvAHurSAYPoEt5fFV_C4bdSOOW-o5Y\"}");
	fake_answer(200, "{\"txt\":\"...\"}");
	ask = fake_last(&fake_waits);
	assert_string_equal(ask->body, FULL);
	assert_string_equal(ask->zone, "auth.example.net.");
	assert_string_equal(ask->value, "sYAwVrqDtVOuJZvAHurSAYPoEt5fFV_C4bdSOOW-o5Y");
	assert_string_equal(ask->servers, "-");
	fake_seen(true);
	expect_done(&op);
	cleanup(&one);
	assert_null(acmedns.jobs);
	cleanup(&one);
	assert_int_equal(fake_calls.count, 1);
}

static void the_cname_is_checked(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.thumb");

	(void)state;
	assert_true(present(&op, &one));
	fake_place(NAME ".", "example.org.");
	expect_failed(
		&op, ACMEMS_VALIDATION, "there is no CNAME yet; set: " NAME ". IN CNAME " FULL ".");
	cleanup(&one);
	assert_true(present(&op, &one));
	fake_place("elsewhere.example.net.", "example.net.");
	expect_failed(&op, ACMEMS_VALIDATION, "leads to elsewhere.example.net instead");
	cleanup(&one);
	assert_true(present(&op, &one));
	fake_no_place();
	expect_failed(&op, ACMEMS_TIMEOUT, "nobody knows it");
	cleanup(&one);
	assert_int_equal(fake_calls.count, 0);
}

static void the_cname_is_not_checked(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.thumb");

	(void)state;
	acmedns.check_cname = false;
	assert_true(present(&op, &one));
	assert_string_equal(fake_last(&fake_finds)->body, FULL);
	fake_place(FULL ".", "auth.example.net.");
	run_until(fake_calls.count == 1);
	fake_answer(200, "");
	fake_seen(true);
	expect_done(&op);
	cleanup(&one);
	acmedns.look.propagation.items = none;
	assert_true(present(&op, &one));
	run_until(fake_calls.count == 2);
	fake_answer(200, "");
	expect_done(&op);
	cleanup(&one);
	assert_int_equal(fake_finds.count, 1);
	assert_int_equal(fake_waits.count, 1);
}

static void only_lists(void)
{
	acmedns.check_cname = false;
	acmedns.look.propagation.items = none;
}

/* Three values of one account, and one of them twice. */
static void a_needed_value_is_not_pushed_out(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1"), two = challenge(2, "tok.2"),
				three = challenge(3, "tok.3"), twin = challenge(4, "tok.2");
	struct fake_op op4;

	(void)state;
	only_lists();
	assert_true(present(&op, &one));
	assert_true(present(&op2, &two));
	assert_true(present(&op3, &three));
	run_until(fake_calls.count == 1);
	run_due();
	assert_int_equal(fake_calls.count, 1);
	fake_answer(200, "");
	run_until(fake_calls.count == 2);
	fake_answer(200, "");
	expect_done(&op);
	expect_done(&op2);
	run_due();
	assert_int_equal(fake_calls.count, 2);
	/* the second is gone, but it is the first that a third would push out */
	assert_true(present(&op4, &twin));
	expect_done(&op4);
	cleanup(&two);
	cleanup(&twin);
	run_due();
	assert_int_equal(fake_calls.count, 2);
	cleanup(&one);
	run_until(fake_calls.count == 3);
	fake_answer(200, "");
	expect_done(&op3);
	cleanup(&three);
}

/* The server has kept one value twice, so the other one is sent again; and again after a second loss. */
static void a_value_that_was_pushed_out_comes_back(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1"), two = challenge(2, "tok.2");
	char value[2][64];

	(void)state;
	only_lists();
	assert_true(present(&op, &one));
	run_until(fake_calls.count == 1);
	snprintf(value[0], sizeof(value[0]), "%s", strstr(fake_last(&fake_calls)->body, "\"txt\""));
	fake_calls.tries = 2;
	fake_answer(200, "");
	expect_done(&op);
	assert_true(present(&op2, &two));
	run_until(fake_calls.count == 2);
	snprintf(value[1], sizeof(value[1]), "%s", strstr(fake_last(&fake_calls)->body, "\"txt\""));
	assert_string_not_equal(value[0], value[1]);
	fake_calls.tries = 3;
	fake_answer(200, "");
	assert_int_equal(fake_calls.count, 3);
	assert_non_null(strstr(fake_last(&fake_calls)->body, value[0]));
	fake_calls.tries = 2;
	fake_answer(200, "");
	assert_int_equal(fake_calls.count, 4);
	assert_non_null(strstr(fake_last(&fake_calls)->body, value[1]));
	assert_int_equal(op2.done, 0);
	fake_calls.tries = 2;
	fake_answer(200, "");
	assert_non_null(strstr(fake_last(&fake_calls)->body, value[0]));
	fake_calls.refuse = true;
	fake_calls.tries = 2;
	fake_answer(200, "");
	expect_failed(&op2, ACMEMS_NO_MEMORY, "refused");
	cleanup(&one);
	cleanup(&two);
}

static void who_waits_may_give_up(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1"), two = challenge(2, "tok.2"),
				three = challenge(3, "tok.3");

	(void)state;
	only_lists();
	assert_true(present(&op, &one));
	run_until(fake_calls.count == 1);
	fake_answer(200, "");
	assert_true(present(&op2, &two));
	assert_true(present(&op3, &three));
	run_until(fake_calls.count == 2);
	op_cancel(op2.op);
	assert_int_equal(fake_open(&fake_calls), 0);
	op_cancel(op3.op);
	run_due();
	assert_int_equal(fake_calls.count, 2);
	cleanup(&one);
	cleanup(&two);
	cleanup(&three);
	run_due();
	assert_int_equal(fake_calls.count, 2);
}

static void a_value_that_two_need_stays_for_the_second(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1"), two = challenge(2, "tok.2"),
				twin = challenge(3, "tok.1"), three = challenge(4, "tok.3");

	(void)state;
	only_lists();
	assert_true(present(&op, &one));
	run_until(fake_calls.count == 1);
	fake_answer(200, "");
	assert_true(present(&op2, &two));
	run_until(fake_calls.count == 2);
	fake_answer(200, "");
	assert_true(present(&op3, &twin));
	expect_done(&op3);
	cleanup(&one);
	assert_true(present(&op, &three));
	run_due();
	assert_int_equal(fake_calls.count, 2);
	cleanup(&twin);
	run_until(fake_calls.count == 3);
	fake_answer(200, "");
	expect_done(&op);
}

static void accounts_do_not_wait_for_each_other(void **state)
{
	struct acmems_challenge some[] = {
		challenge(1, "tok.1"), challenge(2, "tok.2"), challenge(3, "tok.3")};
	struct fake_op *runs[] = {&op, &op2, &op3};

	(void)state;
	put("{" ACCOUNT(
		    "www.example.org") ",\"ftp.example.org\":{\"username\":\"u\","
				       "\"password\":\"p\",\"fulldomain\":\"x.auth.example.net\","
				       "\"subdomain\":\"x\"}}",
		0600);
	only_lists();
	some[2].identifier = "ftp.example.org";
	for (size_t i = 0; i < 3; i++) {
		assert_true(present(runs[i], &some[i]));
		run_until(fake_calls.count == i + 1);
		fake_answer(200, "");
		expect_done(runs[i]);
	}
	assert_non_null(strstr(fake_calls.asks[2].body, "\"subdomain\":\"x\""));
}

static void who_gives_up_lets_others_go_on(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1"), two = challenge(2, "tok.2");

	(void)state;
	assert_true(present(&op, &one));
	assert_true(present(&op2, &two));
	fake_place(FULL, "auth.example.net.");
	run_due();
	assert_int_equal(fake_calls.count, 0);
	op_cancel(op.op);
	run_until(fake_calls.count == 1);
	fake_answer(200, "");
	fake_seen(true);
	expect_done(&op2);
}

static void cancelled_anywhere(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1"), two = challenge(2, "tok.2"),
				three = challenge(3, "tok.3");

	(void)state;
	/* while the name is looked up */
	assert_true(present(&op, &one));
	assert_in_range(fake_last(&fake_finds)->timeout_ms, 90000, 100000);
	op_cancel(op.op);
	assert_int_equal(fake_open(&fake_finds), 0);
	/* while the server is asked */
	assert_true(present(&op, &two));
	fake_place(FULL, "auth.example.net.");
	run_until(fake_calls.count == 1);
	op_cancel(op.op);
	assert_int_equal(fake_open(&fake_calls), 0);
	/* while it is looked for */
	assert_true(present(&op, &three));
	fake_place(FULL, "auth.example.net.");
	run_until(fake_calls.count == 2);
	fake_answer(200, "");
	assert_in_range(fake_last(&fake_waits)->timeout_ms, 90000, 100000);
	op_cancel(op.op);
	assert_int_equal(fake_open(&fake_waits), 0);
	assert_int_equal(op.done, 0);
	cleanup(&one);
	cleanup(&two);
	cleanup(&three);
	assert_null(acmedns.jobs);
}

static void servers_that_say_no(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1"), two = challenge(2, "tok.2");

	(void)state;
	assert_true(present(&op, &one));
	fake_place(FULL, "auth.example.net.");
	run_until(fake_calls.count == 1);
	fake_answer(401, "{\"error\": \"forbidden\"}");
	expect_failed(&op, ACMEMS_CONFIG,
		"update at https://auth.example.net/ for \"www.example.org\": status 401");
	assert_true(present(&op2, &two));
	fake_place(FULL, "auth.example.net.");
	run_until(fake_calls.count == 2);
	fake_no_answer();
	expect_failed(&op2, ACMEMS_UNAVAILABLE, "connection refused");
	cleanup(&one);
	cleanup(&two);
}

static void what_can_not_be_started_is_told(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1");

	(void)state;
	fake_finds.refuse = true;
	assert_false(present(&op, &one));
	assert_null(acmedns.jobs);
	fake_calls.refuse = true;
	assert_true(present(&op, &one));
	fake_place(FULL, "auth.example.net.");
	expect_failed(&op, ACMEMS_NO_MEMORY, "refused");
	cleanup(&one);
	assert_true(present(&op, &one));
	fake_place(FULL, "auth.example.net.");
	run_until(fake_calls.count == 1);
	fake_waits.refuse = true;
	fake_answer(200, "");
	expect_failed(&op, ACMEMS_NO_MEMORY, "refused");
	cleanup(&one);
}

static void accounts_of_other_clients(void **state)
{
	static const char *const good[] = {
		/* an old spelling, an old file; and the server that an account was made at */
		"{\"www.example.org\":{\"Username\":\"user\",\"Password\":\"pass\",\"FullDomain\":"
		"\"" FULL "\",\"SubDomain\":\"d420c923\",\"server_url\":\"\"}}",
		"{\"a\":1,\"WWW.example.org.\":{\"fulldomain\":\"" FULL
		"\",\"subdomain\":\"d420c923\","
		"\"username\":\"user\",\"password\":\"pass\",\"server_url\":\"https://"
		"other.example\"}}\n",
	};
	struct acmedns_account account;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		put(good[i], 0600);
		if (!acmedns_account_load(file, "www.example.org", &account, &err))
			fail_msg("%s", err.message);
		assert_string_equal(account.username, "user");
		assert_string_equal(account.password, "pass");
		assert_string_equal(account.fulldomain, FULL);
		assert_string_equal(account.subdomain, "d420c923");
	}
	assert_string_equal(account.server_url, "https://other.example");
	assert_false(acmedns_account_load(file, "example.org", &account, &err));
	assert_int_equal(err.code, ACMEMS_NOT_FOUND);
}

static void bad_accounts(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{",
		"{\"www.example.org\":null}",
		"{\"www.example.org\":{}}",
		"{\"www.example.org\":{\"username\":\"user\",\"password\":\"pass\",\"fulldomain\":"
		"\"" FULL "\"}}",
		"{\"www.example.org\":{\"username\":\"us "
		"er\",\"password\":\"pass\",\"fulldomain\":\"" FULL "\",\"subdomain\":\"d\"}}",
		"{\"www.example.org\":{\"username\":\"user\",\"password\":\"p\\r\\nX: "
		"y\",\"fulldomain\":\"" FULL "\",\"subdomain\":\"d\"}}",
		"{\"www.example.org\":{\"username\":\"user\",\"password\":\"pass\",\"fulldomain\":"
		"\"a..b\",\"subdomain\":\"d\"}}",
	};
	struct acmems_challenge one = challenge(1, "tok.1");

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(bad[i], 0600);
		assert_false(present(&op, &one));
		if (op.err.code != ACMEMS_NO_MEMORY)
			assert_int_equal(op.err.code, ACMEMS_CONFIG);
		assert_non_null(strstr(op.err.message, "accounts.json"));
	}
	put("{" ACCOUNT("www.example.org") "}", 0644);
	assert_false(present(&op, &one));
	assert_non_null(strstr(op.err.message, "0644"));
	put("{" ACCOUNT("example.org") "}", 0600);
	assert_false(present(&op, &one));
	assert_int_equal(op.err.code, ACMEMS_CONFIG);
	assert_non_null(strstr(op.err.message, "register"));
	assert_null(acmedns.jobs);
}

static void accounts_may_name_their_server(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1");

	(void)state;
	only_lists();
	acmedns.server = NULL;
	assert_false(present(&op, &one));
	assert_non_null(strstr(op.err.message, "server is not set"));
	put("{\"www.example.org\":{\"fulldomain\":\"" FULL "\",\"subdomain\":\"d420c923\","
	    "\"username\":\"user\",\"password\":\"pass\",\"server_url\":\"https://"
	    "other.example\"}}",
		0600);
	assert_true(present(&op, &one));
	run_until(fake_calls.count == 1);
	assert_string_equal(fake_last(&fake_calls)->url, "https://other.example/update");
	fake_answer(200, "");
	expect_done(&op);
}

static void names_without_an_account_are_registered(void **state)
{
	struct acmems_challenge one = challenge(1, "tok.1"), two = challenge(2, "tok.2");
	struct acmedns_account account;
	struct fake_ask *ask;
	struct stat info;

	(void)state;
	put("{" ACCOUNT("example.org") ",\"odd\":[1]}", 0600);
	acmedns.registers = true;
	acmedns.allow_from = (struct acmems_list){networks, 2, true};
	assert_true(present(&op, &one));
	ask = fake_last(&fake_calls);
	assert_string_equal(ask->url, "https://auth.example.net/register");
	assert_string_equal(ask->headers, "Content-Type: application/json\n");
	assert_string_equal(ask->body, "{\"allowfrom\":[\"192.0.2.0/24\",\"2001:db8::/32\"]}");
	assert_false(present(&op2, &two));
	assert_int_equal(op2.err.code, ACMEMS_UNAVAILABLE);
	fake_answer(201, "{\"username\":\"u2\",\"password\":\"p2\",\"fulldomain\":"
			 "\"s2.auth.example.net\",\"subdomain\":\"s2\",\"allowfrom\":[]}");
	expect_failed(&op, ACMEMS_VALIDATION,
		"registered an account for \"www.example.org\" at https://auth.example.net/; now "
		"set: " NAME ". IN CNAME s2.auth.example.net.");
	cleanup(&one);
	assert_true(acmedns_account_load(file, "www.example.org", &account, &err));
	assert_string_equal(account.password, "p2");
	assert_string_equal(account.server_url, "https://auth.example.net/");
	assert_true(acmedns_account_load(file, "example.org", &account, &err));
	assert_int_equal(stat(file, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_true(present(&op, &one));
	fake_place("s2.auth.example.net.", "auth.example.net.");
	run_until(fake_calls.count == 2);
	assert_non_null(strstr(fake_last(&fake_calls)->headers, "X-Api-User: u2\n"));
	fake_answer(200, "");
	fake_seen(true);
	expect_done(&op);
}

static void registrations_that_fail(void **state)
{
	static const char *const bad[] = {"", "{}", "{\"username\":\"a\"}", "[]"};
	struct acmems_challenge one = challenge(1, "tok.1");

	(void)state;
	acmedns.registers = true;
	unlink(file);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(present(&op, &one));
		assert_string_equal(fake_last(&fake_calls)->body, "{}");
		fake_answer(201, bad[i]);
		expect_failed(&op, ACMEMS_BAD_ANSWER, "registration");
		cleanup(&one);
	}
	assert_int_not_equal(access(file, F_OK), 0);
	assert_true(present(&op, &one));
	fake_answer(401, "");
	expect_failed(&op, ACMEMS_CONFIG, "status 401");
	cleanup(&one);
	acmedns.accounts = (char *)"/nonexistent/accounts.json";
	assert_true(present(&op, &one));
	fake_answer(201, "{\"username\":\"u2\",\"password\":\"p2\",\"fulldomain\":"
			 "\"s2.auth.example.net\",\"subdomain\":\"s2\"}");
	expect_failed(&op, ACMEMS_SYSTEM, "/nonexistent");
}

static void expect_refused(const char *what)
{
	err = (struct acmems_error){0};
	assert_false(acmedns_check(&acmedns, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	if (!strstr(err.message, what))
		fail_msg("%s", err.message);
}

static void options_are_checked(void **state)
{
	static char *odd[] = {(char *)"192.0.2.1:x", NULL};

	(void)state;
	assert_true(acmedns_check(&acmedns, &err));
	acmedns.look.propagation = (struct acmems_list){odd, 1, true};
	expect_refused("propagation");
	acmedns.look.propagation = (struct acmems_list){none, 1, true};
	acmedns.look.resolvers = (struct acmems_list){odd, 1, true};
	expect_refused("resolvers");
	acmedns.look.resolvers = (struct acmems_list){0};
	acmedns.server = (char *)"auth.example.net";
	expect_refused("https://");
	acmedns.server = (char *)"http://auth.example.net";
	acmedns.allow_from = (struct acmems_list){networks, 2, true};
	expect_refused("register = true");
	acmedns.registers = true;
	assert_true(acmedns_check(&acmedns, &err));
	acmedns.allow_from = (struct acmems_list){odd, 1, true};
	expect_refused("allow-from");
	acmedns.allow_from = (struct acmems_list){0};
	acmedns.server = NULL;
	expect_refused("register needs server");
	acmedns.registers = false;
	assert_true(acmedns_check(&acmedns, &err));
	put("[]", 0600);
	expect_refused("accounts");
	unlink(file);
	expect_refused("accounts");
	acmedns.server = (char *)"http://auth.example.net";
	acmedns.registers = true;
	assert_true(acmedns_check(&acmedns, &err));
	acmedns.challenge = 1;
	assert_string_equal(acmedns_types(&acmedns)[0], "dns-account-01");
}

#define with_loop(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_loop(published_and_seen),
		with_loop(the_cname_is_checked),
		with_loop(the_cname_is_not_checked),
		with_loop(a_needed_value_is_not_pushed_out),
		with_loop(a_value_that_was_pushed_out_comes_back),
		with_loop(who_waits_may_give_up),
		with_loop(a_value_that_two_need_stays_for_the_second),
		with_loop(accounts_do_not_wait_for_each_other),
		with_loop(who_gives_up_lets_others_go_on),
		with_loop(cancelled_anywhere),
		with_loop(servers_that_say_no),
		with_loop(what_can_not_be_started_is_told),
		with_loop(accounts_of_other_clients),
		with_loop(bad_accounts),
		with_loop(accounts_may_name_their_server),
		with_loop(names_without_an_account_are_registered),
		with_loop(registrations_that_fail),
		with_loop(options_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
