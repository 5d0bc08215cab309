/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include <acmems/dns_find.h>

#include "dns/route.h"
#include "dns/wait_view.h"
#include "dns_peer.h"

enum { A = 1, NS = 2, TXT = 16, AAAA = 28 };

#define OWNER "_acme-challenge.example.org."
#define SERVERS 3

/* The resolver knows the zone's name servers; server i is at 127.0.0.(1+i). */
static struct dns_peer resolver;
static struct dns_peer servers[SERVERS];
static uint16_t port;
static size_t server_count;
static unsigned resolver_rcode; /* 99: silent */
static unsigned resolver_fails; /* so many questions, then answers */
static bool unreachable; /* the name servers have an IPv6 address beside, nobody can reach it */
static bool no_addresses;
static unsigned
	third_fails; /* so many questions for the third name server's addresses, then answers */
static struct acmems_error err;

/* What a server shows from its n-th question on. */
static struct {
	const char *text;
	unsigned after;
	unsigned flags; /* 0: 0x8400 */
	const char *cname;
	bool silent;
} shows[SERVERS];

static struct {
	int count;
	struct acmems_error err;
} got;

/* In place of the real one: machines differ. */
bool route_exists(const struct acmems_address *address)
{
	return address->family != ACMEMS_IPV6;
}

static void on_done(void *arg, const struct acmems_error *error)
{
	assert_ptr_equal(arg, &got);
	got.count++;
	if (error)
		got.err = *error;
}

static void put_address(struct dns_bytes *answer, const char *name, unsigned type)
{
	static const uint8_t nowhere[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	uint8_t v4[4] = {127, 0, 0, (uint8_t)(name[2] - '0')};

	put_record(answer, name, type, 60, type == A ? 4 : 16);
	put_data(answer, type == A ? v4 : nowhere, type == A ? 4 : 16);
}

/* ns1. and ns2. and so on have an address, the zone's name servers are these. */
static void resolves(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	char name[256];
	unsigned type = question_of(request, len, name);
	bool address = (type == A || (type == AAAA && unreachable)) && !no_addresses;

	(void)peer;
	(void)tcp;
	assert_true(request[2] & 1); /* RD */
	if (resolver_rcode == 99)
		return;
	if (resolver_rcode > 0 && (resolver_fails == 0 || resolver_fails-- > 1)) {
		answer_begin(answer, request, len, 0x8180 | resolver_rcode, 0, 0, 0);
		return;
	}
	resolver_rcode = 0;
	if (type == NS) {
		assert_string_equal(name, "example.org.");
		answer_begin(answer, request, len, 0x8180, (unsigned)server_count, 0, 0);
		for (size_t i = 0; i < server_count; i++) {
			char ns[] = "ns1.example.org.";

			ns[2] = (char)('1' + i);
			put_name_record(answer, name, NS, ns);
		}
		return;
	}
	if (name[2] == '3' && third_fails > 0) {
		third_fails--;
		answer_begin(answer, request, len, 0x8182, 0, 0, 0);
		return;
	}
	answer_begin(answer, request, len, 0x8180, address, 0, 0);
	if (address)
		put_address(answer, name, type);
}

static void serves(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	size_t i = (size_t)(peer - servers);
	unsigned flags = shows[i].flags ? shows[i].flags : 0x8400;
	bool text = shows[i].text && peer->asked_udp > shows[i].after;
	char name[256];

	(void)tcp;
	assert_int_equal(question_of(request, len, name), TXT);
	assert_string_equal(name, OWNER);
	if (shows[i].silent)
		return;
	answer_begin(answer, request, len, flags, text + (shows[i].cname != NULL), 0, 0);
	if (shows[i].cname)
		put_name_record(answer, OWNER, 5, shows[i].cname);
	if (text)
		put_txt(answer, OWNER, shows[i].text);
}

static int setup(void **state)
{
	if (unit_loop_setup(state) != 0)
		return -1;
	memset(shows, 0, sizeof(shows));
	memset(&got, 0, sizeof(got));
	err = (struct acmems_error){0};
	server_count = SERVERS;
	resolver_rcode = 0;
	resolver_fails = 0;
	unreachable = false;
	no_addresses = false;
	third_fails = 0;
	dns_peer_open(&resolver, resolves, true);
	port = dns_peers_open(servers, SERVERS, serves);
	return 0;
}

static int teardown(void **state)
{
	dns_peer_close(&resolver);
	for (size_t i = 0; i < SERVERS; i++)
		dns_peer_close(&servers[i]);
	return unit_loop_teardown(state);
}

static struct acmems_dns_wait usual(void)
{
	static char *resolvers[2];

	resolvers[0] = resolver.text;
	return (struct acmems_dns_wait){.owner = "_ACME-challenge.example.org",
		.zone = "Example.org",
		.value = "right",
		.port = port,
		.resolvers = resolvers,
		.timeout_ms = 8000};
}

/* For tests in which time has to pass, which torture has none of. */
static void needs_time(void)
{
	if (unit_patience_ms() < 2000)
		skip();
}

static void wait_for(const struct acmems_dns_wait *config)
{
	assert_true(acmems_dns_wait(config, on_done, &got, &err) != 0);
	assert_int_equal(got.count, 0);
	run_until(got.count > 0);
	run_due();
	assert_int_equal(got.count, 1);
}

/* ---- pure ---- */

static void states_follow_from_the_view(void **state)
{
	struct wait_view *view = calloc(1, sizeof(*view));

	(void)state;
	assert_non_null(view);
	assert_int_equal(wait_decide(view), WAIT_NAME_SERVERS);
	view->resting = true;
	assert_int_equal(wait_decide(view), WAIT_PAUSE);
	view->resting = false;
	view->name_count = 1;
	assert_int_equal(wait_decide(view), WAIT_ADDRESSES);
	view->target_count = 2;
	assert_int_equal(wait_decide(view), WAIT_ADDRESSES);
	view->complete = true;
	assert_int_equal(wait_decide(view), WAIT_ASK);
	view->targets[0].met = true;
	view->resting = true;
	assert_int_equal(wait_decide(view), WAIT_PAUSE);
	view->why.code = ACMEMS_TIMEOUT;
	assert_int_equal(wait_decide(view), WAIT_FAILED);
	view->targets[1].met = true;
	assert_int_equal(wait_decide(view), WAIT_SEEN);
	free(view);
}

/* ---- seen ---- */

static void all_show_it_at_once(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	for (size_t i = 0; i < SERVERS; i++)
		shows[i].text = "right";
	wait_for(&config);
	assert_string_equal(got.err.message, "");
	for (size_t i = 0; i < SERVERS; i++)
		assert_int_equal(servers[i].asked_udp, 1);
}

static void who_lags_is_asked_again_and_nobody_else(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	needs_time();
	for (size_t i = 0; i < SERVERS; i++)
		shows[i].text = "right";
	shows[1].after = 3;
	wait_for(&config);
	assert_string_equal(got.err.message, "");
	assert_int_equal(servers[0].asked_udp, 1);
	assert_int_equal(servers[1].asked_udp, 4);
	assert_int_equal(servers[2].asked_udp, 1);
}

static void the_error_says_who_lagged_and_what_it_said(void **state)
{
	struct acmems_dns_wait config = usual();
	char text[160];

	(void)state;
	needs_time();
	config.timeout_ms = 700;
	shows[0].text = "right";
	shows[1].text = "another";
	shows[2].flags = 0x8405;
	wait_for(&config);
	assert_int_equal(got.err.code, ACMEMS_TIMEOUT);
	snprintf(text, sizeof(text),
		"the TXT record of " OWNER " is not seen at 2 of 3 name servers: ns2.example.org. "
		"(%s) shows 1 other TXT record, but not this one; ",
		servers[1].text);
	assert_non_null(strstr(got.err.message, text));
	snprintf(text, sizeof(text), "; ns3.example.org. (%s) it answers REFUSED", servers[2].text);
	assert_non_null(strstr(got.err.message, text));
}

static void every_way_of_lagging_has_its_words(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	needs_time();
	config.timeout_ms = 700;
	shows[0].flags = 0x8000; /* lame */
	shows[1].flags = 0x8403;
	shows[2].cname = "elsewhere.example.";
	wait_for(&config);
	assert_non_null(strstr(got.err.message, "does not serve the zone; "));
	assert_non_null(strstr(got.err.message, "says that there is no such name; "));
	assert_non_null(strstr(got.err.message, "shows a CNAME to elsewhere.example."));
}

static void silence_is_told(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	needs_time();
	config.timeout_ms = 500;
	server_count = 2;
	shows[0].silent = true;
	wait_for(&config);
	assert_non_null(strstr(got.err.message, ") no answer over UDP and TCP; "));
	assert_non_null(strstr(got.err.message, ") shows no TXT record"));
}

static void absence_is_waited_for(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	config.absent = true;
	shows[0].text = "another";
	shows[1].flags = 0x8403;
	wait_for(&config);
	assert_string_equal(got.err.message, "");
}

static void presence_is_told_when_absence_is_waited_for(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	needs_time();
	config.absent = true;
	config.timeout_ms = 500;
	shows[2].text = "right";
	shows[1].flags = 0x8000;
	wait_for(&config);
	assert_non_null(
		strstr(got.err.message, "is not known to be gone from 2 of 3 name servers"));
	assert_non_null(strstr(got.err.message, ") still shows it"));
	assert_non_null(strstr(got.err.message, ") does not serve the zone"));
}

static void given_servers_are_asked_instead(void **state)
{
	char *given[] = {servers[1].text, servers[2].text, NULL};
	struct acmems_dns_wait config = usual();

	(void)state;
	config.servers = given;
	config.port = 1;
	shows[1].text = "right";
	shows[1].flags = 0x8180; /* a resolver */
	shows[2].text = "right";
	wait_for(&config);
	assert_string_equal(got.err.message, "");
	assert_int_equal(servers[0].asked_udp, 0);
	assert_int_equal(resolver.asked_udp, 0);
}

static void given_servers_that_lag_are_told(void **state)
{
	char *given[] = {servers[1].text, servers[2].text, NULL};
	struct acmems_dns_wait config = usual();

	(void)state;
	needs_time();
	config.servers = given;
	config.timeout_ms = 400;
	shows[1].flags = 0x8180; /* a resolver */
	shows[2].text = "right";
	wait_for(&config);
	assert_non_null(strstr(got.err.message, "is not seen at 1 of 2 name servers: 127.0.0.2:"));
	assert_non_null(strstr(got.err.message, " shows no TXT record"));
}

static bool is_yes(void *arg, const char *text, size_t len)
{
	assert_ptr_equal(arg, &got);
	assert_int_equal(strlen(text), len);
	return strncmp(text, "yes", 3) == 0;
}

static void what_is_right_may_be_judged(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	config.value = NULL;
	config.shows = is_yes;
	shows[0].text = "yes, indeed";
	shows[1].text = "yes";
	shows[2].text = "yes";
	wait_for(&config);
	assert_string_equal(got.err.message, "");
}

static void the_first_word_of_all_may_be_enough(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	config.shows = is_yes;
	config.once = true;
	shows[0].text = "yes";
	shows[1].text = "no";
	shows[2].text = "yes";
	wait_for(&config);
	assert_int_equal(got.err.code, ACMEMS_NOT_FOUND);
	assert_non_null(strstr(got.err.message, "is not seen at 1 of 3 name servers"));
	assert_int_equal(servers[1].asked_udp, 1);
}

static void silence_is_no_word(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	needs_time();
	config.once = true;
	config.timeout_ms = 800;
	shows[0].text = "right";
	shows[1].flags = 0x8402; /* SERVFAIL */
	shows[2].text = "right";
	wait_for(&config);
	assert_int_equal(got.err.code, ACMEMS_TIMEOUT);
	assert_true(servers[1].asked_udp > 1);
}

/* ---- name servers ---- */

static void a_family_without_route_is_left_out(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	unreachable = true;
	for (size_t i = 0; i < SERVERS; i++)
		shows[i].text = "right";
	wait_for(&config);
	assert_string_equal(got.err.message, "");
}

static void a_zone_without_name_servers_is_told_at_once(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	server_count = 0;
	wait_for(&config);
	assert_int_equal(got.err.code, ACMEMS_VALIDATION);
	assert_non_null(strstr(got.err.message, "example.org. has no name servers, as far as"));
	memset(&got, 0, sizeof(got));
	server_count = 2;
	no_addresses = true;
	wait_for(&config);
	assert_int_equal(got.err.code, ACMEMS_VALIDATION);
	assert_non_null(strstr(got.err.message, "no name server of example.org. has an address"));
}

static void a_resolver_that_fails_is_asked_again(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	needs_time();
	resolver_rcode = 2;
	resolver_fails = 2;
	for (size_t i = 0; i < SERVERS; i++)
		shows[i].text = "right";
	wait_for(&config);
	assert_string_equal(got.err.message, "");
}

/* Each failure is of the questions for both families. */
static void a_name_server_that_is_not_found_at_once_is_looked_for_again(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	needs_time();
	third_fails = 4;
	for (size_t i = 0; i < SERVERS; i++)
		shows[i].text = "right";
	wait_for(&config);
	assert_string_equal(got.err.message, "");
	for (size_t i = 0; i < SERVERS; i++)
		assert_int_equal(servers[i].asked_udp, 1);
	/* nobody else will find one that is never found */
	memset(&got, 0, sizeof(got));
	third_fails = 1000;
	wait_for(&config);
	assert_string_equal(got.err.message, "");
	assert_int_equal(servers[1].asked_udp, 2);
	assert_int_equal(servers[2].asked_udp, 1);
}

static void resolvers_that_never_answer_are_told(void **state)
{
	struct acmems_dns_wait config = usual();

	(void)state;
	needs_time();
	config.timeout_ms = 400;
	resolver_rcode = 2;
	wait_for(&config);
	assert_int_equal(got.err.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(
		got.err.message, "cannot find the name servers of example.org.: cannot ask"));
	memset(&got, 0, sizeof(got));
	resolver_rcode = 99;
	wait_for(&config);
	assert_int_equal(got.err.code, ACMEMS_TIMEOUT);
}

/* ---- life ---- */

static void what_can_not_start_says_so(void **state)
{
	char bad[] = "a b";
	char *given[] = {bad, NULL};
	struct acmems_dns_wait config = usual();

	(void)state;
	config.owner = "a..b";
	assert_int_equal(acmems_dns_wait(&config, on_done, &got, &err), 0);
	assert_int_equal(err.code, ACMEMS_CONFIG);
	config = usual();
	config.zone = "";
	assert_int_equal(acmems_dns_wait(&config, on_done, &got, &err), 0);
	config = usual();
	config.servers = given;
	assert_int_equal(acmems_dns_wait(&config, on_done, &got, &err), 0);
	assert_non_null(strstr(err.message, "\"a b\" is not a name server"));
}

static void cancelling_is_silent(void **state)
{
	struct acmems_dns_wait config = usual();
	uint64_t id[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		id[i] = acmems_dns_wait(&config, on_done, &got, &err);
		assert_true(id[i] != 0);
	}
	acmems_dns_wait_cancel(id[0]);
	acmems_dns_wait_cancel(id[0]);
	run_until(resolver.asked_udp >= 3);
	acmems_dns_wait_cancel(id[1]);
	run_until(servers[0].asked_udp >= 2);
	acmems_dns_wait_cancel(id[2]);
	run_until(servers[0].asked_udp >= 4);
	acmems_dns_wait_cancel(id[3]);
	run_due();
	assert_int_equal(got.count, 0);
	acmems_dns_wait_cancel(0);
}

#define on_loop(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_follow_from_the_view),
		on_loop(all_show_it_at_once),
		on_loop(who_lags_is_asked_again_and_nobody_else),
		on_loop(the_error_says_who_lagged_and_what_it_said),
		on_loop(every_way_of_lagging_has_its_words),
		on_loop(silence_is_told),
		on_loop(absence_is_waited_for),
		on_loop(presence_is_told_when_absence_is_waited_for),
		on_loop(given_servers_are_asked_instead),
		on_loop(given_servers_that_lag_are_told),
		on_loop(what_is_right_may_be_judged),
		on_loop(the_first_word_of_all_may_be_enough),
		on_loop(silence_is_no_word),
		on_loop(a_family_without_route_is_left_out),
		on_loop(a_zone_without_name_servers_is_told_at_once),
		on_loop(a_resolver_that_fails_is_asked_again),
		on_loop(a_name_server_that_is_not_found_at_once_is_looked_for_again),
		on_loop(resolvers_that_never_answer_are_told),
		on_loop(what_can_not_start_says_so),
		on_loop(cancelling_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
