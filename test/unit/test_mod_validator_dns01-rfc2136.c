/* SPDX-License-Identifier: ISC */
#include "fake_net.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "temp_dir.h"

#include "../../modules/validator/dns01-rfc2136.c"

/* base64url(SHA-256("tok.thumb")) */
#define VALUE "sYAwVrqDtVOuJZvAHurSAYPoEt5fFV_C4bdSOOW-o5Y"
#define OWNER "_acme-challenge.www.example.org."
#define ZONE "example.org."
#define SECRET "c2VjcmV0IHNlY3JldCBzZWNyZXQ="

static struct rfc2136 rfc2136;
static struct acmems_error err;
static struct fake_op op;
static char *authoritative[] = {(char *)"authoritative", NULL};
static char *none[] = {(char *)"none", NULL};
static char *servers[] = {(char *)"192.0.2.1", (char *)"192.0.2.2:5353", NULL};

/* ---- updates and questions on paper ---- */

static struct {
	struct fake_asks asks;
	bool remove;
	uint32_t ttl;
	const struct acmems_tsig_key *key;
	acmems_dns_update_done *done[FAKE_NET_MAX];
} updates;
static struct fake_asks questions;
static acmems_dns_done *question_done[FAKE_NET_MAX];

uint64_t acmems_dns_update(const struct acmems_dns_update *update, acmems_dns_update_done *done,
	void *arg, struct acmems_error *error)
{
	struct fake_ask *ask = fake_ask(&updates.asks, arg, update->timeout_ms, error);

	if (!ask)
		return 0;
	snprintf(ask->body, sizeof(ask->body), "%s", update->owner);
	snprintf(ask->zone, sizeof(ask->zone), "%s", update->zone);
	snprintf(ask->value, sizeof(ask->value), "%s", update->value);
	fake_join(ask->servers, sizeof(ask->servers), update->servers);
	updates.remove = update->remove;
	updates.ttl = update->ttl;
	updates.key = update->key;
	updates.done[updates.asks.count - 1] = done;
	return ask->id;
}

void acmems_dns_update_cancel(uint64_t id)
{
	fake_cancel(&updates.asks, id);
}

uint64_t acmems_dns_ask(const struct acmems_dns_question *question, acmems_dns_done *done,
	void *arg, struct acmems_error *error)
{
	struct fake_ask *ask = fake_ask(&questions, arg, question->timeout_ms, error);

	if (!ask)
		return 0;
	snprintf(ask->body, sizeof(ask->body), "%s %d", question->name, question->type);
	fake_join(ask->servers, sizeof(ask->servers), question->servers);
	question_done[questions.count - 1] = done;
	return ask->id;
}

void acmems_dns_ask_cancel(uint64_t id)
{
	fake_cancel(&questions, id);
}

/* What becomes of an update: it is applied, nobody answers, or nobody takes it. */
enum fate { APPLIED, LOST, REFUSED };

static void fake_fate(size_t at, enum fate fate)
{
	struct fake_ask *ask = &updates.asks.asks[at];
	struct acmems_dns_updated updated = {.maybe_applied = fate != REFUSED};
	struct acmems_error error = {0};

	acmems_error_set(&error, ACMEMS_UNAVAILABLE,
		fate == LOST ? "192.0.2.1 does not answer" : "192.0.2.1 says REFUSED");
	ask->id = 0;
	updates.done[at](ask->arg, &updated, fate == APPLIED ? NULL : &error);
}

/* The last update's. */
static void fake_updated(enum fate fate)
{
	fake_fate(updates.asks.count - 1, fate);
}

/* The answer to a question: an address, or none for an empty text, or an error for NULL. */
static void fake_address(size_t at, const char *text)
{
	struct acmems_dns_record record = {.section = ACMEMS_DNS_ANSWER, .type = ACMEMS_DNS_A};
	struct acmems_dns_answer answer = {.records = &record, .count = text && *text ? 1 : 0};
	struct fake_ask *ask = &questions.asks[at];
	struct acmems_error error = {0};

	if (answer.count > 0) {
		assert_true(acmems_address_parse(text, &record.address, &error));
		record.type = strchr(text, ':') ? ACMEMS_DNS_AAAA : ACMEMS_DNS_A;
	}
	acmems_error_set(&error, ACMEMS_TIMEOUT, "nobody answers");
	ask->id = 0;
	question_done[at](ask->arg, text ? &answer : NULL, text ? NULL : &error);
}

/* ---- set-up ---- */

static struct acmems_challenge challenge(uint64_t id)
{
	return (struct acmems_challenge){.id = id,
		.type = "dns-01",
		.identifier = "www.example.org",
		.token = "tok",
		.key_authorization = "tok.thumb",
		.account_url = "https://ca.example/acct/1"};
}

static void make_instance(void)
{
	rfc2136 = (struct rfc2136){.self = {"dns01-rfc2136", "dns"},
		.server = {servers, 2, true},
		.ttl_ms = 7000,
		.timeout_ms = 100000,
		.look = {.propagation = {authoritative, 1, false}, .nameserver_port = 53},
		.state_dir = temp_dir};
}

static int setup(void **state)
{
	if (temp_dir_setup(state) != 0)
		return -1;
	fake_net_reset();
	memset(&updates, 0, sizeof(updates));
	memset(&questions, 0, sizeof(questions));
	err = (struct acmems_error){0};
	make_instance();
	return unit_loop_setup(state);
}

static int teardown(void **state)
{
	rfc2136_release(&rfc2136);
	assert_int_equal(fake_open(&fake_finds) + fake_open(&fake_waits) +
				 fake_open(&updates.asks) + fake_open(&questions),
		0);
	assert_int_equal(op_count(), 0);
	op_fini();
	if (temp_dir_teardown(state) != 0)
		return -1;
	return unit_loop_teardown(state);
}

static bool begin(void *instance, uint64_t number, const struct acmems_challenge *unused,
	struct acmems_error *error)
{
	(void)unused;
	return rfc2136_begin(instance, number, error);
}

static void start(void)
{
	assert_true(fake_op_start(&op, &rfc2136, begin, NULL));
	run_until(op.done);
	assert_int_equal(op.done, 1);
}

/* Up to the update. */
static void present(const struct acmems_challenge *what)
{
	size_t before = updates.asks.count;

	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, what));
	fake_place(OWNER, ZONE);
	run_until(updates.asks.count > before);
	assert_false(updates.remove);
}

static void expect_done(void)
{
	run_until(op.done);
	if (op.done != 1)
		fail_msg("%s", op.err.message);
}

static void expect_failed(const char *what)
{
	run_until(op.done);
	assert_int_equal(op.done, 100);
	if (!strstr(op.err.message, what))
		fail_msg("no \"%s\" in \"%s\"", what, op.err.message);
}

/* The text of all journals, and how large they are. */
static off_t journals_size;

static void journals(char *out, size_t room, int *count)
{
	DIR *dir = opendir(temp_dir);
	size_t len = 0;

	assert_non_null(dir);
	*count = 0;
	journals_size = 0;
	out[0] = '\0';
	for (struct dirent *item = readdir(dir); item; item = readdir(dir)) {
		struct stat info;
		int fd;

		if (strncmp(item->d_name, "dns01-rfc2136-dns.", 18) != 0)
			continue;
		(*count)++;
		fd = openat(dirfd(dir), item->d_name, O_RDONLY);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &info), 0);
		assert_int_equal(info.st_mode & 0777, 0600);
		journals_size += info.st_size;
		len += (size_t)read(fd, out + len, room - len - 1);
		out[len] = '\0';
		close(fd);
	}
	closedir(dir);
}

static void expect_journal(int count, const char *part)
{
	char text[4096];
	int found;

	journals(text, sizeof(text), &found);
	assert_int_equal(found, count);
	if (part ? !strstr(text, part) : text[0] != '\0')
		fail_msg("journal: \"%s\"", text);
}

/* ---- present and cleanup ---- */

static void a_record_comes_and_goes(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	start();
	present(&what);
	assert_string_equal(fake_finds.asks[0].body, "_acme-challenge.www.example.org");
	assert_string_equal(updates.asks.asks[0].body, OWNER);
	assert_string_equal(updates.asks.asks[0].zone, ZONE);
	assert_string_equal(updates.asks.asks[0].value, VALUE);
	assert_string_equal(updates.asks.asks[0].servers, "192.0.2.1,192.0.2.2:5353");
	assert_int_equal(updates.ttl, 7);
	expect_journal(1, "+1 " OWNER " " ZONE " " VALUE " 192.0.2.1 192.0.2.2:5353\n");
	fake_updated(APPLIED);
	assert_string_equal(fake_last(&fake_waits)->body, OWNER);
	assert_string_equal(fake_last(&fake_waits)->servers, "-");
	assert_int_equal(op.done, 0);
	fake_seen(true);
	expect_done();
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
	assert_true(updates.remove);
	assert_string_equal(updates.asks.asks[1].value, VALUE);
	fake_updated(APPLIED);
	expect_done();
	assert_null(rfc2136.records);
	assert_null(rfc2136.entries);
	expect_journal(1, NULL);
	rfc2136_release(&rfc2136);
	expect_journal(0, NULL);
}

static void nobody_is_waited_for(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	rfc2136.look.propagation.items = none;
	start();
	present(&what);
	fake_updated(APPLIED);
	expect_done();
	assert_int_equal(fake_waits.count, 0);
	rfc2136.look.propagation.items = servers;
	rfc2136.look.propagation.count = 2;
	what = challenge(2);
	present(&what);
	fake_updated(APPLIED);
	assert_string_equal(fake_last(&fake_waits)->servers, "192.0.2.1,192.0.2.2:5353");
	fake_seen(true);
	expect_done();
}

static void what_fails_says_why(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	start();
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
	fake_no_place();
	expect_failed("nobody knows it");
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
	expect_done();
	assert_int_equal(updates.asks.count, 0);
	/* an update that failed may have been taken: the value is taken away all the same */
	present(&what);
	fake_updated(LOST);
	expect_failed("does not answer");
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
	assert_true(updates.remove);
	fake_updated(APPLIED);
	expect_done();
	/* and one that nobody shows is, too */
	present(&what);
	fake_updated(APPLIED);
	fake_seen(false);
	expect_failed("lags");
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
	assert_true(updates.remove);
	fake_updated(APPLIED);
	expect_done();
	expect_journal(1, NULL);
}

static void who_led_a_name_elsewhere_is_told(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	start();
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
	fake_place("lb.example.net.", "example.net.");
	run_until(updates.asks.count == 1);
	fake_updated(REFUSED);
	expect_failed(
		"the CNAME of _acme-challenge.www.example.org leads to lb.example.net.: 192.0.2.1");
	present(&what);
	fake_updated(REFUSED);
	expect_failed("192.0.2.1 says REFUSED");
	assert_null(strstr(op.err.message, "CNAME"));
}

static void what_nobody_took_is_not_taken_away(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	start();
	present(&what);
	fake_updated(REFUSED);
	expect_failed("REFUSED");
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
	expect_done();
	assert_int_equal(updates.asks.count, 1);
	assert_null(rfc2136.entries);
	expect_journal(1, NULL);
}

/* It may come to the server later than what takes it away; so that is sent once more. */
static void an_update_that_nobody_has_answered_may_come_late(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	start();
	for (int cancelled = 0; cancelled < 2; cancelled++) {
		present(&what);
		if (cancelled) {
			op_cancel(op.op);
		} else {
			fake_updated(LOST);
			expect_failed("does not answer");
		}
		assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
		fake_updated(APPLIED);
		expect_done();
		expect_journal(1, VALUE);
		assert_true(rfc2136.entries->due_ms > acmems_clock_ms());
		rfc2136.entries->due_ms = 0;
		rfc2136_leftover_go_on(&rfc2136);
		assert_true(updates.remove);
		fake_updated(APPLIED);
		assert_null(rfc2136.entries);
		expect_journal(1, NULL);
	}
}

static void cancel_is_silent_at_every_step(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	start();
	for (int step = 0; step < 3; step++) {
		if (step == 0)
			assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
		else
			present(&what);
		if (step == 2)
			fake_updated(APPLIED);
		op_cancel(op.op);
		assert_int_equal(
			fake_open(&fake_finds) + fake_open(&fake_waits) + fake_open(&updates.asks),
			0);
		assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
		if (step > 0)
			fake_updated(APPLIED);
		expect_done();
	}
	/* before the journal is on disk */
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
	fake_place(OWNER, ZONE);
	op_cancel(op.op);
	run_due();
	assert_int_equal(fake_open(&updates.asks), 0);
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
	fake_updated(APPLIED);
	expect_done();
	assert_null(rfc2136.entries);
}

static void an_equal_value_stays_for_the_other(void **state)
{
	struct acmems_challenge one = challenge(1), two = challenge(2);
	struct fake_op first;

	(void)state;
	rfc2136.look.propagation.items = none;
	start();
	present(&one);
	fake_updated(APPLIED);
	expect_done();
	present(&two);
	fake_updated(APPLIED);
	expect_done();
	assert_true(fake_op_start(&first, &rfc2136, rfc2136_cleanup, &one));
	run_until(first.done);
	assert_int_equal(first.done, 1);
	assert_int_equal(updates.asks.count, 2);
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &two));
	assert_true(updates.remove);
	fake_updated(APPLIED);
	expect_done();
	expect_journal(1, NULL);
}

/* What one has left at the server for another that nobody has taken is that one's to take away. */
static void an_equal_value_that_was_left_to_another_is_taken_away(void **state)
{
	struct acmems_challenge one = challenge(1), two = challenge(2);

	(void)state;
	rfc2136.look.propagation.items = none;
	start();
	present(&one);
	fake_updated(APPLIED);
	expect_done();
	present(&two);
	fake_updated(REFUSED);
	expect_failed("REFUSED");
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &one));
	expect_done();
	assert_int_equal(fake_open(&updates.asks), 0);
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &two));
	assert_true(updates.remove);
	fake_updated(APPLIED);
	expect_done();
	assert_null(rfc2136.entries);
}

/* A removal that is under way would come after what is published anew. */
static void a_removal_under_way_gives_way(void **state)
{
	struct acmems_challenge one = challenge(1), two = challenge(2);
	struct fake_op first;

	(void)state;
	rfc2136.look.propagation.items = none;
	start();
	present(&one);
	fake_updated(APPLIED);
	expect_done();
	assert_true(fake_op_start(&first, &rfc2136, rfc2136_cleanup, &one));
	assert_int_equal(fake_open(&updates.asks), 1);
	present(&two);
	assert_int_equal(fake_open(&updates.asks), 1);
	run_until(first.done);
	assert_int_equal(first.done, 1);
	fake_updated(REFUSED);
	expect_failed("REFUSED");
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &two));
	assert_true(updates.remove);
	fake_updated(APPLIED);
	expect_done();
	assert_null(rfc2136.entries);
}

static void the_primary_is_asked_for(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	rfc2136.server = (struct acmems_list){0};
	rfc2136.look.nameserver_port = 5300;
	start();
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
	fake_place(OWNER, ZONE);
	assert_int_equal(questions.count, 2);
	assert_string_equal(questions.asks[0].body, "ns1.example.org. 1");
	assert_string_equal(questions.asks[1].body, "ns1.example.org. 28");
	fake_address(1, "2001:db8::53");
	fake_address(0, "192.0.2.53");
	run_until(updates.asks.count == 1);
	assert_string_equal(updates.asks.asks[0].servers, "[2001:db8::53]:5300,192.0.2.53:5300");
	fake_updated(APPLIED);
	fake_seen(true);
	expect_done();
	/* one of both will do */
	what = challenge(2);
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
	fake_place(OWNER, ZONE);
	fake_address(2, "192.0.2.53");
	fake_address(3, NULL);
	run_until(updates.asks.count == 2);
	fake_updated(LOST);
	expect_failed("does not answer");
	what = challenge(3);
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
	fake_place(OWNER, ZONE);
	fake_address(4, "");
	fake_address(5, "");
	expect_failed("has no address");
	assert_non_null(strstr(op.err.message, "ns1.example.org."));
	what = challenge(4);
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
	fake_place(OWNER, ZONE);
	op_cancel(op.op);
	assert_int_equal(fake_open(&questions), 0);
}

/* ---- leftovers ---- */

static void a_crash_leaves_nothing(void **state)
{
	struct acmems_challenge what = challenge(1);
	struct rfc2136 crashed;
	char text[4096];
	int count;

	(void)state;
	rfc2136.look.propagation.items = none;
	start();
	present(&what);
	fake_updated(APPLIED);
	expect_done();
	/* a second one beside it, as of another generation, leaves the journal alone */
	crashed = rfc2136;
	make_instance();
	start();
	assert_null(rfc2136.entries);
	expect_journal(2, VALUE);
	rfc2136_release(&rfc2136);
	/* released without clean-up: as after a crash */
	rfc2136 = crashed;
	rfc2136_release(&rfc2136);
	expect_journal(1, VALUE);
	make_instance();
	start();
	assert_non_null(rfc2136.entries);
	assert_true(updates.remove);
	assert_string_equal(fake_last(&updates.asks)->value, VALUE);
	assert_string_equal(fake_last(&updates.asks)->servers, "192.0.2.1,192.0.2.2:5353");
	/* a server that is down is tried again */
	fake_updated(LOST);
	assert_true(acmems_timer_running(rfc2136.retry));
	journals(text, sizeof(text), &count);
	assert_int_equal(count, 1);
	rfc2136.entries->due_ms = 0;
	rfc2136_leftover_go_on(&rfc2136);
	fake_updated(APPLIED);
	assert_null(rfc2136.entries);
	expect_journal(1, NULL);
}

static void a_cleanup_that_failed_is_tried_again(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	rfc2136.look.propagation.items = none;
	start();
	present(&what);
	fake_updated(APPLIED);
	expect_done();
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
	fake_updated(LOST);
	expect_failed("does not answer");
	assert_true(rfc2136.entries->leftover);
	rfc2136.entries->due_ms = 0;
	rfc2136_leftover_go_on(&rfc2136);
	assert_true(updates.remove);
	fake_updated(APPLIED);
	assert_null(rfc2136.entries);
}

/* As after a reload: who was before us ends later than we have begun, and could not clean up. */
static void what_is_abandoned_later_is_found_too(void **state)
{
	struct acmems_challenge what = challenge(1);
	struct rfc2136 before, after;

	(void)state;
	rfc2136.look.propagation.items = none;
	start();
	present(&what);
	fake_updated(APPLIED);
	expect_done();
	before = rfc2136;
	make_instance();
	rfc2136.look.propagation.items = none;
	start();
	assert_true(acmems_timer_running(rfc2136.retry));
	after = rfc2136;
	rfc2136 = before;
	rfc2136_release(&rfc2136);
	rfc2136 = after;
	on_retry(&rfc2136);
	assert_true(updates.remove);
	assert_string_equal(fake_last(&updates.asks)->value, VALUE);
	fake_updated(APPLIED);
	assert_null(rfc2136.entries);
	assert_true(acmems_timer_running(rfc2136.retry));
	expect_journal(1, NULL);
	/* a value that we have published, too, stays until we take it away */
	present(&what);
	fake_updated(REFUSED);
	expect_failed("REFUSED");
	temp_file("dns01-rfc2136-dns.abcdef", "+1 " OWNER " " ZONE " " VALUE " 192.0.2.1\n");
	on_retry(&rfc2136);
	assert_int_equal(fake_open(&updates.asks), 0);
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
	assert_true(updates.remove);
	fake_updated(APPLIED);
	expect_done();
	expect_journal(1, NULL);
}

static void leftovers_are_tried_a_few_at_a_time(void **state)
{
	char text[4096];
	size_t len = 0;

	(void)state;
	for (int i = 1; i <= 14; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"+%d a%d.example.org. example.org. v 192.0.2.1\n", i, i);
	temp_file("dns01-rfc2136-dns.abcdef", text);
	start();
	assert_int_equal(fake_open(&updates.asks), 8);
	assert_int_equal(updates.asks.count, 8);
	/* one that fails makes room for the next, and waits */
	fake_fate(3, REFUSED);
	assert_int_equal(updates.asks.count, 9);
	for (size_t i = 0; i < updates.asks.count; i++) {
		if (i != 3)
			fake_fate(i, APPLIED);
	}
	assert_int_equal(updates.asks.count, 14);
	assert_non_null(rfc2136.entries);
	assert_null(rfc2136.entries->next);
	assert_int_equal(rfc2136.entries->failures, 1);
	assert_true(acmems_timer_running(rfc2136.retry));
	assert_true(rfc2136.entries->due_ms > acmems_clock_ms());
	rfc2136.entries->due_ms = 0;
	rfc2136_leftover_go_on(&rfc2136);
	fake_updated(APPLIED);
	assert_null(rfc2136.entries);
	expect_journal(1, NULL);
}

static void a_leftover_that_is_published_again_stays(void **state)
{
	struct acmems_challenge what = challenge(1);

	(void)state;
	rfc2136.look.propagation.items = none;
	temp_file("dns01-rfc2136-dns.abcdef",
		"+1 " OWNER " " ZONE " " VALUE " 192.0.2.1\n+2 " OWNER " " ZONE " v 192.0.2.1\n");
	start();
	assert_int_equal(fake_open(&updates.asks), 2);
	present(&what);
	/* nobody takes it away any more, and nobody forgets it while it may be there */
	assert_int_equal(fake_open(&updates.asks), 2);
	fake_updated(REFUSED);
	expect_failed("REFUSED");
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_cleanup, &what));
	assert_true(updates.remove);
	fake_updated(APPLIED);
	expect_done();
	fake_fate(fake_open(&updates.asks) > 0 && updates.asks.asks[0].id != 0 ? 0 : 1, APPLIED);
	assert_null(rfc2136.entries);
}

static void a_journal_of_what_is_gone_is_written_anew(void **state)
{
	struct acmems_challenge what = challenge(1);
	struct rfc2136_entry *entry;
	char text[4096];
	int count;

	(void)state;
	rfc2136.look.propagation.items = none;
	start();
	present(&what);
	fake_updated(APPLIED);
	expect_done();
	entry = rfc2136_entry_new("gone.example.org.", ZONE, "gone");
	if (!entry || !rfc2136_entry_add_server(entry, "192.0.2.1"))
		fail_msg("no memory");
	for (int i = 0; i < 50000; i++) {
		assert_true(rfc2136_journal_add(rfc2136.journal, entry, &err));
		rfc2136_journal_remove(&rfc2136, entry);
	}
	rfc2136_entry_free(entry);
	entry = NULL;
	journals(text, sizeof(text), &count);
	assert_int_equal(count, 1);
	assert_true(journals_size < (2 << 20));
	/* and the one that stands is in it */
	assert_non_null(strstr(text, VALUE));
}

static void broken_journals_are_read_as_far_as_they_go(void **state)
{
	static const char text[] = "+1 a.example.org. example.org. v1 192.0.2.1\n"
				   "+2 b.example.org. example.org. v2 192.0.2.1\n"
				   "-1\n"
				   "+3 c..example.org. example.org. v3 192.0.2.1\n"
				   "+4 d.example.org. example.org. v4 not/a/server\n"
				   "+5 e.example.org. example.org. v5\n"
				   "+6\n"
				   "nonsense\n"
				   "+\n\n-\n-77\n"
				   "+7 f.example.org. example.org. v7 192.0.2.1";

	(void)state;
	temp_file("dns01-rfc2136-dns.abcdef", text);
	temp_file("dns01-rfc2136-other.abcdef", text);
	start();
	assert_non_null(rfc2136.entries);
	assert_null(rfc2136.entries->next);
	assert_string_equal(fake_last(&updates.asks)->value, "v2");
	fake_updated(APPLIED);
	assert_null(rfc2136.entries);
	expect_journal(1, NULL);
	assert_int_equal(access(temp_path("dns01-rfc2136-other.abcdef"), F_OK), 0);
	unlink(temp_path("dns01-rfc2136-other.abcdef"));
}

/* A disk that is full in the middle of a line. */
static void half_a_line_does_not_spoil_the_next(void **state)
{
	struct acmems_challenge what = challenge(1);
	struct rlimit limit, before;
	char text[4096];
	int count;

	(void)state;
	rfc2136.look.propagation.items = none;
	start();
	present(&what);
	fake_updated(APPLIED);
	expect_done();
	journals(text, sizeof(text), &count);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)journals_size + 20;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	what = challenge(2);
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
	fake_place("b.example.org.", ZONE);
	run_until(op.done);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	expect_failed("cannot write");
	what = challenge(3);
	assert_true(fake_op_start(&op, &rfc2136, rfc2136_present, &what));
	fake_place("c.example.org.", ZONE);
	run_until(updates.asks.count == 2);
	journals(text, sizeof(text), &count);
	if (!strstr(text, "\n+2 c.example.org. ") || strstr(text, "b.example.org."))
		fail_msg("journal: \"%s\"", text);
	fake_updated(APPLIED);
	expect_done();
}

/* What can not be taken over stays where it is, and is taken over once. */
static void a_full_disk_is_no_reason_to_forget(void **state)
{
	const struct rlimit nothing = {0, RLIM_INFINITY};
	struct rlimit before;

	(void)state;
	temp_file("dns01-rfc2136-dns.abcdef", "+1 a.example.org. example.org. v1 192.0.2.1\n"
					      "+2 b.example.org. example.org. v2 192.0.2.1\n");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &nothing), 0);
	start();
	on_retry(&rfc2136);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_null(rfc2136.entries);
	assert_int_equal(access(temp_path("dns01-rfc2136-dns.abcdef"), F_OK), 0);
	on_retry(&rfc2136);
	assert_int_equal(fake_open(&updates.asks), 2);
	assert_int_equal(access(temp_path("dns01-rfc2136-dns.abcdef"), F_OK), -1);
	fake_fate(0, APPLIED);
	fake_fate(1, APPLIED);
	assert_null(rfc2136.entries);
	expect_journal(1, NULL);
}

static void a_directory_of_no_use_is_told(void **state)
{
	(void)state;
	temp_file("file", "x");
	rfc2136.state_dir = (char *)temp_path("file");
	assert_false(fake_op_start(&op, &rfc2136, begin, NULL));
	assert_non_null(strstr(op.err.message, "state-dir"));
}

/* ---- options ---- */

static void refused(const char *what)
{
	if (rfc2136_check(&rfc2136, &err))
		fail_msg("taken: %s", what);
	assert_int_equal(err.code, ACMEMS_CONFIG);
	if (!strstr(err.message, what))
		fail_msg("no \"%s\" in \"%s\"", what, err.message);
	assert_null(strstr(err.message, SECRET));
	rfc2136_release(&rfc2136);
	make_instance();
}

static void options_are_checked(void **state)
{
	static char *bad[] = {(char *)"a b", NULL};
	static char *mixed[] = {(char *)"authoritative", (char *)"192.0.2.1", NULL};

	(void)state;
	assert_true(rfc2136_check(&rfc2136, &err));
	assert_null(rfc2136.key);
	rfc2136.server = (struct acmems_list){bad, 1, true};
	refused("server");
	rfc2136.look.resolvers = (struct acmems_list){bad, 1, true};
	refused("resolvers");
	rfc2136.look.propagation = (struct acmems_list){bad, 1, true};
	refused("propagation");
	rfc2136.look.propagation = (struct acmems_list){mixed, 2, true};
	refused("propagation: \"authoritative\" has to stand alone");
	rfc2136.zone = (char *)"a..b";
	refused("zone");
	rfc2136.tsig_name = (char *)"k.";
	refused("there is no secret");
	rfc2136.tsig_secret = (char *)SECRET;
	refused("name");
	rfc2136.tsig_name = (char *)"k.";
	rfc2136.tsig_secret = (char *)SECRET;
	rfc2136.tsig_secret_file = (char *)"/x";
	refused("only one");
	rfc2136.tsig_name = (char *)"k.";
	rfc2136.tsig_secret = (char *)SECRET;
	rfc2136.tsig_algorithm = (char *)"rot13";
	refused("rot13");
	rfc2136.tsig_name = (char *)"k.";
	rfc2136.tsig_secret = (char *)"not base64 \x01";
	refused("base64");
	rfc2136.tsig_name = (char *)"k.";
	rfc2136.tsig_key_file = (char *)"/x";
	refused("key-file");
}

static void keys_come_from_all_sources(void **state)
{
	(void)state;
	rfc2136.tsig_name = (char *)"acmems.";
	rfc2136.tsig_secret = (char *)SECRET;
	assert_true(rfc2136_check(&rfc2136, &err));
	assert_string_equal(acmems_tsig_key_name(rfc2136.key), "acmems.");
	rfc2136.tsig_secret = NULL;
	rfc2136.tsig_secret_file = (char *)temp_file("secret", SECRET "\n");
	assert_int_equal(chmod(rfc2136.tsig_secret_file, 0600), 0);
	assert_true(rfc2136_check(&rfc2136, &err));
	assert_non_null(rfc2136.key);
	assert_int_equal(chmod(rfc2136.tsig_secret_file, 0644), 0);
	assert_false(rfc2136_check(&rfc2136, &err));
	/* a whole key where only its secret is looked for */
	rfc2136.tsig_secret_file = (char *)temp_file("whole",
		"key \"acmems.\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET "\";\n};\n");
	assert_int_equal(chmod(rfc2136.tsig_secret_file, 0600), 0);
	assert_false(rfc2136_check(&rfc2136, &err));
	assert_non_null(strstr(err.message, "give it as key-file"));
	rfc2136.tsig_name = rfc2136.tsig_secret_file = NULL;
	rfc2136.tsig_key_file = (char *)temp_file("key",
		"key \"from.file\" {\n\talgorithm hmac-sha512;\n\tsecret \"" SECRET "\";\n};\n");
	assert_int_equal(chmod(rfc2136.tsig_key_file, 0600), 0);
	assert_true(rfc2136_check(&rfc2136, &err));
	assert_non_null(strstr(acmems_tsig_key_name(rfc2136.key), "from.file"));
}

static void types_follow_the_option(void **state)
{
	(void)state;
	assert_string_equal(rfc2136_types(&rfc2136)[0], "dns-01");
	rfc2136.challenge = 1;
	assert_string_equal(rfc2136_types(&rfc2136)[0], "dns-account-01");
	assert_null(rfc2136_types(&rfc2136)[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_record_comes_and_goes),
		TEST(nobody_is_waited_for),
		TEST(what_fails_says_why),
		TEST(who_led_a_name_elsewhere_is_told),
		TEST(what_nobody_took_is_not_taken_away),
		TEST(an_update_that_nobody_has_answered_may_come_late),
		TEST(cancel_is_silent_at_every_step),
		TEST(an_equal_value_stays_for_the_other),
		TEST(an_equal_value_that_was_left_to_another_is_taken_away),
		TEST(a_removal_under_way_gives_way),
		TEST(the_primary_is_asked_for),
		TEST(a_crash_leaves_nothing),
		TEST(a_cleanup_that_failed_is_tried_again),
		TEST(what_is_abandoned_later_is_found_too),
		TEST(leftovers_are_tried_a_few_at_a_time),
		TEST(a_leftover_that_is_published_again_stays),
		TEST(a_journal_of_what_is_gone_is_written_anew),
		TEST(broken_journals_are_read_as_far_as_they_go),
		TEST(half_a_line_does_not_spoil_the_next),
		TEST(a_full_disk_is_no_reason_to_forget),
		TEST(a_directory_of_no_use_is_told),
		TEST(options_are_checked),
		TEST(keys_come_from_all_sources),
		TEST(types_follow_the_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
