/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <acmems/crypto.h>
#include <acmems/dns_update.h>

#include "dns_peer.h"
#include "net/resolver.h"

#define SECRET "MDEyMzQ1Njc4OWFiY2RlZg=="
#define SECRET_BYTES "0123456789abcdef"
#define MAC_LEN 32

/* How a server behaves; zeroed it does what it is asked. */
struct script {
	unsigned rcode;
	unsigned error; /* TSIG's */
	bool not_signed;
	bool wrong_mac;
	bool always_badtime;
	bool empty; /* no zone section */
	bool cut; /* over UDP */
	int64_t ahead; /* of its clock, seconds */
	struct dns_bytes last; /* what it was asked */
};

static struct dns_peer peers[2];
static struct script scripts[2];
static struct acmems_tsig_key *key;
static struct acmems_error err;

static struct {
	int count;
	int64_t skew;
	bool maybe;
	struct acmems_error err;
} got;

/* ---- a server that signs, written from RFC 8945 ---- */

static void put_u48(struct dns_bytes *to, int64_t value)
{
	put_u16(to, (unsigned)(value >> 32));
	put_u32(to, (uint32_t)value);
}

static void sign(struct dns_bytes *answer, const uint8_t *request_mac, int64_t time, unsigned error,
	int64_t server_time)
{
	struct dns_bytes *to = calloc(1, sizeof(*to));
	unsigned char mac[ACMEMS_DIGEST_MAX];
	unsigned other_len = error == 18 ? 6 : 0;

	assert_non_null(to);
	put_u16(to, MAC_LEN);
	put_data(to, request_mac, MAC_LEN);
	put_data(to, answer->data, answer->len);
	put_name(to, "key.example.");
	put_u16(to, 255);
	put_u32(to, 0);
	put_name(to, "hmac-sha256.");
	put_u48(to, time);
	put_u16(to, 300);
	put_u16(to, error);
	put_u16(to, other_len);
	if (other_len > 0)
		put_u48(to, server_time);
	assert_int_equal(
		acmems_hmac("sha256", SECRET_BYTES, strlen(SECRET_BYTES), to->data, to->len, mac),
		MAC_LEN);
	free(to);
	put_name(answer, "key.example.");
	put_u16(answer, 250);
	put_u16(answer, 255);
	put_u32(answer, 0);
	put_u16(answer, 13 + 16 + MAC_LEN + other_len);
	put_name(answer, "hmac-sha256.");
	put_u48(answer, time);
	put_u16(answer, 300);
	put_u16(answer, MAC_LEN);
	put_data(answer, mac, MAC_LEN);
	put_data(answer, answer->data, 2);
	put_u16(answer, error);
	put_u16(answer, other_len);
	if (other_len > 0)
		put_u48(answer, server_time);
	answer->data[11]++;
}

static void serves(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	struct script *script = peer->arg;
	unsigned rcode = script->rcode, error = script->error;
	int64_t clock = acmems_clock_wall() + script->ahead;
	int64_t signed_at = 0;

	script->last.len = 0;
	put_data(&script->last, request, len);
	for (size_t i = 0; request[11] == 1 && i < 6; i++)
		signed_at = signed_at << 8 | request[len - 48 + i];
	if (signed_at != 0 && (script->always_badtime || llabs(signed_at - clock) > 300)) {
		rcode = 9;
		error = 18;
	}
	answer_begin(answer, request, len, 0xa800u | rcode, 0, 0, 0);
	if (script->cut && !tcp)
		answer->data[2] |= 2;
	if (script->empty) {
		answer->data[5] = 0;
		answer->len = 12;
	}
	if (script->not_signed || request[11] == 0)
		return;
	sign(answer, request + len - 38, error == 18 ? signed_at : clock, error, clock);
	if (script->wrong_mac)
		answer->data[answer->len - (error == 18 ? 20 : 14)] ^= 1;
}

/* ---- the update ---- */

static void on_done(
	void *arg, const struct acmems_dns_updated *updated, const struct acmems_error *error)
{
	assert_ptr_equal(arg, &got);
	got.count++;
	got.skew = updated->skew;
	got.maybe = updated->maybe_applied;
	if (error)
		got.err = *error;
}

static uint64_t start(bool remove, const struct acmems_tsig_key *with, int64_t timeout_ms)
{
	char *servers[3] = {NULL};
	struct acmems_dns_update update = {.zone = "example.org.",
		.owner = "_acme-challenge.example.org.",
		.value = "hello",
		.remove = remove,
		.ttl = 5,
		.servers = servers,
		.key = with,
		.timeout_ms = timeout_ms};
	size_t count = 0;

	for (size_t i = 0; i < 2; i++)
		if (peers[i].handler)
			servers[count++] = peers[i].text;
	memset(&got, 0, sizeof(got));
	err = (struct acmems_error){0};
	return acmems_dns_update(&update, on_done, &got, &err);
}

static void run(bool remove)
{
	assert_true(start(remove, key, 5000) != 0);
	assert_int_equal(got.count, 0);
	run_until(got.count > 0);
	run_due();
	assert_int_equal(got.count, 1);
}

static void assert_says(const char *text)
{
	if (got.err.code == ACMEMS_OK || !strstr(got.err.message, text))
		fail_msg("\"%s\" is not in \"%s\"", text, got.err.message);
}

static void open_peer(size_t i)
{
	dns_peer_open(&peers[i], serves, true);
	peers[i].arg = &scripts[i];
}

static int setup(void **state)
{
	memset(scripts, 0, sizeof(scripts));
	if (unit_loop_setup(state) != 0)
		return -1;
	key = acmems_tsig_key_new("key.example.", "hmac-sha256", SECRET, &err);
	open_peer(0);
	return key ? 0 : -1;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < 2; i++)
		dns_peer_close(&peers[i]);
	acmems_tsig_key_free(key);
	resolver_fini();
	return unit_loop_teardown(state);
}

/* ---- tests ---- */

static void a_value_is_added_and_removed(void **state)
{
	(void)state;
	run(false);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_int_equal(got.skew, 0);
	assert_memory_equal(scripts[0].last.data + 2,
		"\x28\0\0\1\0\0\0\1\0\1\7example\3org\0\0\6\0\1\x0f_acme-challenge\xc0\x0c"
		"\0\x10\0\1\0\0\0\5\0\6\5hello\3key\7example\0\0\xfa",
		12 - 2 + 17 + 18 + 16 + 15);
	run(true);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_memory_equal(scripts[0].last.data + 29 + 18, "\0\x10\0\xfe\0\0\0\0\0\6\5hello", 16);
	assert_int_equal(peers[0].asked_udp, 2);
}

static void an_update_without_a_key_is_not_signed(void **state)
{
	(void)state;
	assert_true(start(false, NULL, 5000) != 0);
	run_until(got.count > 0);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_int_equal(scripts[0].last.data[11], 0);
	scripts[0].rcode = 5;
	assert_true(start(false, NULL, 5000) != 0);
	run_until(got.count > 0);
	assert_says("it does not take unsigned updates of zone example.org. from here (REFUSED)");
}

static void success_is_believed_only_when_signed(void **state)
{
	(void)state;
	scripts[0].not_signed = true;
	run(false);
	assert_int_equal(got.err.code, ACMEMS_BAD_ANSWER);
	assert_says("its answer to the update can not be believed: it is not signed");
	assert_true(got.maybe);
	scripts[0].not_signed = false;
	scripts[0].wrong_mac = true;
	run(false);
	assert_says("can not be believed: its signature is wrong");
	scripts[0].wrong_mac = false;
	scripts[0].empty = true;
	run(false);
	assert_int_equal(got.err.code, ACMEMS_OK);
}

static void every_rcode_is_a_sentence(void **state)
{
	static const struct {
		unsigned rcode;
		unsigned error;
		const char *text;
	} rows[] = {
		{1, 0, "it does not understand the update (FORMERR)"},
		{2, 0, "it failed to change zone example.org. (SERVFAIL): its log says why"},
		{4, 0, "it takes no dynamic updates (NOTIMP)"},
		{5, 0,
			"it does not let TSIG key \"key.example.\" change "
			"_acme-challenge.example.org. in zone example.org. (REFUSED)"},
		{8, 0, "it answers the update with NXRRSET, which means nothing here: its log "},
		{9, 0, "it is not the primary server of zone example.org. (NOTAUTH)"},
		{10, 0, "does not lie in zone example.org. (NOTZONE)"},
		{9, 16, "it knows TSIG key \"key.example.\", but with another secret (BADSIG)"},
		{9, 17,
			"it does not know TSIG key \"key.example.\" with algorithm hmac-sha256 "
			"(BADKEY)"},
		{9, 22, "it says TSIG error 22"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scripts[0].rcode = rows[i].rcode;
		scripts[0].error = rows[i].error;
		run(false);
		assert_says(rows[i].text);
		assert_int_equal(got.maybe, rows[i].rcode == 2 || rows[i].rcode == 8);
		assert_says(
			"cannot add the TXT record of _acme-challenge.example.org.: 127.0.0.1:");
		/* nobody signs with a key that is not known, or known otherwise */
		scripts[0].wrong_mac = rows[i].error != 0;
		run(true);
		assert_says(rows[i].text);
		assert_says("cannot remove the TXT record of ");
		scripts[0].wrong_mac = false;
	}
	scripts[0] = (struct script){.rcode = 5, .not_signed = true};
	run(false);
	assert_says("(REFUSED), in an answer that is not signed: look at update-policy");
}

static void the_servers_clock_is_used_when_ours_is_off(void **state)
{
	(void)state;
	scripts[0].ahead = 600;
	run(false);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_in_range(got.skew, 599, 601);
	assert_int_equal(peers[0].asked_udp, 2);
	scripts[0].ahead = -86400;
	run(false);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_true(got.skew <= -86399 && got.skew >= -86401);
}

static void a_clock_that_stays_wrong_is_told_with_both(void **state)
{
	(void)state;
	scripts[0].ahead = 600;
	scripts[0].always_badtime = true;
	run(false);
	assert_says("the clocks differ too much (BADTIME): it says 20");
	assert_says(" UTC, here it is 20");
	assert_int_equal(peers[0].asked_udp, 2);
	scripts[0].wrong_mac = true;
	run(false);
	assert_says("(nobody has signed that)");
	assert_int_equal(peers[0].asked_udp, 3);
}

static void another_server_may_have_another_clock(void **state)
{
	(void)state;
	open_peer(1);
	scripts[0].ahead = 600;
	scripts[0].rcode = 2;
	run(false);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_int_equal(peers[0].asked_udp, 2);
	assert_int_equal(peers[1].asked_udp, 2);
}

static void the_second_server_takes_over(void **state)
{
	(void)state;
	open_peer(1);
	scripts[0].rcode = 9;
	run(false);
	assert_int_equal(got.err.code, ACMEMS_OK);
	scripts[1].rcode = 5;
	run(false);
	assert_says("(NOTAUTH); 127.0.0.1:");
	assert_says("(REFUSED)");
}

/* A port that is taken and silent, or closed and so nobody's. */
static void what_comes_to_nobody_is_not_applied(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	dns_peer_close(&peers[0]);
	open_peer(0);
	snprintf(peers[0].text, sizeof(peers[0].text), "127.0.0.1:%u", ntohs(at.sin_port));
	assert_true(start(false, key, 300) != 0);
	run_until(got.count > 0);
	assert_true(got.err.code != ACMEMS_OK);
	assert_true(got.maybe);
	close(fd);
	run(false);
	assert_true(got.err.code != ACMEMS_OK);
	assert_false(got.maybe);
}

static void a_cut_answer_is_fetched_over_tcp(void **state)
{
	(void)state;
	scripts[0].cut = true;
	run(false);
	assert_int_equal(got.err.code, ACMEMS_OK);
	assert_int_equal(peers[0].asked_udp, 1);
	assert_int_equal(peers[0].asked_tcp, 1);
}

static void what_can_not_be_sent_is_told_at_once(void **state)
{
	char *servers[] = {NULL};
	struct acmems_dns_update update = {
		.zone = "example.org", .owner = "a..b", .value = "v", .timeout_ms = 1000};

	(void)state;
	assert_int_equal(acmems_dns_update(&update, on_done, &got, &err), 0);
	assert_non_null(strstr(err.message, "no server is given for the update of a..b"));
	update.servers = servers;
	assert_int_equal(acmems_dns_update(&update, on_done, &got, &err), 0);
	servers[0] = peers[0].text;
	update.servers = (char *[]){peers[0].text, NULL};
	assert_int_equal(acmems_dns_update(&update, on_done, &got, &err), 0);
	assert_non_null(strstr(err.message, "\"a..b\" is not a domain name"));
}

static void cancelling_is_silent(void **state)
{
	uint64_t id = start(false, key, 5000);

	(void)state;
	acmems_dns_update_cancel(id);
	id = start(false, key, 5000);
	assert_true(id != 0);
	run_until(peers[0].asked_udp == 1);
	acmems_dns_update_cancel(id);
	run_due();
	assert_int_equal(got.count, 0);
	acmems_dns_update_cancel(0);
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(a_value_is_added_and_removed),
		with_server(an_update_without_a_key_is_not_signed),
		with_server(success_is_believed_only_when_signed),
		with_server(every_rcode_is_a_sentence),
		with_server(the_servers_clock_is_used_when_ours_is_off),
		with_server(a_clock_that_stays_wrong_is_told_with_both),
		with_server(another_server_may_have_another_clock),
		with_server(the_second_server_takes_over),
		with_server(what_comes_to_nobody_is_not_applied),
		with_server(a_cut_answer_is_fetched_over_tcp),
		with_server(what_can_not_be_sent_is_told_at_once),
		with_server(cancelling_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
