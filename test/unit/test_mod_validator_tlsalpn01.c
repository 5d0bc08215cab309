/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <openssl/x509.h>
#include <stdio.h>

#include <acmems/crypto.h>
#include <acmems/tls.h>
#include <acmems/validator.h>

#include "base/op_core.h"
#include "base/tls_identity.h"

/* The server on paper: what the module asks of it. */
struct acmems_tls_server {
	bool open;
};

static struct acmems_tls_server server;
static struct acmems_tls_server_config served;
static bool refuse_server;
static int servers;
static uint64_t seen[8];
static size_t seen_count;

static struct acmems_tls_server *fake_server_new(
	const struct acmems_tls_server_config *config, struct acmems_error *err)
{
	assert_non_null(config->listen[0]);
	if (refuse_server) {
		acmems_error_set(err, ACMEMS_SYSTEM, "address in use");
		return NULL;
	}
	served = *config;
	servers++;
	server.open = false;
	return &server;
}

static void fake_server_open(struct acmems_tls_server *opened)
{
	opened->open = true;
}

static void fake_server_free(struct acmems_tls_server *freed)
{
	servers -= freed != NULL;
}

static void fake_seen(uint64_t id)
{
	seen[seen_count++] = id;
}

#define acmems_tls_server_new fake_server_new
#define acmems_tls_server_open fake_server_open
#define acmems_tls_server_free fake_server_free
#define acmems_challenge_seen fake_seen
#include "../../modules/validator/tlsalpn01.c"
#include "../../modules/validator/tlsalpn01_turn.h"

static struct tlsalpn01 tlsalpn01;
static struct acmems_error err;

typedef bool module_op(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err);

struct run {
	module_op *start;
	struct acmems_challenge challenge;
	uint64_t op;
	int done;
	struct acmems_error err;
};

static bool on_start(void *ctx, uint64_t op, struct acmems_error *error)
{
	struct run *run = ctx;

	return run->start ? run->start(&tlsalpn01, op, &run->challenge, error)
			  : tlsalpn01_start(&tlsalpn01, op, error);
}

static void on_done(void *arg, const struct acmems_error *error, const void *data, size_t len)
{
	struct run *run = arg;

	(void)data;
	(void)len;
	run->done += error ? 100 : 1;
	if (error)
		run->err = *error;
}

static bool begin(struct run *run, module_op *start, uint64_t id, const char *identifier,
	const char *key_authorization)
{
	struct op_spec spec = {.owner = "validator-tlsalpn01",
		.what = "present",
		.deadline_ms = 100000,
		.start = on_start,
		.ctx = run,
		.done = on_done,
		.arg = run};

	*run = (struct run){.start = start,
		.challenge = {.id = id,
			.type = "tls-alpn-01",
			.identifier = identifier,
			.token = "",
			.key_authorization = key_authorization}};
	err = (struct acmems_error){0};
	run->op = op_run(&spec, &err);
	return run->op != 0;
}

static bool run(
	module_op *start, uint64_t id, const char *identifier, const char *key_authorization)
{
	struct run run;

	if (!begin(&run, start, id, identifier, key_authorization))
		return false;
	run_until(run.done);
	return run.done == 1;
}

static bool present(uint64_t id, const char *identifier, const char *key_authorization)
{
	return run(tlsalpn01_present, id, identifier, key_authorization);
}

static bool cleanup(uint64_t id, const char *identifier)
{
	return run(tlsalpn01_cleanup, id, identifier, "");
}

/* Is the certificate for this key authorization shown to who asks for the name? NULL: none at all. */
static void assert_shown(const char *server_name, const char *key_authorization)
{
	const struct acmems_address peer = {.family = ACMEMS_LOCAL};
	const struct acmems_tls_identity *identity = served.choose(served.arg, server_name, &peer);
	unsigned char digest[ACMEMS_DIGEST_MAX];
	unsigned char *der = NULL;
	int len;

	assert_int_equal(identity != NULL, key_authorization != NULL);
	if (!identity)
		return;
	len = i2d_X509(identity->cert, &der);
	assert_true(len > 0);
	acmems_digest("sha256", key_authorization, strlen(key_authorization), digest);
	assert_non_null(memmem(der, (size_t)len, digest, 32));
	OPENSSL_free(der);
}

static char *addresses[] = {(char *)"127.0.0.1:1443", NULL};

static int setup(void **state)
{
	tlsalpn01 =
		(struct tlsalpn01){.self = {"tlsalpn01", "tls"}, .listen = {addresses, 1, true}};
	refuse_server = false;
	seen_count = 0;
	if (unit_loop_setup(state) != 0)
		return -1;
	assert_true(run(NULL, 0, "", ""));
	return 0;
}

static int teardown(void **state)
{
	tlsalpn01_release(&tlsalpn01);
	assert_int_equal(servers, 0);
	assert_int_equal(op_count(), 0);
	assert_int_equal(op_faults(), 0);
	op_fini();
	return unit_loop_teardown(state);
}

static void a_certificate_is_shown_until_cleanup(void **state)
{
	(void)state;
	assert_true(server.open);
	assert_true(present(1, "a.example.org", "tok.thumb"));
	assert_shown("a.example.org", "tok.thumb");
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0], 1);
	assert_shown("b.example.org", NULL);
	assert_shown("example.org", NULL);
	assert_shown("", NULL);
	assert_true(cleanup(1, "a.example.org"));
	assert_shown("a.example.org", NULL);
	assert_int_equal(seen_count, 1);
}

static void addresses_are_asked_for_by_reverse_name(void **state)
{
	(void)state;
	assert_true(present(1, "192.0.2.10", "tok.four"));
	assert_true(present(2, "2001:db8::17", "tok.six"));
	assert_shown("10.2.0.192.in-addr.arpa", "tok.four");
	assert_shown("7.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
		"tok.six");
	assert_shown("192.0.2.10", NULL);
	assert_true(cleanup(1, "192.0.2.10"));
	assert_true(cleanup(2, "2001:db8::17"));
	assert_shown("10.2.0.192.in-addr.arpa", NULL);
}

/* Orders that share an authorization share its token, too. */
static void one_answer_has_many_holders(void **state)
{
	(void)state;
	assert_true(present(1, "a.example.org", "tok.thumb"));
	assert_true(present(2, "a.example.org", "tok.thumb"));
	assert_shown("a.example.org", "tok.thumb");
	assert_int_equal(seen_count, 2);
	assert_true(cleanup(1, "a.example.org"));
	assert_true(cleanup(1, "a.example.org"));
	assert_shown("a.example.org", "tok.thumb");
	assert_true(cleanup(2, "a.example.org"));
	assert_shown("a.example.org", NULL);
}

static void another_answer_waits_for_its_turn(void **state)
{
	struct run second, third, fourth;

	(void)state;
	assert_true(present(1, "a.example.org", "one.thumb"));
	assert_true(begin(&second, tlsalpn01_present, 2, "a.example.org", "two.thumb"));
	assert_true(begin(&third, tlsalpn01_present, 3, "a.example.org", "three.thumb"));
	assert_true(begin(&fourth, tlsalpn01_present, 4, "a.example.org", "two.thumb"));
	run_due();
	assert_int_equal(second.done + third.done + fourth.done, 0);
	assert_shown("a.example.org", "one.thumb");
	assert_int_equal(seen_count, 1);
	/* other names do not wait */
	assert_true(present(5, "b.example.org", "five.thumb"));
	assert_true(cleanup(1, "a.example.org"));
	run_until(second.done && fourth.done);
	assert_int_equal(second.done + fourth.done, 2);
	assert_int_equal(third.done, 0);
	assert_shown("a.example.org", "two.thumb");
	assert_true(cleanup(2, "a.example.org"));
	run_due();
	assert_int_equal(third.done, 0);
	assert_true(cleanup(4, "a.example.org"));
	run_until(third.done);
	assert_shown("a.example.org", "three.thumb");
	assert_true(cleanup(3, "a.example.org"));
	assert_shown("a.example.org", NULL);
	assert_shown("b.example.org", "five.thumb");
}

static void who_waits_may_be_cancelled(void **state)
{
	struct run second, third;

	(void)state;
	assert_true(present(1, "a.example.org", "one.thumb"));
	assert_true(begin(&second, tlsalpn01_present, 2, "a.example.org", "two.thumb"));
	assert_true(begin(&third, tlsalpn01_present, 3, "a.example.org", "three.thumb"));
	op_cancel(second.op);
	/* it has lost interest, and still is first in the queue until it cleans up */
	assert_true(cleanup(1, "a.example.org"));
	run_due();
	assert_int_equal(second.done, 0);
	assert_int_equal(third.done, 0);
	assert_true(cleanup(2, "a.example.org"));
	run_until(third.done);
	assert_shown("a.example.org", "three.thumb");
	op_cancel(third.op);
	/* the other way round: gone while waiting */
	assert_true(begin(&second, tlsalpn01_present, 4, "a.example.org", "four.thumb"));
	op_cancel(second.op);
	assert_true(cleanup(4, "a.example.org"));
	assert_shown("a.example.org", "three.thumb");
}

static struct tlsalpn01_turn *waiting;

static bool start_waiting(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *error)
{
	(void)instance;
	waiting = tlsalpn01_turn_new(challenge->id, op);
	if (!waiting)
		return acmems_error_set(error, ACMEMS_NO_MEMORY, "no memory");
	waiting->name = challenge->identifier;
	tlsalpn01_turn_wait(waiting);
	return true;
}

static void nobody_waits_for_ever(void **state)
{
	struct run run;

	(void)state;
	assert_true(begin(&run, start_waiting, 1, "a.example.org", "one.thumb"));
	run_due();
	assert_int_equal(run.done, 0);
	assert_true(acmems_timer_running(waiting->timer));
	acmems_timer_start(waiting->timer, 0);
	run_until(run.done);
	assert_int_equal(run.err.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(run.err.message, "a.example.org"));
	tlsalpn01_turn_come(waiting);
	tlsalpn01_turn_free(waiting);
}

/* Release comes after the core has cancelled everything; what is still queued is freed. */
static void release_leaves_nothing(void **state)
{
	struct run second;

	(void)state;
	assert_true(present(1, "a.example.org", "one.thumb"));
	assert_true(begin(&second, tlsalpn01_present, 2, "a.example.org", "two.thumb"));
	op_cancel(second.op);
}

static void cleanup_finds_nothing_without_complaint(void **state)
{
	(void)state;
	assert_true(cleanup(1, "a.example.org"));
	assert_true(present(1, "a.example.org", "tok.thumb"));
	assert_true(cleanup(2, "a.example.org"));
	assert_shown("a.example.org", "tok.thumb");
}

static void what_is_no_name_is_refused(void **state)
{
	(void)state;
	assert_false(present(1, "*.example.org", "tok.thumb"));
	assert_false(present(1, "", "tok.thumb"));
	assert_true(err.message[0]);
	assert_shown("*.example.org", NULL);
}

static void challenges_are_bounded(void **state)
{
	(void)state;
	for (int i = 1; i <= TLSALPN01_CHALLENGES_MAX; i++)
		assert_true(present((uint64_t)i, "a.example.org", "tok.thumb"));
	assert_false(present(99999, "b.example.org", "tok.thumb"));
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_true(cleanup(77, "a.example.org"));
	assert_true(present(77, "b.example.org", "tok.thumb"));
}

static void without_a_listener_present_says_so(void **state)
{
	(void)state;
	tlsalpn01_release(&tlsalpn01);
	tlsalpn01 = (struct tlsalpn01){.self = {"tlsalpn01", "tls"}, .listen = {NULL, 0, true}};
	assert_true(run(NULL, 0, "", ""));
	assert_int_equal(servers, 0);
	assert_false(present(1, "a.example.org", "tok.thumb"));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_true(cleanup(1, "a.example.org"));
}

static void a_taken_address_fails_the_start(void **state)
{
	(void)state;
	tlsalpn01_release(&tlsalpn01);
	refuse_server = true;
	assert_false(run(NULL, 0, "", ""));
	assert_string_equal(err.message, "address in use");
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(a_certificate_is_shown_until_cleanup),
		with_server(addresses_are_asked_for_by_reverse_name),
		with_server(one_answer_has_many_holders),
		with_server(another_answer_waits_for_its_turn),
		with_server(who_waits_may_be_cancelled),
		with_server(nobody_waits_for_ever),
		with_server(release_leaves_nothing),
		with_server(cleanup_finds_nothing_without_complaint),
		with_server(what_is_no_name_is_refused),
		with_server(challenges_are_bounded),
		with_server(without_a_listener_present_says_so),
		with_server(a_taken_address_fails_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
