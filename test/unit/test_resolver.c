/* SPDX-License-Identifier: ISC */
/* Names against a name server on paper. */
#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "net/resolver.h"
#include "paper_dns.h"

struct asked {
	unsigned done;
	size_t count;
	char text[20][ACMEMS_ADDRESS_TEXT_MAX];
	struct acmems_error err;
	int64_t at;
	uint64_t cancel; /* this one, from inside */
	struct asked *then; /* asks for another, from inside */
	uint64_t id;
};

static const char *const one[] = {"192.0.2.1", NULL};
static const char *const six[] = {"2001:db8::6", NULL};
static struct paper_dns dns;

static void on_done(void *arg, const struct acmems_address *addresses, size_t count,
	const struct acmems_error *err)
{
	struct asked *asked = arg;
	struct acmems_error fault = {0};

	asked->done++;
	asked->at = acmems_clock_ms();
	asked->count = count;
	for (size_t i = 0; i < count && i < 20; i++)
		acmems_address_text(&addresses[i], asked->text[i]);
	if (err)
		asked->err = *err;
	resolver_cancel(asked->id);
	resolver_cancel(asked->cancel);
	if (asked->then)
		asked->then->id = resolver_start("inner.test", 5000, on_done, asked->then, &fault);
}

static void ask(struct asked *asked, const char *host, int64_t timeout_ms)
{
	struct acmems_error err = {0};

	asked->id = resolver_start(host, timeout_ms, on_done, asked, &err);
	assert_true(asked->id != 0);
	assert_int_equal(asked->done, 0);
}

static void expect(const char *host, enum acmems_code code, int64_t timeout_ms)
{
	struct asked asked = {0};

	ask(&asked, host, timeout_ms);
	run_until(asked.done);
	assert_int_equal(asked.err.code, code);
	assert_true((code == ACMEMS_OK) == (asked.count > 0));
	if (code != ACMEMS_OK && !strstr(asked.err.message, host))
		fail_msg("no \"%s\" in \"%s\"", host, asked.err.message);
}

static bool has(const struct asked *asked, const char *text)
{
	for (size_t i = 0; i < asked->count; i++) {
		if (strcmp(asked->text[i], text) == 0)
			return true;
	}
	return false;
}

static unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int setup(void **state)
{
	if (unit_loop_setup(state) != 0)
		return -1;
	paper_dns_init(&dns);
	dns.a = one;
	return 0;
}

static int teardown(void **state)
{
	resolver_fini();
	paper_dns_fini(&dns);
	return unit_loop_teardown(state);
}

static void test_both_families(void **state)
{
	struct asked asked = {0};

	(void)state;
	dns.aaaa = six;
	ask(&asked, "both.test", 5000);
	run_until(asked.done);
	assert_int_equal(asked.err.code, ACMEMS_OK);
	assert_int_equal(asked.count, 2);
	assert_true(has(&asked, "192.0.2.1"));
	assert_true(has(&asked, "2001:db8::6"));
	assert_int_equal(dns.asked, 2);
	assert_string_equal(dns.last, "both.test");
}

static void test_one_family_is_enough(void **state)
{
	struct asked asked = {0};

	(void)state;
	dns.a = NULL;
	dns.aaaa = six;
	ask(&asked, "six.test", 5000);
	run_until(asked.done);
	assert_int_equal(asked.count, 1);
	assert_string_equal(asked.text[0], "2001:db8::6");
	assert_int_equal(asked.err.code, ACMEMS_OK);
}

/* RFC 6724: what can not be reached from here comes last, whichever way it was told. */
static void test_order(void **state)
{
	static const char *const loopback[] = {"127.0.0.1", NULL};
	static const char *const loopback6[] = {"::1", NULL};
	struct sockaddr_in6 in = {
		.sin6_family = AF_INET6, .sin6_port = htons(53), .sin6_addr = in6addr_loopback};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool reachable = fd >= 0 && connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0;
	struct asked asked = {0};

	(void)state;
	if (fd >= 0)
		close(fd);
	dns.a = loopback;
	dns.aaaa = loopback6;
	ask(&asked, "order.test", 5000);
	run_until(asked.done);
	assert_int_equal(asked.count, 2);
	assert_string_equal(asked.text[0], reachable ? "::1" : "127.0.0.1");
	assert_string_equal(asked.text[1], reachable ? "127.0.0.1" : "::1");
}

static void test_literals_ask_nobody(void **state)
{
	static const char *const texts[][2] = {
		{"192.0.2.7", "192.0.2.7"},
		{"127.0.0.1", "127.0.0.1"},
		{"::1", "::1"},
		{"2001:DB8:0::7", "2001:db8::7"},
		{"::ffff:192.0.2.9", "192.0.2.9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct asked asked = {0};

		ask(&asked, texts[i][0], 5000);
		run_until(asked.done);
		assert_int_equal(asked.err.code, ACMEMS_OK);
		assert_int_equal(asked.count, 1);
		assert_string_equal(asked.text[0], texts[i][1]);
	}
	assert_int_equal(dns.asked, 0);
}

static void test_localhost_asks_nobody(void **state)
{
	static const char *const hosts[] = {"localhost", "LocalHost", "ca.localhost"};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct asked asked = {0};

		ask(&asked, hosts[i], 5000);
		run_until(asked.done);
		assert_int_equal(asked.err.code, ACMEMS_OK);
		assert_int_equal(asked.count, 2);
		assert_string_equal(asked.text[0], "127.0.0.1");
		assert_string_equal(asked.text[1], "::1");
	}
	assert_int_equal(dns.asked, 0);
}

static void test_no_names(void **state)
{
	static const char *const hosts[] = {
		"[::1]", "", ".", "a..test", "with space.test", "256.0.2.1", "ca\x01.test"};

	(void)state;
	dns.rcode = 3;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		expect(hosts[i], ACMEMS_UNAVAILABLE, 5000);
}

static void test_long_names(void **state)
{
	struct acmems_error err = {0};
	struct asked asked = {0};
	char host[400];

	(void)state;
	dns.rcode = 3;
	memset(host, 'a', sizeof(host));
	host[399] = '\0';
	assert_true(resolver_start(host, 100, on_done, &asked, &err) == 0);
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	host[255] = '\0';
	expect(host, ACMEMS_UNAVAILABLE, 5000);
	assert_int_equal(asked.done, 0);
}

static void test_says_no(void **state)
{
	(void)state;
	dns.rcode = 3;
	expect("nxdomain.test", ACMEMS_UNAVAILABLE, 5000);
	assert_true(dns.asked > 0);
	dns.rcode = 2;
	expect("servfail.test", ACMEMS_UNAVAILABLE, 5000);
	dns.rcode = 5;
	expect("refused.test", ACMEMS_UNAVAILABLE, 5000);
	dns.rcode = 0;
	dns.a = NULL;
	expect("empty.test", ACMEMS_UNAVAILABLE, 5000);
	/* what failed is not kept */
	dns.a = one;
	expect("empty.test", ACMEMS_OK, 5000);
}

static void test_no_answer(void **state)
{
	int64_t begin = acmems_clock_ms();

	(void)state;
	dns.silent = true;
	expect("silent.test", ACMEMS_TIMEOUT, 80);
	assert_true(acmems_clock_ms() - begin >= 75);
	assert_true(acmems_clock_ms() - begin < unit_patience_ms());
	/* the husk of the first does not harm the second */
	dns.silent = false;
	expect("heard.test", ACMEMS_OK, 5000);
}

/* An answer that comes when its question has been given up is nobody's. */
static void test_late_answer(void **state)
{
	(void)state;
	dns.hold = true;
	expect("late.test", ACMEMS_TIMEOUT, 50);
	paper_dns_release(&dns);
	run_due();
	expect("late.test", ACMEMS_OK, 5000);
}

static void test_no_server(void **state)
{
	struct asked asked = {0};

	(void)state;
	assert_true(resolver_set_servers("127.0.0.1:1"));
	ask(&asked, "nobody.test", 200);
	run_until(asked.done);
	assert_true(asked.err.code == ACMEMS_UNAVAILABLE || asked.err.code == ACMEMS_TIMEOUT);
	assert_false(resolver_set_servers("nonsense"));
}

static void test_lies(void **state)
{
	struct asked noise = {0};

	(void)state;
	dns.lie = PAPER_DNS_OTHER_ID;
	expect("id.test", ACMEMS_TIMEOUT, 80);
	dns.lie = PAPER_DNS_NOISE;
	/* some versions of c-ares take this for an answer of no use, others wait for a better one */
	ask(&noise, "noise.test", 80);
	run_until(noise.done);
	assert_int_equal(noise.count, 0);
	dns.lie = PAPER_DNS_CUT;
	expect("cut.test", ACMEMS_UNAVAILABLE, 5000);
	dns.lie = PAPER_DNS_HONEST;
	expect("honest.test", ACMEMS_OK, 5000);
}

static void test_many_addresses(void **state)
{
	const char *many[26] = {NULL};
	char texts[25][16];
	struct asked asked = {0};

	(void)state;
	for (unsigned i = 0; i < 25; i++) {
		snprintf(texts[i], sizeof(texts[i]), "192.0.2.%u", i + 1);
		many[i] = texts[i];
	}
	dns.a = many;
	ask(&asked, "many.test", 5000);
	run_until(asked.done);
	dns.a = one;
	assert_int_equal(asked.count, 16);
	for (size_t i = 0; i < 16; i++) {
		assert_true(strncmp(asked.text[i], "192.0.2.", 8) == 0);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(asked.text[i], asked.text[j]);
	}
}

static void test_two_at_once(void **state)
{
	struct asked first = {0}, second = {0}, again = {0};

	(void)state;
	dns.hold = true;
	ask(&first, "first.test", 5000);
	ask(&second, "second.test", 5000);
	ask(&again, "first.test", 5000);
	run_until(dns.asked == 6);
	assert_int_equal(first.done + second.done + again.done, 0);
	paper_dns_release(&dns);
	run_until(first.done && second.done && again.done);
	assert_int_equal(first.err.code + second.err.code + again.err.code, ACMEMS_OK);
	run_due();
	assert_int_equal(first.done + second.done + again.done, 3);
}

static void test_kept(void **state)
{
	(void)state;
	expect("kept.test", ACMEMS_OK, 5000);
	assert_int_equal(dns.asked, 2);
	dns.rcode = 3;
	expect("KEPT.test", ACMEMS_OK, 5000);
	assert_int_equal(dns.asked, 2);
	/* many others push it out */
	dns.rcode = 0;
	for (unsigned i = 0; i < 40; i++) {
		char host[32];

		snprintf(host, sizeof(host), "other-%u.test", i);
		expect(host, ACMEMS_OK, 5000);
	}
	dns.rcode = 3;
	expect("kept.test", ACMEMS_UNAVAILABLE, 5000);
	/* and new servers know better */
	expect("other-39.test", ACMEMS_OK, 5000);
	assert_true(resolver_set_servers(dns.server));
	expect("other-39.test", ACMEMS_UNAVAILABLE, 5000);
}

static void test_cancel(void **state)
{
	struct asked literal = {0}, fresh = {0}, out = {0}, answered = {0};

	(void)state;
	resolver_cancel(0);
	resolver_cancel(12345);
	/* known, and not yet told */
	ask(&literal, "192.0.2.1", 5000);
	resolver_cancel(literal.id);
	/* not yet sent */
	ask(&fresh, "fresh.test", 5000);
	resolver_cancel(fresh.id);
	run_due();
	/* the question is out */
	dns.hold = true;
	ask(&out, "out.test", 5000);
	run_until(dns.held_count >= 2);
	resolver_cancel(out.id);
	resolver_cancel(out.id);
	paper_dns_release(&dns);
	run_due();
	expect("next.test", ACMEMS_OK, 5000);
	/* done already */
	ask(&answered, "192.0.2.2", 5000);
	run_until(answered.done);
	resolver_cancel(answered.id);
	run_due();
	assert_int_equal(literal.done + fresh.done + out.done, 0);
	assert_int_equal(answered.done, 1);
}

static void test_cancel_inside(void **state)
{
	struct asked first = {0}, second = {0}, inner = {0};

	(void)state;
	/* both answers are there when the first is told, which cancels the second and itself */
	ask(&first, "192.0.2.1", 5000);
	ask(&second, "192.0.2.2", 5000);
	first.cancel = second.id;
	first.then = &inner;
	run_until(inner.done);
	run_due();
	assert_int_equal(first.done, 1);
	assert_int_equal(second.done, 0);
	assert_int_equal(inner.done, 1);
	assert_int_equal(inner.err.code, ACMEMS_OK);
}

/* The system's servers are read anew, but not under those who are asking. */
static void test_the_system_changes(void **state)
{
	char path[] = "/tmp/acmems-resolv-XXXXXX";
	struct acmems_address server;
	struct acmems_error err = {0};
	struct asked before = {0};
	int fd = mkostemp(path, O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	resolver_watch_file(path);
	assert_true(resolver_set_servers(dns.server));
	expect("anything.test", ACMEMS_OK, 5000);
	ask(&before, "before.test", 5000);
	assert_int_equal(write(fd, "#", 1), 1);
	close(fd);
	assert_true(resolver_servers(&server, 1, &err) == 1);
	assert_int_not_equal(server.port, 53);
	run_until(before.done);
	assert_int_equal(before.err.code, ACMEMS_OK);
	/* of this machine; without any c-ares takes 127.0.0.1 */
	assert_true(resolver_servers(&server, 1, &err) == 1);
	assert_int_equal(server.port, 53);
	unlink(path);
}

static void test_fini_with_questions_out(void **state)
{
	struct asked out = {0}, known = {0}, untold = {0}, husk = {0};
	unsigned before;

	(void)state;
	resolver_fini();
	before = count_fds();
	assert_true(resolver_set_servers(dns.server));
	dns.silent = true;
	ask(&out, "out.test", 5000);
	ask(&husk, "husk.test", 5000);
	ask(&known, "192.0.2.1", 5000);
	run_until(dns.asked >= 4 && known.done);
	resolver_cancel(husk.id);
	ask(&untold, "192.0.2.1", 5000);
	resolver_fini();
	assert_int_equal(count_fds(), before);
	run_due();
	assert_int_equal(out.done + husk.done + untold.done, 0);
	/* and anew */
	dns.silent = false;
	assert_true(resolver_set_servers(dns.server));
	expect("anew.test", ACMEMS_OK, 5000);
}

int main(void)
{
#define IN_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		IN_LOOP(test_both_families),
		IN_LOOP(test_one_family_is_enough),
		IN_LOOP(test_order),
		IN_LOOP(test_literals_ask_nobody),
		IN_LOOP(test_localhost_asks_nobody),
		IN_LOOP(test_no_names),
		IN_LOOP(test_long_names),
		IN_LOOP(test_says_no),
		IN_LOOP(test_no_answer),
		IN_LOOP(test_late_answer),
		IN_LOOP(test_no_server),
		IN_LOOP(test_lies),
		IN_LOOP(test_many_addresses),
		IN_LOOP(test_two_at_once),
		IN_LOOP(test_kept),
		IN_LOOP(test_cancel),
		IN_LOOP(test_cancel_inside),
		IN_LOOP(test_the_system_changes),
		IN_LOOP(test_fini_with_questions_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
