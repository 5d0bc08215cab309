/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include <acmems/dns_server.h>
#include <acmems/validator.h>

#include "base/op_core.h"
#include "dns/answer.h"
#include "dns/dns_server.h"
#include "dns/reply.h"
#include "dns_peer.h"

/* The name server is a true one; what the module asks of it is noted. */
static struct acmems_dns_server_config served;
static struct acmems_dns_server *last_server;
static bool refuse_server, opened;
static int servers;
static uint64_t seen[64];
static size_t seen_count;

static struct acmems_dns_server *noted_server_new(
	const struct acmems_dns_server_config *config, struct acmems_error *error)
{
	if (refuse_server) {
		acmems_error_set(error, ACMEMS_SYSTEM, "address in use");
		return NULL;
	}
	served = *config;
	last_server = NULL;
	/* the port of the one protocol may be taken for the other one */
	for (int i = 0; i < 20 && !last_server; i++)
		last_server = acmems_dns_server_new(config, error);
	servers += last_server != NULL;
	opened = false;
	return last_server;
}

static void noted_server_open(struct acmems_dns_server *server)
{
	opened = true;
	acmems_dns_server_open(server);
}

static void noted_server_free(struct acmems_dns_server *server)
{
	servers -= server != NULL;
	acmems_dns_server_free(server);
}

static void fake_seen(uint64_t id)
{
	if (seen_count < sizeof(seen) / sizeof(seen[0]))
		seen[seen_count++] = id;
}

#define acmems_dns_server_new noted_server_new
#define acmems_dns_server_open noted_server_open
#define acmems_dns_server_free noted_server_free
#define acmems_challenge_seen fake_seen
#include "../../modules/validator/dns01-server.c"

static struct dns01_server module;
static struct acmems_error err;
static struct dns_peer resolver;

/* ---- operations ---- */

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

	return run->start ? run->start(&module, op, &run->challenge, error)
			  : dns01_server_start(&module, op, error);
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
	struct op_spec spec = {.owner = "validator-dns01-server",
		.what = "present",
		.deadline_ms = 100000,
		.start = on_start,
		.ctx = run,
		.done = on_done,
		.arg = run};

	*run = (struct run){.start = start,
		.challenge = {.id = id,
			.type = module.challenge == CHALLENGE_DNS ? "dns-01" : "dns-account-01",
			.identifier = identifier,
			.token = "",
			.key_authorization = key_authorization,
			.account_url = "https://example.com/acme/acct/ExampleAccount"}};
	err = (struct acmems_error){0};
	run->op = op_run(&spec, &err);
	return run->op != 0;
}

/* Static: a test that fails leaves it to the operation's end. */
static bool run(
	module_op *start, uint64_t id, const char *identifier, const char *key_authorization)
{
	static struct run run;

	if (!begin(&run, start, id, identifier, key_authorization))
		return false;
	run_until(run.done);
	if (run.done != 1)
		err = run.err;
	return run.done == 1;
}

static bool present(uint64_t id, const char *identifier, const char *key_authorization)
{
	return run(dns01_server_present, id, identifier, key_authorization);
}

static bool cleanup(uint64_t id, const char *identifier)
{
	return run(dns01_server_cleanup, id, identifier, "");
}

/* ---- what is published ---- */

static struct dns_bytes question;

/* How many values the name has: -1 if it does not exist. `value`: one of them has to be its digest. */
static int ask(const char *name, unsigned type, const char *key_authorization)
{
	const struct acmems_challenge challenge = {
		.type = "dns-01", .key_authorization = key_authorization};
	const struct acmems_address peer = {.family = ACMEMS_LOCAL};
	const struct reply_edns edns = {0};
	char value[ACMEMS_CHALLENGE_TXT_MAX];
	struct acmems_dns_reply reply;
	static uint8_t bytes[WIRE_MAX];
	struct wire_view view;
	const char *why;
	bool exists;

	question.len = 0;
	put_u32(&question, 0);
	put_u16(&question, 1);
	put_u16(&question, 0);
	put_u32(&question, 0);
	put_name(&question, name);
	put_u16(&question, type);
	put_u16(&question, 1);
	assert_true(wire_look(&view, question.data, question.len, &why));
	reply_begin(&reply, bytes, sizeof(bytes), &view, &edns);
	exists = served.handler(served.arg, name, &peer, &reply);
	if (!exists)
		return -1;
	if (key_authorization && acmems_challenge_txt(&challenge, value))
		assert_non_null(memmem(bytes, reply.len, value, 43));
	return reply.answers;
}

#define assert_values(name, count, key_authorization)                                              \
	assert_int_equal(ask(name, 16, key_authorization), count)

/* ---- a resolver on paper ---- */

static const struct {
	const char *name, *target;
} cnames[] = {
	{"_acme-challenge.www.example.org.", "www.acme.example.net."},
	{"_acme-challenge.far.example.org.", "far.example.com."},
	{"far.example.com.", "WWW.Acme.Example.NET."},
	{"_acme-challenge.lost.example.org.", "lost.example.com."},
	{"_acme-challenge.loop.example.org.", "loop.example.com."},
	{"loop.example.com.", "_acme-challenge.loop.example.org."},
};

static size_t name_at(const uint8_t *bytes, char *out)
{
	size_t at = 12;

	while (bytes[at] > 0) {
		memcpy(out, bytes + at + 1, bytes[at]);
		out += bytes[at];
		*out++ = '.';
		at += 1u + bytes[at];
	}
	*out = '\0';
	return at;
}

/* "_acme-challenge.hN.example.org." leads on by N names to one of ours. */
static bool next_hop(const char *name, char target[256])
{
	static const char form[] = "_acme-challenge.h%u.example.org.%n";
	unsigned hops;
	int end = 0;

	if (sscanf(name, form, &hops, &end) != 1 || name[end] != '\0')
		return false;
	snprintf(target, 256, hops > 1 ? "_acme-challenge.h%u.example.org." : "h.acme.example.net.",
		hops - 1);
	return true;
}

static void resolve(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	char name[256], target[256];

	(void)tcp;
	if (peer->arg)
		return;
	name_at(request, name);
	if (next_hop(name, target)) {
		answer_begin(answer, request, len, 0x8180, 1, 0, 0);
		put_name_record(answer, name, 5, target);
		return;
	}
	for (size_t i = 0; i < sizeof(cnames) / sizeof(cnames[0]); i++) {
		if (strcmp(cnames[i].name, name) != 0)
			continue;
		answer_begin(answer, request, len, 0x8180, 1, 0, 0);
		put_name_record(answer, name, 5, cnames[i].target);
		return;
	}
	answer_begin(answer, request, len, 0x8183, 0, 0, 0);
}

/* ---- the tests ---- */

static char *addresses[] = {(char *)"127.0.0.1:0", NULL};
static char *zones[] = {(char *)"Acme.example.net", (char *)"_acme-challenge.example.org.", NULL};
static char *names[] = {(char *)"ns.example.net", NULL};
static char *resolvers[] = {resolver.text, NULL};

static struct dns01_server configured(void)
{
	return (struct dns01_server){.self = {"dns01-server", "dns"},
		.listen = {addresses, 1, true},
		.zone_names = {zones, 2, true},
		.name_servers = {names, 1, true},
		.resolvers = {resolvers, 1, true},
		.ttl_ms = 5000,
		.timeout_ms = 3000};
}

static int setup(void **state)
{
	module = configured();
	refuse_server = false;
	seen_count = 0;
	servers = 0;
	err = (struct acmems_error){0};
	if (unit_loop_setup(state) != 0)
		return -1;
	dns_peer_open(&resolver, resolve, true);
	if (!dns01_server_check(&module, &err) || !run(NULL, 0, "", ""))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	size_t left = op_count();

	dns01_server_release(&module);
	dns_peer_close(&resolver);
	run_due();
	dns_server_fini();
	op_fini();
	unit_loop_teardown(state);
	return servers != 0 || left != 0 || op_faults() != 0;
}

static void the_server_is_told_all(void **state)
{
	(void)state;
	assert_true(opened);
	assert_string_equal(served.listen[0], "127.0.0.1:0");
	assert_int_equal(served.zone_count, 2);
	assert_string_equal(served.zones[0].name, "acme.example.net.");
	assert_string_equal(served.zones[0].mailbox, "hostmaster.acme.example.net.");
	assert_string_equal(served.zones[1].name, "_acme-challenge.example.org.");
	assert_string_equal(served.zones[1].name_servers[0], "ns.example.net");
	assert_int_equal(served.ttl, 5);
}

static void a_delegated_name_is_published_at(void **state)
{
	(void)state;
	assert_true(present(1, "example.org", "tok.thumb"));
	assert_values("_acme-challenge.example.org.", 1, "tok.thumb");
	assert_int_equal(resolver.asked_udp, 0);
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0], 1);
	/* of another type there is nothing, and nobody has seen it */
	assert_int_equal(ask("_acme-challenge.example.org.", 1, NULL), 0);
	assert_int_equal(seen_count, 1);
	/* the same for names further down */
	assert_true(present(2, "a.b.acme.example.net", "tok.thumb"));
	assert_values("_acme-challenge.a.b.acme.example.net.", 1, "tok.thumb");
	assert_values("a.b.acme.example.net.", 0, NULL);
	assert_values("b.acme.example.net.", 0, NULL);
	assert_values("c.acme.example.net.", -1, NULL);
	assert_values("xb.acme.example.net.", -1, NULL);
	assert_true(cleanup(1, "example.org"));
	assert_true(cleanup(2, "a.b.acme.example.net"));
	assert_values("_acme-challenge.example.org.", -1, NULL);
	assert_values("b.acme.example.net.", -1, NULL);
}

static void a_cname_is_followed(void **state)
{
	(void)state;
	assert_true(present(1, "www.example.org", "tok.thumb"));
	assert_values("www.acme.example.net.", 1, "tok.thumb");
	assert_values("_acme-challenge.www.example.org.", -1, NULL);
	assert_int_equal(resolver.asked_udp, 1);
	/* over zones, to the same name, letters aside */
	assert_true(present(2, "far.example.org", "tok.other"));
	assert_values("www.acme.example.net.", 2, "tok.other");
	assert_int_equal(resolver.asked_udp, 3);
	assert_true(cleanup(1, "www.example.org"));
	assert_values("www.acme.example.net.", 1, "tok.other");
	assert_true(cleanup(2, "far.example.org"));
	assert_values("www.acme.example.net.", -1, NULL);
}

/* A wildcard and its apex, or two orders for one name. */
static void values_stand_side_by_side(void **state)
{
	(void)state;
	assert_true(present(1, "example.org", "one.thumb"));
	assert_true(present(2, "example.org", "two.thumb"));
	assert_true(present(3, "example.org", "two.thumb"));
	assert_values("_acme-challenge.example.org.", 2, "one.thumb");
	assert_int_equal(seen_count, 3);
	assert_true(cleanup(3, "example.org"));
	assert_values("_acme-challenge.example.org.", 2, "two.thumb");
	assert_true(cleanup(1, "example.org"));
	assert_values("_acme-challenge.example.org.", 1, "two.thumb");
	assert_true(cleanup(2, "example.org"));
	assert_values("_acme-challenge.example.org.", -1, NULL);
	/* nothing to find is no fault */
	assert_true(cleanup(2, "example.org"));
}

static void the_account_has_a_name_of_its_own(void **state)
{
	(void)state;
	assert_string_equal(dns01_server_types_of(&module)[0], "dns-01");
	module.challenge = CHALLENGE_DNS_ACCOUNT;
	assert_string_equal(dns01_server_types_of(&module)[0], "dns-account-01");
	assert_true(present(1, "a.acme.example.net", "tok.thumb"));
	assert_values("_acme-challenge.a.acme.example.net.", 0, NULL);
	assert_values("_ujmmovf2vn55tgye._acme-challenge.a.acme.example.net.", 1, "tok.thumb");
}

static void eight_cnames_are_followed(void **state)
{
	(void)state;
	assert_true(present(1, "h8.example.org", "tok.thumb"));
	assert_values("h.acme.example.net.", 1, "tok.thumb");
	assert_false(present(2, "h9.example.org", "tok.other"));
	assert_non_null(strstr(err.message, "h9.example.org. is the first of more than 8 CNAMEs"));
}

static void who_leads_elsewhere_is_told(void **state)
{
	(void)state;
	assert_false(present(1, "other.example.org", "tok.thumb"));
	assert_int_equal(err.code, ACMEMS_VALIDATION);
	assert_non_null(strstr(err.message, "_acme-challenge.other.example.org. is no CNAME"));
	assert_non_null(strstr(err.message, "(acme.example.net., ...)"));
	assert_false(present(2, "lost.example.org", "tok.thumb"));
	assert_non_null(strstr(err.message, "leads to lost.example.com."));
	assert_false(present(3, "loop.example.org", "tok.thumb"));
	assert_non_null(strstr(err.message, "loop"));
	assert_null(module.attempts);
	assert_true(cleanup(1, "other.example.org"));
	assert_false(present(4, "..", "tok.thumb"));
}

static void a_silent_resolver_is_named(void **state)
{
	int64_t began = acmems_clock_ms();

	(void)state;
	resolver.arg = &resolver;
	resolver.hang_up = true;
	module.timeout_ms = 150;
	assert_false(present(1, "www.example.org", "tok.thumb"));
	assert_non_null(strstr(
		err.message, "cannot find out where _acme-challenge.www.example.org. leads"));
	assert_non_null(strstr(err.message, "127.0.0.1:"));
	assert_in_range(acmems_clock_ms() - began, 50, 2000);
	assert_null(module.attempts);
}

static void who_has_lost_interest_is_forgotten(void **state)
{
	static struct run first, second;

	(void)state;
	resolver.arg = &resolver;
	assert_true(begin(&first, dns01_server_present, 1, "www.example.org", "one.thumb"));
	assert_true(begin(&second, dns01_server_present, 2, "far.example.org", "two.thumb"));
	op_cancel(first.op);
	assert_non_null(module.attempts);
	/* the other one at release, as operations are cancelled before */
	op_cancel(second.op);
	assert_null(module.attempts);
	assert_int_equal(first.done + second.done, 0);
	assert_true(cleanup(1, "www.example.org"));
}

static void on_told(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *error)
{
	(void)answer;
	(void)error;
	*(bool *)arg = true;
}

/* Asks the server as the CA's resolver does. */
static void tell(const char *name)
{
	static bool told;
	char place[32];
	char *places[] = {place, NULL};
	const struct acmems_dns_question question_of_ca = {
		.name = name, .type = ACMEMS_DNS_TXT, .servers = places, .timeout_ms = 3000};

	told = false;
	snprintf(place, sizeof(place), "127.0.0.1:%u", dns_server_port(last_server, 0));
	assert_true(acmems_dns_ask(&question_of_ca, on_told, &told, &err) != 0);
	run_until(told);
}

/* The CA's resolver may be the one that has asked before. */
static void who_was_told_otherwise_has_to_forget(void **state)
{
	static const struct {
		const char *asked;
		bool waits;
	} cases[] = {{"b.acme.example.net.", false},
		{"b._acme-challenge.a.acme.example.net.", false},
		{"_acme-challenge.a.acme.example.net.", true}, {"a.acme.example.net.", true}};
	static struct run run;

	(void)state;
	/* the longest that is waited for nothing: 500 ms are for what is on its way */
	module.ttl_ms = 1000;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tell(cases[i].asked);
		assert_true(
			begin(&run, dns01_server_present, 1, "a.acme.example.net", "tok.thumb"));
		/* published at once all the same */
		assert_values("_acme-challenge.a.acme.example.net.", 1, "tok.thumb");
		run_due();
		assert_int_equal(run.done, !cases[i].waits);
		if (cases[i].waits) {
			op_cancel(run.op);
			assert_null(module.attempts);
		}
		assert_true(cleanup(1, "a.acme.example.net"));
	}
	/* then it is done */
	assert_true(begin(&run, dns01_server_present, 2, "a.acme.example.net", "tok.thumb"));
	assert_true(acmems_timer_running(module.attempts->timer));
	acmems_timer_start(module.attempts->timer, 0);
	run_until(run.done);
	assert_int_equal(run.done, 1);
	module.ttl_ms = 0;
	tell("_acme-challenge.a.acme.example.net.");
	assert_true(begin(&run, dns01_server_present, 3, "a.acme.example.net", "tok.thumb"));
	run_due();
	assert_int_equal(run.done, 1);
}

static void values_are_bounded(void **state)
{
	char name[64];

	(void)state;
	for (unsigned i = 0; i < DNS01_SERVER_VALUES_MAX; i++) {
		snprintf(name, sizeof(name), "n%u.acme.example.net.", i % 100);
		assert_true(dns01_server_book_add(&module.book, i + 1, name, "value", &err));
	}
	assert_false(present(99999, "example.org", "tok.thumb"));
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_true(cleanup(77, "n76.acme.example.net"));
	assert_true(present(99999, "example.org", "tok.thumb"));
}

static void without_an_address_present_says_so(void **state)
{
	(void)state;
	dns01_server_release(&module);
	module = configured();
	module.listen = (struct acmems_list){NULL, 0, true};
	assert_true(dns01_server_check(&module, &err));
	assert_true(run(NULL, 0, "", ""));
	assert_int_equal(servers, 0);
	assert_false(present(1, "example.org", "tok.thumb"));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_true(cleanup(1, "example.org"));
}

static void a_taken_address_fails_the_start(void **state)
{
	(void)state;
	dns01_server_release(&module);
	module = configured();
	assert_true(dns01_server_check(&module, &err));
	refuse_server = true;
	assert_false(run(NULL, 0, "", ""));
	assert_string_equal(err.message, "address in use");
}

static void times_have_to_fit_into_what_the_core_gives(void **state)
{
	(void)state;
	module.timeout_ms = 110000;
	module.ttl_ms = 5000;
	assert_true(dns01_server_check(&module, &err));
	module.ttl_ms = 6000;
	assert_false(dns01_server_check(&module, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_non_null(strstr(err.message, "timeout and ttl"));
}

static void wrong_options_are_found(void **state)
{
	static char *const texts[][2] = {{(char *)"a..b", NULL}, {(char *)".", NULL},
		{(char *)"ns.acme.example.net", NULL}, {(char *)"host:port:3:x", NULL}};
	const struct {
		struct acmems_list list;
		int which;
		const char *says;
	} cases[] = {{{(char **)texts[0], 1, true}, 0, "zones: "},
		{{(char **)texts[1], 1, true}, 0, "root"},
		{{(char **)texts[0], 1, true}, 1, "name-servers: "},
		{{(char **)texts[2], 1, true}, 1, "outside of them"},
		{{(char **)texts[3], 1, true}, 2, "resolvers: "}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dns01_server_release(&module);
		module = configured();
		*(cases[i].which == 0         ? &module.zone_names
			: cases[i].which == 1 ? &module.name_servers
					      : &module.resolvers) = cases[i].list;
		err = (struct acmems_error){0};
		assert_false(dns01_server_check(&module, &err));
		if (err.code == ACMEMS_CONFIG)
			assert_non_null(strstr(err.message, cases[i].says));
	}
}

static void mailboxes_become_names(void **state)
{
	static const struct {
		const char *mailbox, *name;
	} cases[] = {{"hostmaster@example.org", "hostmaster.example.org."},
		{"john.doe@example.org", "john\\.doe.example.org."},
		{"Hostmaster.example.org", "hostmaster.example.org."}, {"", NULL}, {"@", NULL},
		{"a@b..c", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dns01_server_release(&module);
		module = configured();
		module.mailbox = (char *)cases[i].mailbox;
		assert_int_equal(dns01_server_check(&module, &err), cases[i].name != NULL);
		if (cases[i].name)
			assert_string_equal(module.zones.list[0].mailbox, cases[i].name);
	}
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(the_server_is_told_all),
		with_server(a_delegated_name_is_published_at),
		with_server(a_cname_is_followed),
		with_server(values_stand_side_by_side),
		with_server(the_account_has_a_name_of_its_own),
		with_server(eight_cnames_are_followed),
		with_server(who_leads_elsewhere_is_told),
		with_server(a_silent_resolver_is_named),
		with_server(who_has_lost_interest_is_forgotten),
		with_server(who_was_told_otherwise_has_to_forget),
		with_server(values_are_bounded),
		with_server(without_an_address_present_says_so),
		with_server(a_taken_address_fails_the_start),
		with_server(times_have_to_fit_into_what_the_core_gives),
		with_server(wrong_options_are_found),
		with_server(mailboxes_become_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
