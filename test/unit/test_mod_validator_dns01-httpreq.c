/* SPDX-License-Identifier: ISC */
#include "fake_net.h"
#include "temp_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acmems/file.h>

#include "../../modules/validator/dns01-httpreq.c"

#define FQDN "_acme-challenge.www.example.org."
/* base64url(SHA-256("tok.thumb")) */
#define VALUE "sYAwVrqDtVOuJZvAHurSAYPoEt5fFV_C4bdSOOW-o5Y"

static struct httpreq httpreq;
static struct acmems_error err;
static struct fake_op op;
static char path[] = "/tmp/acmems-httpreq-XXXXXX";
static char *authoritative[] = {(char *)"authoritative", NULL};
static char *none[] = {(char *)"none", NULL};
static char *servers[] = {(char *)"192.0.2.1", (char *)"192.0.2.2:5353", NULL};

static struct acmems_challenge challenge(uint64_t id)
{
	return (struct acmems_challenge){.id = id,
		.type = "dns-01",
		.identifier = "www.example.org",
		.token = "tok",
		.key_authorization = "tok.thumb",
		.account_url = "https://ca.example/acct/1"};
}

static int setup(void **state)
{
	httpreq = (struct httpreq){.self = {"dns01-httpreq", "dns"},
		.endpoint = (char *)"https://dns.example/hook/",
		.follow_cname = true,
		.timeout_ms = 100000,
		.look = {.propagation = {authoritative, 1, false}, .nameserver_port = 53}};
	fake_net_reset();
	err = (struct acmems_error){0};
	if (unit_loop_setup(state) != 0 || temp_dir_setup(state) != 0)
		return -1;
	httpreq.state_dir = temp_dir;
	httpreq.notes = dns01_notes_open(&httpreq.self, temp_dir, &err);
	return httpreq.notes ? 0 : -1;
}

static int teardown(void **state)
{
	httpreq_release(&httpreq);
	assert_null(httpreq.records);
	assert_int_equal(
		fake_open(&fake_calls) + fake_open(&fake_finds) + fake_open(&fake_waits), 0);
	assert_int_equal(op_count(), 0);
	assert_int_equal(op_faults(), 0);
	op_fini();
	unit_loop_teardown(state);
	return temp_dir_teardown(state);
}

static bool present(const struct acmems_challenge *what)
{
	return fake_op_start(&op, &httpreq, httpreq_present, what);
}

static bool cleanup(const struct acmems_challenge *what)
{
	return fake_op_start(&op, &httpreq, httpreq_cleanup, what);
}

static bool start_as_op(void *instance, uint64_t id, const struct acmems_challenge *unused,
	struct acmems_error *error)
{
	(void)unused;
	return httpreq_start(instance, id, error);
}

static void expect_done(void)
{
	run_until(op.done);
	if (op.done != 1)
		fail_msg("%s", op.err.message);
}

static void expect_failed(enum acmems_code code, const char *what)
{
	run_until(op.done);
	assert_int_equal(op.done, 100);
	assert_int_equal(op.err.code, code);
	assert_non_null(strstr(op.err.message, what));
}

static void published_seen_and_removed(void **state)
{
	struct acmems_challenge one = challenge(1);
	struct fake_ask *ask;

	(void)state;
	assert_true(present(&one));
	ask = fake_last(&fake_finds);
	assert_string_equal(ask->body, FQDN);
	assert_string_equal(ask->servers, "-");
	fake_place(FQDN, "example.org.");
	ask = fake_last(&fake_calls);
	assert_string_equal(ask->method, "POST");
	assert_string_equal(ask->url, "https://dns.example/hook/present");
	assert_string_equal(ask->body, "{\"fqdn\":\"" FQDN "\",\"value\":\"" VALUE "\"}");
	assert_string_equal(
		ask->headers, "Content-Type: application/json\nAccept: application/json\n");
	fake_answer(200, "");
	ask = fake_last(&fake_waits);
	assert_string_equal(ask->body, FQDN);
	assert_string_equal(ask->zone, "example.org.");
	assert_string_equal(ask->value, VALUE);
	assert_string_equal(ask->servers, "-");
	assert_int_equal(ask->port, 53);
	run_due();
	assert_int_equal(op.done, 0);
	fake_seen(true);
	expect_done();

	assert_true(cleanup(&one));
	ask = fake_last(&fake_calls);
	assert_string_equal(ask->url, "https://dns.example/hook/cleanup");
	assert_string_equal(ask->body, "{\"fqdn\":\"" FQDN "\",\"value\":\"" VALUE "\"}");
	assert_true(ask->timeout_ms < 30000);
	fake_answer(204, "");
	expect_done();
	assert_null(httpreq.records);
	assert_true(cleanup(&one));
	expect_done();
	assert_int_equal(fake_calls.count, 2);
}

static void cname_is_followed(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	assert_true(present(&one));
	fake_place("x.acme.example.net", "acme.example.net.");
	assert_non_null(strstr(fake_last(&fake_calls)->body, "\"x.acme.example.net.\""));
	fake_answer(200, "");
	assert_string_equal(fake_last(&fake_waits)->body, "x.acme.example.net");
	fake_seen(true);
	expect_done();
}

static void cname_is_watched_only(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	httpreq.follow_cname = false;
	assert_true(present(&one));
	fake_place("x.acme.example.net.", "acme.example.net.");
	assert_non_null(strstr(fake_last(&fake_calls)->body, "\"" FQDN "\""));
	fake_answer(200, "");
	assert_string_equal(fake_last(&fake_waits)->body, "x.acme.example.net.");
	fake_seen(true);
	expect_done();
}

static void nothing_is_looked_up(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	httpreq.follow_cname = false;
	httpreq.look.propagation.items = none;
	assert_true(present(&one));
	assert_non_null(strstr(fake_last(&fake_calls)->body, "\"" FQDN "\""));
	fake_answer(200, "");
	expect_done();
	assert_int_equal(fake_finds.count + fake_waits.count, 0);
}

static void raw_mode(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	httpreq.mode = HTTPREQ_RAW;
	httpreq.look.propagation.items = none;
	assert_true(present(&one));
	assert_string_equal(fake_last(&fake_calls)->body,
		"{\"domain\":\"www.example.org\",\"token\":\"tok\",\"keyAuth\":\"tok.thumb\"}");
	fake_answer(200, "");
	expect_done();
	httpreq.look.propagation.items = servers;
	httpreq.look.propagation.count = 2;
	httpreq.look.resolvers = (struct acmems_list){servers, 2, true};
	assert_true(present(&one));
	assert_string_equal(fake_last(&fake_finds)->servers, "192.0.2.1,192.0.2.2:5353");
	fake_place(FQDN, "example.org.");
	fake_answer(200, "");
	assert_string_equal(fake_last(&fake_waits)->servers, "192.0.2.1,192.0.2.2:5353");
	fake_seen(true);
	expect_done();
}

static void errors_are_told(void **state)
{
	struct acmems_challenge one = challenge(1), two = challenge(2), three = challenge(3);

	(void)state;
	assert_true(present(&one));
	fake_no_place();
	expect_failed(ACMEMS_TIMEOUT, "nobody knows it");
	assert_true(cleanup(&one));
	expect_done();
	assert_int_equal(fake_calls.count, 0);
	assert_true(present(&two));
	fake_place(FQDN, "example.org.");
	fake_answer(401, "who are you?");
	expect_failed(ACMEMS_CONFIG, "present of the server at https://dns.example: status 401");
	assert_true(cleanup(&two));
	fake_no_answer();
	expect_failed(ACMEMS_UNAVAILABLE, "connection refused");
	assert_true(present(&three));
	fake_place(FQDN, "example.org.");
	fake_answer(200, "");
	fake_seen(false);
	expect_failed(ACMEMS_TIMEOUT, "192.0.2.53 lags");
	assert_true(cleanup(&three));
	fake_answer(200, "");
	expect_done();
}

static void what_can_not_be_started_is_told(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	fake_finds.refuse = true;
	assert_false(present(&one));
	assert_null(httpreq.records);
	fake_calls.refuse = true;
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	expect_failed(ACMEMS_NO_MEMORY, "refused");
	assert_true(cleanup(&one));
	expect_done();
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	fake_waits.refuse = true;
	fake_answer(200, "");
	expect_failed(ACMEMS_NO_MEMORY, "refused");
	fake_calls.refuse = true;
	assert_false(cleanup(&one));
	assert_null(httpreq.records);
}

static void cancelled_anywhere(void **state)
{
	struct acmems_challenge one = challenge(1), two = challenge(2), three = challenge(3);

	(void)state;
	assert_true(present(&one));
	op_cancel(op.op);
	assert_int_equal(fake_open(&fake_finds), 0);
	assert_true(present(&two));
	fake_place(FQDN, "example.org.");
	op_cancel(op.op);
	assert_int_equal(fake_open(&fake_calls), 0);
	assert_true(cleanup(&two));
	fake_answer(200, "");
	expect_done();
	assert_true(present(&three));
	fake_place(FQDN, "example.org.");
	fake_answer(200, "");
	op_cancel(op.op);
	assert_int_equal(fake_open(&fake_waits), 0);
	assert_true(cleanup(&one));
	expect_done();
	assert_true(cleanup(&three));
	op_cancel(op.op);
	assert_null(httpreq.records);
}

static void released_while_at_work(void **state)
{
	struct acmems_challenge one = challenge(1);
	uint64_t presented;

	(void)state;
	assert_true(present(&one));
	presented = op.op;
	httpreq_release(&httpreq);
	assert_int_equal(fake_open(&fake_finds), 0);
	/* the core cancels what is under way before it releases */
	acmems_op_on_cancel(presented, NULL, NULL);
	op_cancel(presented);
}

/* The process is no more, the next one starts. */
static void crash(void)
{
	struct acmems_challenge unused = challenge(0);

	httpreq_release(&httpreq);
	assert_true(fake_op_start(&op, &httpreq, start_as_op, &unused));
	expect_done();
	loop_run_once(0);
}

static void a_crash_leaves_nothing(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	fake_answer(200, "");
	fake_seen(true);
	expect_done();
	crash();
	assert_string_equal(fake_last(&fake_calls)->url, "https://dns.example/hook/cleanup");
	assert_string_equal(
		fake_last(&fake_calls)->body, "{\"fqdn\":\"" FQDN "\",\"value\":\"" VALUE "\"}");
	/* in vain, so it is tried at the next start, too */
	fake_no_answer();
	assert_null(httpreq.records);
	crash();
	fake_answer(200, "");
	assert_int_equal(fake_calls.count, 3);
	crash();
	assert_int_equal(fake_calls.count, 3);
	httpreq_release(&httpreq);
	assert_int_equal(temp_dir_count(""), 0);
}

static void what_could_not_be_cleaned_up_is_left_over(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	fake_answer(200, "");
	fake_seen(true);
	expect_done();
	assert_true(cleanup(&one));
	fake_no_answer();
	expect_failed(ACMEMS_UNAVAILABLE, "connection refused");
	crash();
	assert_string_equal(fake_last(&fake_calls)->url, "https://dns.example/hook/cleanup");
}

static void a_clear_no_is_not_asked_for_at_every_start(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	httpreq.look.propagation.items = none;
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	fake_answer(200, "");
	expect_done();
	assert_true(cleanup(&one));
	fake_answer(503, "later");
	run_until(op.done);
	crash();
	assert_int_equal(fake_calls.count, 3);
	fake_answer(404, "no such thing");
	crash();
	assert_int_equal(fake_calls.count, 3);
}

#define AT_ONCE_MOST 8

static void leave_over(const char *body, size_t count)
{
	const char *texts[DNS01_NOTE_TEXTS] = {"www.example.org", body};

	while (count-- > 0) {
		unsigned long number = 0;

		assert_true(dns01_notes_write(httpreq.notes, &number, texts, &err));
	}
}

/* One that is found when there are enough already. */
static void wait_in_line(const char *domain, const char *body)
{
	struct httpreq_record *record = calloc(1, sizeof(*record));

	assert_non_null(record);
	record->httpreq = &httpreq;
	record->leftover = true;
	record->domain = strdup(domain);
	record->body = strdup(body);
	assert_true(record->domain && record->body);
	record->next = httpreq.records;
	httpreq.records = record;
}

static void leftovers_are_asked_for_a_few_at_once(void **state)
{
	(void)state;
	leave_over("{}", AT_ONCE_MOST + 2);
	crash();
	assert_int_equal(fake_open(&fake_calls), AT_ONCE_MOST);
	fake_answer(200, "");
	assert_int_equal(fake_calls.count, AT_ONCE_MOST + 1);
	fake_calls.refuse = true;
	fake_answer(200, "");
	assert_int_equal(fake_open(&fake_calls), AT_ONCE_MOST - 1);
	/* what could not be asked for is there for the next start */
	httpreq_record_drop_all(&httpreq);
	assert_int_equal(fake_open(&fake_calls), 0);
	fake_net_reset();
	crash();
	assert_int_equal(fake_open(&fake_calls), AT_ONCE_MOST);
}

static void what_still_waits_becomes_the_record_s_own(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	httpreq.look.propagation.items = none;
	leave_over("{}", AT_ONCE_MOST);
	crash();
	/* all are asked for; this one comes to it when one of them is done */
	assert_int_equal(fake_open(&fake_calls), AT_ONCE_MOST);
	wait_in_line("www.example.org", "{\"fqdn\":\"" FQDN "\",\"value\":\"" VALUE "\"}");
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	assert_int_equal(fake_open(&fake_calls), AT_ONCE_MOST + 1);
	assert_string_equal(fake_last(&fake_calls)->url, "https://dns.example/hook/present");
	fake_answer(200, "");
	expect_done();
}

static void the_same_again_waits_for_what_is_left_over(void **state)
{
	struct acmems_challenge one = challenge(1);

	(void)state;
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	/* the core cancels what is under way before it releases */
	op_cancel(op.op);
	crash();
	assert_int_equal(fake_calls.count, 2);
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	assert_int_equal(fake_calls.count, 2);
	fake_answer(200, "");
	assert_string_equal(fake_last(&fake_calls)->url, "https://dns.example/hook/present");
	fake_answer(200, "");
	fake_seen(true);
	expect_done();
	assert_true(cleanup(&one));
	fake_answer(200, "");
	expect_done();
	httpreq_release(&httpreq);
	assert_int_equal(temp_dir_count(""), 0);
}

/* A CA may give two orders for one set of names the same challenge. */
static void the_same_at_once_is_removed_by_the_last(void **state)
{
	struct acmems_challenge one = challenge(1), two = challenge(2);

	(void)state;
	httpreq.look.propagation.items = none;
	for (int i = 0; i < 2; i++) {
		assert_true(present(i == 0 ? &one : &two));
		fake_place(FQDN, "example.org.");
		fake_answer(200, "");
		expect_done();
	}
	assert_int_equal(fake_calls.count, 2);
	assert_true(cleanup(&one));
	expect_done();
	assert_int_equal(fake_calls.count, 2);
	assert_true(cleanup(&two));
	assert_string_equal(fake_last(&fake_calls)->url, "https://dns.example/hook/cleanup");
	fake_answer(200, "");
	expect_done();
	httpreq_release(&httpreq);
	assert_int_equal(temp_dir_count(""), 0);
}

static void the_same_again_waits_until_it_is_gone(void **state)
{
	struct acmems_challenge one = challenge(1), two = challenge(2);
	struct fake_op again;

	(void)state;
	httpreq.look.propagation.items = none;
	for (int i = 0; i < 2; i++) {
		assert_true(present(&one));
		fake_place(FQDN, "example.org.");
		fake_answer(200, "");
		expect_done();
		assert_true(cleanup(&one));
		assert_true(fake_op_start(&again, &httpreq, httpreq_present, &two));
		fake_place(FQDN, "example.org.");
		/* the server is done, or nobody waits for that any more */
		assert_string_equal(
			fake_last(&fake_calls)->url, "https://dns.example/hook/cleanup");
		if (i == 0)
			fake_answer(200, "");
		else
			op_cancel(op.op);
		assert_string_equal(
			fake_last(&fake_calls)->url, "https://dns.example/hook/present");
		fake_answer(200, "");
		run_until(again.done);
		assert_int_equal(again.done, 1);
		assert_true(cleanup(&two));
		fake_answer(200, "");
		expect_done();
	}
}

static void who_is_held_may_give_up(void **state)
{
	struct acmems_challenge one = challenge(1), two = challenge(2);
	struct fake_op again;

	(void)state;
	httpreq.look.propagation.items = none;
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	fake_answer(200, "");
	expect_done();
	assert_true(cleanup(&one));
	assert_true(fake_op_start(&again, &httpreq, httpreq_present, &two));
	fake_place(FQDN, "example.org.");
	op_cancel(again.op);
	fake_answer(200, "");
	expect_done();
	assert_int_equal(fake_calls.count, 2);
	assert_true(cleanup(&two));
	expect_done();
	assert_int_equal(fake_calls.count, 2);
}

static void who_was_held_takes_over_what_still_waits(void **state)
{
	static const char body[] = "{\"fqdn\":\"" FQDN "\",\"value\":\"" VALUE "\"}";
	struct acmems_challenge one = challenge(1);

	(void)state;
	httpreq.look.propagation.items = none;
	leave_over(body, 1);
	crash();
	wait_in_line("www.example.org", body);
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	assert_int_equal(fake_calls.count, 1);
	fake_answer(200, "");
	assert_string_equal(fake_last(&fake_calls)->url, "https://dns.example/hook/present");
	assert_int_equal(fake_calls.count, 2);
	fake_answer(200, "");
	expect_done();
}

static bool check(void)
{
	err = (struct acmems_error){0};
	return httpreq_check(&httpreq, &err);
}

static void expect_refused(const char *what)
{
	assert_false(check());
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_non_null(strstr(err.message, what));
}

static void options_are_checked(void **state)
{
	static char *odd[] = {(char *)"192.0.2.1:x", NULL};

	(void)state;
	assert_true(check());
	httpreq.look.propagation.items = none;
	assert_true(check());
	httpreq.look.propagation = (struct acmems_list){servers, 2, true};
	assert_true(check());
	httpreq.look.propagation = (struct acmems_list){odd, 1, true};
	expect_refused("propagation");
	httpreq.look.propagation = (struct acmems_list){none, 1, true};
	httpreq.look.resolvers = (struct acmems_list){odd, 1, true};
	expect_refused("resolvers");
	httpreq.look.resolvers = (struct acmems_list){0};
	httpreq.endpoint = (char *)"ftp://dns.example/";
	expect_refused("https://");
	httpreq.endpoint = (char *)"https://dns.example/?x";
	expect_refused("query");
	httpreq.endpoint = (char *)"http://dns.example";
	assert_true(check());
	httpreq.username = (char *)"me";
	expect_refused("go together");
	httpreq.username = NULL;
	httpreq.mode = HTTPREQ_RAW;
	httpreq.challenge = 1;
	expect_refused("raw");
	assert_string_equal(httpreq_types(&httpreq)[0], "dns-account-01");
	httpreq.challenge = 0;
	assert_string_equal(httpreq_types(&httpreq)[0], "dns-01");
}

static void password_of_a_file(void **state)
{
	struct acmems_challenge one = challenge(1);
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret\n", 7), 7);
	close(fd);
	httpreq.username = (char *)"me";
	httpreq.password_file = path;
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(check());
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(check() || err.code == ACMEMS_NO_MEMORY);
	unlink(path);
	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	assert_non_null(httpreq.authorization);
	httpreq.ca_file = (char *)"/ca.pem";
	assert_true(present(&one));
	fake_place(FQDN, "example.org.");
	assert_non_null(
		strstr(fake_last(&fake_calls)->headers, "Authorization: Basic bWU6c2VjcmV0\n"));
	assert_string_equal(fake_last(&fake_calls)->ca_file, "/ca.pem");
	fake_answer(200, "");
	fake_seen(true);
	expect_done();
	httpreq.username = (char *)"m:e";
	assert_false(check());
}

#define with_loop(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_loop(published_seen_and_removed),
		with_loop(cname_is_followed),
		with_loop(cname_is_watched_only),
		with_loop(nothing_is_looked_up),
		with_loop(raw_mode),
		with_loop(errors_are_told),
		with_loop(what_can_not_be_started_is_told),
		with_loop(cancelled_anywhere),
		with_loop(released_while_at_work),
		with_loop(a_crash_leaves_nothing),
		with_loop(what_could_not_be_cleaned_up_is_left_over),
		with_loop(a_clear_no_is_not_asked_for_at_every_start),
		with_loop(leftovers_are_asked_for_a_few_at_once),
		with_loop(what_still_waits_becomes_the_record_s_own),
		with_loop(the_same_again_waits_for_what_is_left_over),
		with_loop(the_same_at_once_is_removed_by_the_last),
		with_loop(the_same_again_waits_until_it_is_gone),
		with_loop(who_is_held_may_give_up),
		with_loop(who_was_held_takes_over_what_still_waits),
		with_loop(options_are_checked),
		with_loop(password_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
