/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include <acmems/dns.h>

#include "dns_peer.h"
#include "net/resolver.h"

static struct dns_peer peers[3];
static struct acmems_error err;

/* What done has brought, copied. */
static struct {
	int count;
	unsigned rcode;
	size_t records;
	bool authoritative;
	char server[64];
	char name[64];
	char text[256];
	char target[64];
	size_t len;
	uint32_t minimum;
	enum acmems_dns_section section;
	struct acmems_address address;
	struct acmems_error err;
} got;

static void on_done(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *error)
{
	const struct acmems_dns_record *last;

	assert_ptr_equal(arg, &got);
	assert_true((answer == NULL) != (error == NULL));
	got.count++;
	if (error) {
		got.err = *error;
		return;
	}
	got.rcode = answer->rcode;
	got.records = answer->count;
	got.authoritative = answer->authoritative;
	snprintf(got.server, sizeof(got.server), "%s", answer->server);
	if (answer->count == 0)
		return;
	last = &answer->records[answer->count - 1];
	snprintf(got.name, sizeof(got.name), "%s", last->name);
	snprintf(got.text, sizeof(got.text), "%s", last->text ? last->text : "-");
	snprintf(got.target, sizeof(got.target), "%s", last->target ? last->target : "-");
	got.len = last->len;
	got.minimum = last->minimum;
	got.section = last->section;
	got.address = last->address;
}

static uint64_t start(const char *name, enum acmems_dns_type type, int64_t timeout_ms)
{
	char *servers[4] = {NULL};
	struct acmems_dns_question question = {.name = name,
		.type = type,
		.servers = servers,
		.recursive = true,
		.timeout_ms = timeout_ms};
	size_t count = 0;

	for (size_t i = 0; i < 3; i++)
		if (peers[i].handler)
			servers[count++] = peers[i].text;
	memset(&got, 0, sizeof(got));
	err = (struct acmems_error){0};
	return acmems_dns_ask(&question, on_done, &got, &err);
}

static void ask(const char *name, enum acmems_dns_type type)
{
	assert_true(start(name, type, 5000) != 0);
	assert_int_equal(got.count, 0);
	run_until(got.count > 0);
	run_due();
	assert_int_equal(got.count, 1);
}

static int teardown(void **state)
{
	for (size_t i = 0; i < 3; i++)
		dns_peer_close(&peers[i]);
	resolver_fini();
	return unit_loop_teardown(state);
}

/* ---- handlers ---- */

static void says_txt(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	(void)peer;
	(void)tcp;
	answer_begin(answer, request, len, 0x8580, 1, 0, 0);
	put_record(answer, "WWW.Example.org.", 16, 60, 11);
	put_data(answer, "\005hello\004 you", 11);
}

static void says_everything(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	(void)peer;
	(void)tcp;
	answer_begin(answer, request, len, 0x8180, 3, 1, 2);
	put_name_record(answer, "a.example.", 5, "B.example.");
	put_record(answer, "b.example.", 99, 60, 3); /* SPF: not understood */
	put_data(answer, "abc", 3);
	put_record(answer, "b.example.", 28, 60, 16);
	put_data(answer, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	put_soa(answer, "example.", "NS1.example.", 77);
	put_record(answer, "ns1.example.", 1, 60, 4);
	put_data(answer, "\xc0\x00\x02\x01", 4);
	put_name(answer, "."); /* EDNS */
	put_u16(answer, 41);
	put_u16(answer, 1232);
	put_u32(answer, 0);
	put_u16(answer, 0);
}

static void is_silent(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	(void)peer, (void)tcp, (void)request, (void)len, (void)answer;
}

static void cuts_over_udp(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	if (tcp)
		says_txt(peer, tcp, request, len, answer);
	else
		answer_begin(answer, request, len, 0x8380, 0, 0, 0);
}

static void says_late(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	if (peer->asked_udp == 2)
		says_txt(peer, tcp, request, len, answer);
}

static void says_rcode(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	(void)tcp;
	answer_begin(answer, request, len, 0x8180u | (unsigned)(uintptr_t)peer->arg, 0, 0, 0);
}

static void hates_edns(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	static const uint8_t formerr[] = {0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0};

	if (request[11] == 0) {
		says_txt(peer, tcp, request, len, answer);
		return;
	}
	put_data(answer, request, 2);
	put_data(answer, formerr, sizeof(formerr));
}

/* Wrong in one way with each datagram, then silent, then right over TCP. */
static void lies(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	if (tcp) {
		says_txt(peer, tcp, request, len, answer);
		return;
	}
	says_txt(peer, tcp, request, len, answer);
	if (peer->asked_udp == 1)
		answer->data[1] ^= 1; /* id */
	else if (peer->asked_udp == 2)
		answer->data[13] ^= 1; /* name asked for */
	else
		answer->len -= 3;
}

static void lies_always(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	says_txt(peer, tcp, request, len, answer);
	answer->data[1] ^= 1;
}

/* ---- tests ---- */

static void a_txt_record_comes_back(void **state)
{
	(void)state;
	dns_peer_open(&peers[0], says_txt, true);
	ask("www.example.org", ACMEMS_DNS_TXT);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_int_equal(got.rcode, 0);
	assert_int_equal(got.records, 1);
	assert_true(got.authoritative);
	assert_string_equal(got.server, peers[0].text);
	assert_string_equal(got.name, "www.example.org.");
	assert_string_equal(got.text, "hello you");
	assert_int_equal(got.len, 9);
	assert_int_equal(peers[0].asked_udp, 1);
	assert_int_equal(peers[0].asked_tcp, 0);
}

static void all_that_is_understood_is_taken(void **state)
{
	(void)state;
	dns_peer_open(&peers[0], says_everything, true);
	ask("a.example.", ACMEMS_DNS_AAAA);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_int_equal(got.records, 4);
	assert_false(got.authoritative);
	assert_string_equal(got.name, "ns1.example.");
	assert_int_equal(got.section, ACMEMS_DNS_ADDITIONAL);
	assert_int_equal(got.address.family, ACMEMS_IPV4);
	assert_memory_equal(got.address.bytes, "\xc0\x00\x02\x01", 4);
}

static void a_cut_answer_is_fetched_over_tcp(void **state)
{
	(void)state;
	dns_peer_open(&peers[0], cuts_over_udp, true);
	ask("www.example.org", ACMEMS_DNS_TXT);
	assert_string_equal(got.text, "hello you");
	assert_int_equal(peers[0].asked_udp, 1);
	assert_int_equal(peers[0].asked_tcp, 1);
}

/* For tests in which a datagram has to be sent again, which torture has no time for. */
static void needs_time(void)
{
	if (unit_patience_ms() < 2000)
		skip();
}

static void a_lost_datagram_is_sent_again(void **state)
{
	(void)state;
	needs_time();
	dns_peer_open(&peers[0], says_late, true);
	ask("www.example.org", ACMEMS_DNS_TXT);
	assert_string_equal(got.text, "hello you");
	assert_int_equal(peers[0].asked_udp, 2);
	assert_int_equal(peers[0].asked_tcp, 0);
}

static void what_is_not_the_answer_is_passed_over(void **state)
{
	(void)state;
	needs_time();
	dns_peer_open(&peers[0], lies, true);
	ask("www.example.org", ACMEMS_DNS_TXT);
	assert_string_equal(got.text, "hello you");
	assert_int_equal(peers[0].asked_udp, 3);
	assert_int_equal(peers[0].asked_tcp, 1);
}

static void nonsense_over_tcp_is_told(void **state)
{
	(void)state;
	needs_time();
	dns_peer_open(&peers[0], lies_always, true);
	assert_true(start("www.example.org", ACMEMS_DNS_TXT, 500) != 0);
	run_until(got.count > 0);
	assert_int_equal(got.err.code, ACMEMS_BAD_ANSWER);
	assert_non_null(strstr(got.err.message, "it answers another question"));
}

static void nxdomain_is_an_answer(void **state)
{
	(void)state;
	dns_peer_open(&peers[0], says_rcode, true);
	peers[0].arg = (void *)3;
	ask("www.example.org", ACMEMS_DNS_TXT);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_int_equal(got.rcode, 3);
	assert_int_equal(got.records, 0);
}

static void the_next_server_is_asked_when_one_fails(void **state)
{
	(void)state;
	dns_peer_open(&peers[0], says_rcode, true);
	dns_peer_open(&peers[1], says_rcode, true);
	dns_peer_open(&peers[2], says_txt, true);
	peers[0].arg = (void *)2;
	peers[1].arg = (void *)5;
	ask("www.example.org", ACMEMS_DNS_TXT);
	assert_string_equal(got.server, peers[2].text);
	assert_string_equal(got.text, "hello you");
}

static void a_dead_server_does_not_use_up_the_time(void **state)
{
	(void)state;
	dns_peer_open(&peers[0], is_silent, true);
	dns_peer_open(&peers[1], says_txt, true);
	assert_true(start("www.example.org", ACMEMS_DNS_TXT, 400) != 0);
	run_until(got.count > 0);
	assert_string_equal(got.server, peers[1].text);
}

static void the_error_names_every_server(void **state)
{
	char text[128];

	(void)state;
	dns_peer_open(&peers[0], says_rcode, true);
	dns_peer_open(&peers[1], is_silent, true);
	dns_peer_open(&peers[2], is_silent, false);
	peers[0].arg = (void *)5;
	assert_true(start("www.example.org", ACMEMS_DNS_TXT, 300) != 0);
	run_until(got.count > 0);
	assert_int_equal(got.err.code, ACMEMS_UNAVAILABLE);
	snprintf(text, sizeof(text), "cannot ask for www.example.org: %s: it answers REFUSED; ",
		peers[0].text);
	assert_non_null(strstr(got.err.message, text));
	snprintf(text, sizeof(text), "%s: no answer over UDP and TCP; ", peers[1].text);
	assert_non_null(strstr(got.err.message, text));
	snprintf(text, sizeof(text), "%s: no answer over UDP, and over TCP: Connection refused",
		peers[2].text);
	assert_non_null(strstr(got.err.message, text));
}

static void a_server_without_edns_is_asked_plainly(void **state)
{
	(void)state;
	dns_peer_open(&peers[0], hates_edns, true);
	ask("www.example.org", ACMEMS_DNS_TXT);
	assert_string_equal(got.text, "hello you");
	assert_int_equal(peers[0].asked_udp, 2);
}

static void a_server_that_hangs_up_is_told(void **state)
{
	(void)state;
	dns_peer_open(&peers[0], cuts_over_udp, true);
	peers[0].hang_up = true;
	ask("www.example.org", ACMEMS_DNS_TXT);
	assert_int_equal(got.err.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(got.err.message, "over TCP: Connection reset by peer"));
}

static void nobody_there_is_told_at_once(void **state)
{
	char port[32];

	(void)state;
	dns_peer_open(&peers[0], is_silent, false);
	snprintf(port, sizeof(port), "%s", peers[0].text);
	dns_peer_close(&peers[0]);
	peers[0].handler = NULL;
	dns_peer_open(&peers[1], is_silent, false);
	snprintf(peers[1].text, sizeof(peers[1].text), "%s", port);
	ask("www.example.org", ACMEMS_DNS_TXT);
	assert_non_null(strstr(got.err.message, "Connection refused"));
}

static void cancelling_is_silent(void **state)
{
	uint64_t id;

	(void)state;
	dns_peer_open(&peers[0], says_txt, true);
	id = start("www.example.org", ACMEMS_DNS_TXT, 5000);
	acmems_dns_ask_cancel(id);
	acmems_dns_ask_cancel(id);
	id = start("www.example.org", ACMEMS_DNS_TXT, 5000);
	assert_true(id != 0);
	run_until(peers[0].asked_udp == 1);
	acmems_dns_ask_cancel(id);
	run_due();
	acmems_dns_ask_cancel(12345);
	acmems_dns_ask_cancel(0);
}

static void servers_by_name_and_of_the_system_are_found(void **state)
{
	char name[64];
	char *servers[] = {name, NULL};
	struct acmems_dns_question question = {.name = "www.example.org",
		.type = ACMEMS_DNS_TXT,
		.servers = servers,
		.timeout_ms = 5000};

	(void)state;
	dns_peer_open(&peers[0], says_txt, true);
	snprintf(name, sizeof(name), "localhost%s", strchr(peers[0].text, ':'));
	memset(&got, 0, sizeof(got));
	assert_true(acmems_dns_ask(&question, on_done, &got, &err) != 0);
	run_until(got.count > 0);
	assert_string_equal(got.text, "hello you");
	memset(&got, 0, sizeof(got));
	assert_true(resolver_set_servers(peers[0].text));
	question.servers = NULL;
	assert_true(acmems_dns_ask(&question, on_done, &got, &err) != 0);
	run_until(got.count > 0);
	assert_string_equal(got.text, "hello you");
	assert_string_equal(got.server, peers[0].text);
}

static void wrong_names_are_refused(void **state)
{
	static const char *const servers[] = {"", ":53", "a..b", "1.2.3.4:0", "1.2.3.4:65536",
		"1.2.3.4:5x", "[1.2.3.4]", "[::1", "[::1]53", "ns1.example:", "-a", "a b", "é",
		"[ns1.example]:53"};
	static const char *const good[] = {"192.0.2.53", "192.0.2.53:5353", "::1",
		"[2001:db8::53]:5353", "[::1]", "ns1.example.net.", "ns1:53"};

	(void)state;
	dns_peer_open(&peers[0], says_txt, true);
	assert_int_equal(start("", ACMEMS_DNS_TXT, 5000), 0);
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_int_equal(start("a..example", ACMEMS_DNS_TXT, 5000), 0);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		assert_false(acmems_dns_server_check(servers[i], &err));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(acmems_dns_server_check(good[i], &err));
	assert_true(acmems_dns_name_check("_acme-challenge.example.org", &err));
	assert_false(acmems_dns_name_check(".example.org", &err));
	snprintf(peers[0].text, sizeof(peers[0].text), "a b");
	assert_int_equal(start("example.org", ACMEMS_DNS_TXT, 5000), 0);
	assert_non_null(strstr(err.message, "\"a b\" is not a name server"));
}

#define on_loop(test) cmocka_unit_test_setup_teardown(test, unit_loop_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_loop(a_txt_record_comes_back),
		on_loop(all_that_is_understood_is_taken),
		on_loop(a_cut_answer_is_fetched_over_tcp),
		on_loop(a_lost_datagram_is_sent_again),
		on_loop(what_is_not_the_answer_is_passed_over),
		on_loop(nonsense_over_tcp_is_told),
		on_loop(nxdomain_is_an_answer),
		on_loop(the_next_server_is_asked_when_one_fails),
		on_loop(a_dead_server_does_not_use_up_the_time),
		on_loop(the_error_names_every_server),
		on_loop(a_server_without_edns_is_asked_plainly),
		on_loop(a_server_that_hangs_up_is_told),
		on_loop(nobody_there_is_told_at_once),
		on_loop(cancelling_is_silent),
		on_loop(servers_by_name_and_of_the_system_are_found),
		on_loop(wrong_names_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
