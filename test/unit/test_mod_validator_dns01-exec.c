/* SPDX-License-Identifier: ISC */
#include "child_world.h"

#include <acmems/dns_find.h>
#include <acmems/file.h>

#include "base/op_core.h"

#include "../../modules/validator/dns01-exec.c"

/* ---- the DNS on paper ---- */

static struct {
	uint64_t find, wait; /* asked, not answered */
	acmems_dns_place_done *found;
	acmems_dns_wait_done *seen;
	void *find_arg, *wait_arg;
	char name[128], owner[128], zone[128], value[64], server[64];
	uint16_t port;
	int finds, waits;
	bool refuse;
} dns;

uint64_t acmems_dns_find(const struct acmems_dns_find *find, acmems_dns_place_done *done, void *arg,
	struct acmems_error *err)
{
	if (dns.refuse) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "refused");
		return 0;
	}
	snprintf(dns.name, sizeof(dns.name), "%s", find->name);
	dns.found = done;
	dns.find_arg = arg;
	dns.finds++;
	return dns.find = 7;
}

void acmems_dns_find_cancel(uint64_t id)
{
	if (id == dns.find)
		dns.find = 0;
}

uint64_t acmems_dns_wait(const struct acmems_dns_wait *wait, acmems_dns_wait_done *done, void *arg,
	struct acmems_error *err)
{
	(void)err;
	snprintf(dns.owner, sizeof(dns.owner), "%s", wait->owner);
	snprintf(dns.zone, sizeof(dns.zone), "%s", wait->zone);
	snprintf(dns.value, sizeof(dns.value), "%s", wait->value);
	snprintf(dns.server, sizeof(dns.server), "%s", wait->servers ? wait->servers[0] : "");
	dns.port = wait->port;
	dns.seen = done;
	dns.wait_arg = arg;
	dns.waits++;
	return dns.wait = 8;
}

void acmems_dns_wait_cancel(uint64_t id)
{
	if (id == dns.wait)
		dns.wait = 0;
}

static void answer_find(const char *owner, const char *zone)
{
	struct acmems_dns_place place = {.owner = owner, .zone = zone, .primary = "ns."};
	struct acmems_error error = {0};

	assert_int_not_equal(dns.find, 0);
	dns.find = 0;
	acmems_error_set(&error, ACMEMS_TIMEOUT, "no name server answers");
	dns.found(dns.find_arg, owner ? &place : NULL, owner ? NULL : &error);
}

static void answer_wait(const char *fault)
{
	struct acmems_error error = {0};

	assert_int_not_equal(dns.wait, 0);
	dns.wait = 0;
	if (fault)
		acmems_error_set(&error, ACMEMS_TIMEOUT, "%s", fault);
	dns.seen(dns.wait_arg, fault ? &error : NULL);
}

/* ---- the module in its house ---- */

struct answer {
	int done;
	enum acmems_code code;
	char message[512];
};

typedef bool module_op(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err);

static struct dns01_exec module;
static struct acmems_error failure;
static struct acmems_challenge challenge;
static module_op *asked;
static char path[128], other_path[128];
static char *command[] = {path, (char *)"first", NULL};
static char *cleanup_command[] = {other_path, NULL};
static char *authoritative[] = {(char *)"authoritative", NULL};
static char *none[] = {(char *)"none", NULL};
static char *servers[] = {(char *)"192.0.2.1", (char *)"192.0.2.2:5300", NULL};
static char *environment[] = {(char *)"ZONE=example.org", NULL};

#define KEY_AUTHORIZATION "tok-en.thumbprint"
/* base64url(SHA-256(KEY_AUTHORIZATION)), by the library, which has its own test */
static char value[ACMEMS_CHALLENGE_TXT_MAX];

static bool on_start_op(void *ctx, uint64_t op, struct acmems_error *error)
{
	(void)ctx;
	return asked ? asked(&module, op, &challenge, error) : exec_start(&module, op, error);
}

static bool on_stop_op(void *ctx, uint64_t op, struct acmems_error *error)
{
	(void)ctx;
	return exec_stop(&module, op, error);
}

static void on_answer(void *arg, const struct acmems_error *error, const void *data, size_t len)
{
	struct answer *answer = arg;

	(void)data;
	(void)len;
	answer->done++;
	answer->code = error ? error->code : ACMEMS_OK;
	snprintf(answer->message, sizeof(answer->message), "%s", error ? error->message : "");
}

static uint64_t begin_op(op_start_fn *start, module_op *what, struct answer *answer)
{
	struct op_spec spec = {.owner = "validator-dns01-exec",
		.what = "present",
		.deadline_ms = 20000,
		.start = start,
		.done = on_answer,
		.arg = answer};

	*answer = (struct answer){0};
	asked = what;
	return op_run(&spec, &failure);
}

static uint64_t begin_present(struct answer *answer)
{
	return begin_op(on_start_op, dns01_exec_present, answer);
}

static struct answer cleanup(void)
{
	struct answer answer;

	assert_int_not_equal(begin_op(on_start_op, dns01_exec_cleanup, &answer), 0);
	run_until(answer.done);
	return answer;
}

/* The program notes its arguments and what matters of its environment in a file. */
static void write_program(char *where, const char *name, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"#!/bin/sh\n"
		"{ printf '%%s' \"$1\"; [ $# -le 1 ] || { shift; printf ' %%s' \"$@\"; }; "
		"env | grep -E '^(CERTBOT|ZONE)' | sort | tr '\\n' ';'; echo; } >> %s/notes\n%s\n",
		temp_dir, more);
	snprintf(where, sizeof(path), "%s", temp_file(name, text));
	assert_int_equal(chmod(where, 0755), 0);
}

/* What the programs have noted since the last call. */
static const char *notes(void)
{
	static char text[4096];
	struct acmems_error none_read = {0};
	char *data = NULL;
	size_t len = 0;

	text[0] = '\0';
	if (acmems_file_read(temp_path("notes"), sizeof(text) - 1, &data, &len, &none_read))
		memcpy(text, data, len + 1);
	free(data);
	unlink(temp_path("notes"));
	return text;
}

static int setup(void **state)
{
	struct answer answer;

	if (child_world_setup(state) != 0)
		return -1;
	memset(&dns, 0, sizeof(dns));
	write_program(path, "hook", "");
	write_program(other_path, "unhook", "");
	challenge = (struct acmems_challenge){.id = 1,
		.type = "dns-01",
		.identifier = "www.example.org",
		.token = "tok-en",
		.key_authorization = KEY_AUTHORIZATION,
		.account_url = "https://ca.example/1"};
	module = (struct dns01_exec){.self = {"dns01-exec", "dns"},
		.command = {command, 2, true},
		.timeout_ms = 10000,
		.at_most = 2,
		.state_dir = temp_dir,
		.follow_cname = true,
		.look = {.propagation = {authoritative, 1, false}, .nameserver_port = 53}};
	if (!acmems_challenge_txt(&challenge, value) || !begin_op(on_start_op, NULL, &answer))
		return -1;
	run_until(answer.done);
	return 0;
}

static int teardown(void **state)
{
	exec_release(&module);
	assert_int_equal(op_count(), 0);
	assert_int_equal(op_faults(), 0);
	op_fini();
	assert_int_equal(dns.find, 0);
	assert_int_equal(dns.wait, 0);
	return child_world_teardown(state);
}

static void without_lookups(int convention)
{
	module.convention = convention;
	module.follow_cname = false;
	module.look.propagation = (struct acmems_list){none, 1, true};
}

static struct answer present(void)
{
	struct answer answer;

	assert_int_not_equal(begin_present(&answer), 0);
	run_until(answer.done);
	return answer;
}

static void expect_notes(const char *before, const char *what, const char *behind)
{
	char expected[512];

	snprintf(expected, sizeof(expected), "%s%s%s", before, what, behind);
	assert_string_equal(notes(), expected);
}

/* ---- conventions ---- */

static void lego(void **state)
{
	(void)state;
	without_lookups(EXEC_LEGO);
	assert_int_equal(present().code, ACMEMS_OK);
	expect_notes("first present _acme-challenge.www.example.org. ", value, "\n");
	assert_int_equal(cleanup().code, ACMEMS_OK);
	expect_notes("first cleanup _acme-challenge.www.example.org. ", value, "\n");
	assert_int_equal(dns.finds + dns.waits, 0);
	/* once is enough */
	assert_int_equal(cleanup().code, ACMEMS_OK);
	assert_string_equal(notes(), "");
}

static void lego_raw(void **state)
{
	(void)state;
	without_lookups(EXEC_LEGO_RAW);
	module.cleanup_command = (struct acmems_list){cleanup_command, 1, true};
	assert_int_equal(present().code, ACMEMS_OK);
	assert_string_equal(
		notes(), "first present -- www.example.org tok-en " KEY_AUTHORIZATION "\n");
	assert_int_equal(cleanup().code, ACMEMS_OK);
	assert_string_equal(notes(), "cleanup -- www.example.org tok-en " KEY_AUTHORIZATION "\n");
}

static void dehydrated(void **state)
{
	(void)state;
	without_lookups(EXEC_DEHYDRATED);
	module.environment = (struct acmems_list){environment, 1, true};
	assert_int_equal(present().code, ACMEMS_OK);
	expect_notes(
		"first deploy_challenge www.example.org tok-en ", value, "ZONE=example.org;\n");
	assert_int_equal(cleanup().code, ACMEMS_OK);
	expect_notes("first clean_challenge www.example.org tok-en ", value, "ZONE=example.org;\n");
}

#define CERTBOT_ALL "CERTBOT_ALL_DOMAINS=www.example.org;CERTBOT_ALL_IDENTIFIERS=www.example.org;"
#define CERTBOT_REST                                                                               \
	"CERTBOT_DOMAIN=www.example.org;CERTBOT_IDENTIFIER=www.example.org;"                       \
	"CERTBOT_REMAINING_CHALLENGES=0;"

static void certbot(void **state)
{
	(void)state;
	without_lookups(EXEC_CERTBOT);
	write_program(path, "hook", "printf '\\n  record 17 \\n\\n'");
	module.cleanup_command = (struct acmems_list){cleanup_command, 1, true};
	assert_int_equal(present().code, ACMEMS_OK);
	expect_notes("first" CERTBOT_ALL CERTBOT_REST "CERTBOT_VALIDATION=", value, ";\n");
	assert_int_equal(cleanup().code, ACMEMS_OK);
	expect_notes(CERTBOT_ALL "CERTBOT_AUTH_OUTPUT=record 17;" CERTBOT_REST
				 "CERTBOT_VALIDATION=",
		value, ";\n");
}

static void certbot_without_a_cleanup_hook(void **state)
{
	(void)state;
	without_lookups(EXEC_CERTBOT);
	/* and with a hook whose status means nothing */
	write_program(path, "hook", "exit 1");
	assert_int_equal(present().code, ACMEMS_OK);
	notes();
	assert_int_equal(cleanup().code, ACMEMS_OK);
	assert_string_equal(notes(), "");
}

static void files_of_http_01(void **state)
{
	(void)state;
	challenge.type = "http-01";
	module.http = true;
	module.convention = EXEC_DEHYDRATED;
	assert_int_equal(present().code, ACMEMS_OK);
	assert_string_equal(
		notes(), "first deploy_challenge www.example.org tok-en " KEY_AUTHORIZATION "\n");
	assert_int_equal(cleanup().code, ACMEMS_OK);
	notes();
	module.convention = EXEC_CERTBOT;
	assert_int_equal(present().code, ACMEMS_OK);
	assert_string_equal(notes(),
		"first" CERTBOT_ALL CERTBOT_REST
		"CERTBOT_TOKEN=tok-en;CERTBOT_VALIDATION=" KEY_AUTHORIZATION ";\n");
	assert_int_equal(cleanup().code, ACMEMS_OK);
	assert_int_equal(dns.finds + dns.waits, 0);
}

/* ---- looking up and watching ---- */

static void the_record_goes_where_cnames_lead_and_is_watched(void **state)
{
	struct answer answer;

	(void)state;
	assert_int_not_equal(begin_present(&answer), 0);
	assert_string_equal(dns.name, "_acme-challenge.www.example.org.");
	answer_find("www.acme.example.net.", "acme.example.net.");
	run_until(dns.waits);
	expect_notes("first present www.acme.example.net. ", value, "\n");
	assert_string_equal(dns.owner, "www.acme.example.net.");
	assert_string_equal(dns.zone, "acme.example.net.");
	assert_string_equal(dns.value, value);
	assert_string_equal(dns.server, "");
	assert_int_equal(dns.port, 53);
	assert_int_equal(answer.done, 0);
	answer_wait(NULL);
	run_until(answer.done);
	assert_int_equal(answer.code, ACMEMS_OK);
	assert_int_equal(cleanup().code, ACMEMS_OK);
	expect_notes("first cleanup www.acme.example.net. ", value, "\n");
	assert_int_equal(dns.finds, 1);
}

static void servers_can_be_named_and_cnames_left_alone(void **state)
{
	struct answer answer;

	(void)state;
	module.follow_cname = false;
	module.look.propagation = (struct acmems_list){servers, 2, true};
	assert_int_not_equal(begin_present(&answer), 0);
	answer_find("www.acme.example.net.", "acme.example.net.");
	run_until(dns.waits);
	expect_notes("first present _acme-challenge.www.example.org. ", value, "\n");
	assert_string_equal(dns.owner, "www.acme.example.net.");
	assert_string_equal(dns.server, "192.0.2.1");
	answer_wait("192.0.2.2 does not show it");
	run_until(answer.done);
	assert_int_equal(answer.code, ACMEMS_TIMEOUT);
	assert_string_equal(answer.message, "192.0.2.2 does not show it");
	assert_int_equal(cleanup().code, ACMEMS_OK);
	expect_notes("first cleanup _acme-challenge.www.example.org. ", value, "\n");
}

static void a_place_that_is_not_found_ends_it(void **state)
{
	struct answer answer;

	(void)state;
	assert_int_not_equal(begin_present(&answer), 0);
	answer_find(NULL, NULL);
	run_until(answer.done);
	assert_int_equal(answer.code, ACMEMS_TIMEOUT);
	/* nothing was done, so nothing is undone */
	assert_int_equal(cleanup().code, ACMEMS_OK);
	assert_string_equal(notes(), "");
	dns.refuse = true;
	assert_int_equal(begin_present(&answer), 0);
	assert_int_equal(cleanup().code, ACMEMS_OK);
}

/* ---- what goes wrong ---- */

static void a_status_fails_the_order_with_the_last_line(void **state)
{
	struct answer answer;

	(void)state;
	without_lookups(EXEC_LEGO);
	write_program(path, "hook", "echo update failed: REFUSED; exit 2");
	answer = present();
	assert_int_equal(answer.code, ACMEMS_SYSTEM);
	assert_non_null(strstr(answer.message, "www.example.org: "));
	assert_non_null(strstr(answer.message, "ended with status 2: update failed: REFUSED"));
	notes();
	/* half of it may be there */
	answer = cleanup();
	assert_int_equal(answer.code, ACMEMS_SYSTEM);
	expect_notes("first cleanup _acme-challenge.www.example.org. ", value, "\n");
	assert_true(LIST_EMPTY(&module.attempts));
}

static void who_is_too_slow_fails_the_order(void **state)
{
	struct answer answer;

	(void)state;
	without_lookups(EXEC_LEGO);
	module.timeout_ms = 100;
	write_program(path, "hook", "[ $1 = cleanup ] || sleep 30");
	answer = present();
	assert_int_equal(answer.code, ACMEMS_TIMEOUT);
	assert_non_null(strstr(answer.message, "ran longer than 100 ms"));
}

/* Each waits for the other one, and there is time for neither to do so alone. */
static void as_many_as_are_allowed_run_at_once(void **state)
{
	struct answer one, two;
	char more[512];

	(void)state;
	without_lookups(EXEC_LEGO);
	snprintf(more, sizeof(more),
		"touch %s/here.$$; while [ $(ls %s/here.* | wc -l) -lt 2 ]; do sleep 0.01; done",
		temp_dir, temp_dir);
	write_program(path, "hook", more);
	assert_int_not_equal(begin_present(&one), 0);
	challenge.id = 2;
	challenge.key_authorization = "tok-en.other";
	assert_int_not_equal(begin_present(&two), 0);
	run_until(one.done && two.done);
	assert_int_equal(one.code, ACMEMS_OK);
	assert_int_equal(two.code, ACMEMS_OK);
}

static void cleanup_waits_until_a_cancelled_present_is_gone(void **state)
{
	char more[512];
	struct answer answer;
	uint64_t op;

	(void)state;
	without_lookups(EXEC_LEGO);
	snprintf(more, sizeof(more),
		"[ $1 = cleanup ] && exit; trap 'sleep 0.1; echo gone >> %s/notes; exit' TERM\n"
		"touch %s/ready; while :; do sleep 0.01; done",
		temp_dir, temp_dir);
	/* behind the shift $1 is what the core wants */
	write_program(path, "hook", more);
	op = begin_present(&answer);
	assert_int_not_equal(op, 0);
	run_until(access(temp_path("ready"), F_OK) == 0);
	op_cancel(op);
	notes();
	assert_int_equal(cleanup().code, ACMEMS_OK);
	expect_notes("gone\nfirst cleanup _acme-challenge.www.example.org. ", value, "\n");
	assert_int_equal(answer.done, 0);
}

static void cancel_while_looking_or_watching(void **state)
{
	struct answer answer;
	uint64_t op;

	(void)state;
	op = begin_present(&answer);
	assert_int_not_equal(op, 0);
	op_cancel(op);
	assert_int_equal(dns.find, 0);
	assert_int_equal(cleanup().code, ACMEMS_OK);
	assert_string_equal(notes(), "");
	op = begin_present(&answer);
	assert_int_not_equal(op, 0);
	answer_find("x.", "x.");
	run_until(dns.waits);
	op_cancel(op);
	assert_int_equal(dns.wait, 0);
	notes();
	assert_int_equal(cleanup().code, ACMEMS_OK);
	expect_notes("first cleanup x. ", value, "\n");
	assert_int_equal(answer.done, 0);
}

static void cleanup_goes_on_when_nobody_waits_and_stop_does(void **state)
{
	struct answer answer, stop;
	uint64_t op;

	(void)state;
	without_lookups(EXEC_LEGO);
	write_program(path, "hook", "sleep 0.1");
	assert_int_equal(present().code, ACMEMS_OK);
	notes();
	op = begin_op(on_start_op, dns01_exec_cleanup, &answer);
	assert_int_not_equal(op, 0);
	op_cancel(op);
	assert_int_not_equal(begin_op(on_stop_op, NULL, &stop), 0);
	run_due();
	assert_int_equal(stop.done, 0);
	run_until(stop.done);
	expect_notes("first cleanup _acme-challenge.www.example.org. ", value, "\n");
	assert_int_equal(answer.done, 0);
	assert_true(LIST_EMPTY(&module.attempts));
	assert_int_not_equal(begin_op(on_stop_op, NULL, &stop), 0);
	run_until(stop.done);
}

static void names_that_are_too_long_are_refused(void **state)
{
	char name[300];
	struct answer answer;

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t i = 60; i < sizeof(name); i += 60)
		name[i] = '.';
	name[250] = '\0';
	challenge.identifier = name;
	assert_int_equal(begin_present(&answer), 0);
	assert_int_equal(failure.code, ACMEMS_VALIDATION);
	assert_int_equal(cleanup().code, ACMEMS_OK);
}

/* ---- crashes ---- */

/* The process is no more, the next one starts. */
static void crash(void)
{
	struct answer answer;

	exec_release(&module);
	assert_int_not_equal(begin_op(on_start_op, NULL, &answer), 0);
	run_until(answer.done);
	assert_int_equal(answer.code, ACMEMS_OK);
}

static void a_crash_leaves_nothing(void **state)
{
	(void)state;
	without_lookups(EXEC_CERTBOT);
	write_program(path, "hook", "echo record 17");
	module.cleanup_command = (struct acmems_list){cleanup_command, 1, true};
	assert_int_equal(present().code, ACMEMS_OK);
	notes();
	crash();
	run_until(LIST_EMPTY(&module.attempts));
	expect_notes(CERTBOT_ALL "CERTBOT_AUTH_OUTPUT=record 17;" CERTBOT_REST
				 "CERTBOT_VALIDATION=",
		value, ";\n");
	crash();
	assert_true(LIST_EMPTY(&module.attempts));
}

static void a_program_that_fails_is_not_run_at_every_start(void **state)
{
	(void)state;
	without_lookups(EXEC_LEGO);
	module.cleanup_command = (struct acmems_list){cleanup_command, 1, true};
	write_program(other_path, "unhook", "exit 1");
	assert_int_equal(present().code, ACMEMS_OK);
	assert_int_equal(cleanup().code, ACMEMS_SYSTEM);
	crash();
	assert_true(LIST_EMPTY(&module.attempts));
	assert_int_equal(present().code, ACMEMS_OK);
	crash();
	run_until(LIST_EMPTY(&module.attempts));
	crash();
	assert_true(LIST_EMPTY(&module.attempts));
}

/* The daemon is stopped while the program runs, and nobody sees its end. */
static void a_program_that_was_cut_off_is_run_again(void **state)
{
	struct answer answer;
	uint64_t op;

	(void)state;
	without_lookups(EXEC_LEGO);
	module.cleanup_command = (struct acmems_list){cleanup_command, 1, true};
	write_program(other_path, "unhook", "exec sleep 30");
	assert_int_equal(present().code, ACMEMS_OK);
	notes();
	op = begin_op(on_start_op, dns01_exec_cleanup, &answer);
	assert_int_not_equal(op, 0);
	op_cancel(op);
	exec_release(&module);
	write_program(other_path, "unhook", "");
	crash();
	run_until(LIST_EMPTY(&module.attempts));
	assert_non_null(strstr(notes(), "cleanup _acme-challenge.www.example.org. "));
	assert_int_equal(answer.done, 0);
}

static void the_same_again_waits_for_what_is_left_over(void **state)
{
	char expected[512];

	(void)state;
	without_lookups(EXEC_LEGO);
	assert_int_equal(present().code, ACMEMS_OK);
	notes();
	crash();
	assert_int_equal(present().code, ACMEMS_OK);
	snprintf(expected, sizeof(expected),
		"first cleanup _acme-challenge.www.example.org. %s\n"
		"first present _acme-challenge.www.example.org. %s\n",
		value, value);
	assert_string_equal(notes(), expected);
	assert_int_equal(cleanup().code, ACMEMS_OK);
}

static void what_was_left_by_another_kind_is_told(void **state)
{
	(void)state;
	without_lookups(EXEC_LEGO);
	assert_int_equal(present().code, ACMEMS_OK);
	notes();
	module.http = true;
	crash();
	assert_true(LIST_EMPTY(&module.attempts));
	module.http = false;
	crash();
	assert_true(LIST_EMPTY(&module.attempts));
	assert_string_equal(notes(), "");
}

/* ---- orders that share a challenge ---- */

/* A CA may give two orders for one set of names the same challenge. */
static struct answer present_as(uint64_t id)
{
	challenge.id = id;
	return present();
}

static struct answer cleanup_as(uint64_t id)
{
	challenge.id = id;
	return cleanup();
}

static void the_last_takes_it_away(void **state)
{
	(void)state;
	without_lookups(EXEC_LEGO);
	assert_int_equal(present_as(1).code, ACMEMS_OK);
	assert_int_equal(present_as(2).code, ACMEMS_OK);
	/* others are none of their business */
	challenge.key_authorization = "tok-en.other";
	assert_int_equal(present_as(3).code, ACMEMS_OK);
	notes();
	assert_int_equal(cleanup_as(1).code, ACMEMS_OK);
	assert_string_equal(notes(), "");
	assert_int_equal(cleanup_as(2).code, ACMEMS_OK);
	expect_notes("first cleanup _acme-challenge.www.example.org. ", value, "\n");
	assert_int_equal(cleanup_as(3).code, ACMEMS_OK);
	assert_string_not_equal(notes(), "");
	assert_true(LIST_EMPTY(&module.attempts));
	crash();
	assert_true(LIST_EMPTY(&module.attempts));
}

static void what_each_has_made_is_taken_away(void **state)
{
	const char *text;

	(void)state;
	without_lookups(EXEC_CERTBOT);
	module.cleanup_command = (struct acmems_list){cleanup_command, 1, true};
	write_program(path, "hook", "echo record 17");
	assert_int_equal(present_as(1).code, ACMEMS_OK);
	write_program(path, "hook", "echo record 18");
	assert_int_equal(present_as(2).code, ACMEMS_OK);
	notes();
	assert_int_equal(cleanup_as(1).code, ACMEMS_OK);
	assert_string_equal(notes(), "");
	assert_int_equal(cleanup_as(2).code, ACMEMS_OK);
	run_until(LIST_EMPTY(&module.attempts));
	text = notes();
	assert_non_null(strstr(text, "CERTBOT_AUTH_OUTPUT=record 17;"));
	assert_non_null(strstr(text, "CERTBOT_AUTH_OUTPUT=record 18;"));
	crash();
	assert_true(LIST_EMPTY(&module.attempts));
}

/* Who comes while the last one is cleaned up is not robbed by those before. */
static void what_is_owed_waits_for_who_came_meanwhile(void **state)
{
	struct answer cleaned, presented;
	const char *text;

	(void)state;
	without_lookups(EXEC_CERTBOT);
	module.cleanup_command = (struct acmems_list){cleanup_command, 1, true};
	write_program(other_path, "unhook", "sleep 0.1");
	write_program(path, "hook", "echo record 17");
	assert_int_equal(present_as(1).code, ACMEMS_OK);
	write_program(path, "hook", "echo record 18");
	assert_int_equal(present_as(2).code, ACMEMS_OK);
	assert_int_equal(cleanup_as(1).code, ACMEMS_OK);
	notes();
	challenge.id = 2;
	assert_int_not_equal(begin_op(on_start_op, dns01_exec_cleanup, &cleaned), 0);
	challenge.id = 3;
	assert_int_not_equal(begin_present(&presented), 0);
	run_until(presented.done && cleaned.done);
	text = notes();
	assert_non_null(strstr(text, "CERTBOT_AUTH_OUTPUT=record 18;"));
	assert_null(strstr(text, "CERTBOT_AUTH_OUTPUT=record 17;"));
	assert_int_equal(cleanup_as(3).code, ACMEMS_OK);
	run_until(LIST_EMPTY(&module.attempts));
	assert_non_null(strstr(notes(), "CERTBOT_AUTH_OUTPUT=record 17;"));
}

static void a_crash_of_those_who_share_leaves_nothing(void **state)
{
	(void)state;
	without_lookups(EXEC_LEGO);
	assert_int_equal(present_as(1).code, ACMEMS_OK);
	assert_int_equal(present_as(2).code, ACMEMS_OK);
	assert_int_equal(cleanup_as(1).code, ACMEMS_OK);
	notes();
	crash();
	run_until(LIST_EMPTY(&module.attempts));
	assert_non_null(strstr(notes(), "cleanup _acme-challenge.www.example.org. "));
}

static void the_same_again_waits_until_it_is_gone(void **state)
{
	char expected[512];
	struct answer cleaned, presented;

	(void)state;
	without_lookups(EXEC_LEGO);
	assert_int_equal(present_as(1).code, ACMEMS_OK);
	notes();
	write_program(other_path, "unhook", "sleep 0.1");
	module.cleanup_command = (struct acmems_list){cleanup_command, 1, true};
	assert_int_not_equal(begin_op(on_start_op, dns01_exec_cleanup, &cleaned), 0);
	challenge.id = 2;
	assert_int_not_equal(begin_present(&presented), 0);
	run_until(presented.done);
	assert_int_equal(cleaned.done, 1);
	snprintf(expected, sizeof(expected),
		"cleanup _acme-challenge.www.example.org. %s\n"
		"first present _acme-challenge.www.example.org. %s\n",
		value, value);
	assert_string_equal(notes(), expected);
	assert_int_equal(cleanup_as(2).code, ACMEMS_OK);
}

/* ---- the configuration ---- */

static void options_have_to_fit_together(void **state)
{
	struct acmems_error err = {0};
	char *bad_server[] = {(char *)"no server", NULL};

	(void)state;
	assert_true(exec_check(&module, &err));
	module.challenge = CHALLENGE_HTTP;
	assert_false(exec_check(&module, &err));
	assert_non_null(strstr(err.message, "lego-raw"));
	module.convention = EXEC_LEGO_RAW;
	assert_true(exec_check(&module, &err));
	assert_true(module.http);
	module.look.propagation.given = true;
	assert_false(exec_check(&module, &err));
	module.look.propagation.given = false;
	module.challenge = CHALLENGE_DNS_ACCOUNT;
	assert_false(exec_check(&module, &err));
	module.convention = EXEC_LEGO;
	assert_true(exec_check(&module, &err));
	assert_string_equal(exec_types(&module)[0], "dns-account-01");
	module.look.propagation = (struct acmems_list){servers, 2, true};
	assert_true(exec_check(&module, &err));
	module.look.propagation = (struct acmems_list){bad_server, 1, true};
	assert_false(exec_check(&module, &err));
	module.look.propagation = (struct acmems_list){none, 1, true};
	module.look.resolvers = (struct acmems_list){bad_server, 1, true};
	assert_false(exec_check(&module, &err));
	module.look.resolvers = (struct acmems_list){0};
	module.cleanup_command = (struct acmems_list){bad_server, 1, true};
	assert_false(exec_check(&module, &err));
	assert_non_null(strstr(err.message, "cleanup-command: "));
	module.cleanup_command = (struct acmems_list){0};
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(exec_check(&module, &err));
	assert_non_null(strstr(err.message, "command: "));
}

#define with_module(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_module(lego),
		with_module(lego_raw),
		with_module(dehydrated),
		with_module(certbot),
		with_module(certbot_without_a_cleanup_hook),
		with_module(files_of_http_01),
		with_module(the_record_goes_where_cnames_lead_and_is_watched),
		with_module(servers_can_be_named_and_cnames_left_alone),
		with_module(a_place_that_is_not_found_ends_it),
		with_module(a_status_fails_the_order_with_the_last_line),
		with_module(who_is_too_slow_fails_the_order),
		with_module(as_many_as_are_allowed_run_at_once),
		with_module(cleanup_waits_until_a_cancelled_present_is_gone),
		with_module(cancel_while_looking_or_watching),
		with_module(cleanup_goes_on_when_nobody_waits_and_stop_does),
		with_module(names_that_are_too_long_are_refused),
		with_module(a_crash_leaves_nothing),
		with_module(a_program_that_fails_is_not_run_at_every_start),
		with_module(a_program_that_was_cut_off_is_run_again),
		with_module(the_same_again_waits_for_what_is_left_over),
		with_module(what_was_left_by_another_kind_is_told),
		with_module(the_last_takes_it_away),
		with_module(what_each_has_made_is_taken_away),
		with_module(what_is_owed_waits_for_who_came_meanwhile),
		with_module(a_crash_of_those_who_share_leaves_nothing),
		with_module(the_same_again_waits_until_it_is_gone),
		with_module(options_have_to_fit_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
