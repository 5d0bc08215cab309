/* SPDX-License-Identifier: ISC */
/* Real sockets on loopback; what is said on them is test_dns_answer's business. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <acmems/dns_server.h>

#include "dns/answer.h"
#include "dns/dns_server.h"
#include "dns/tcp_door.h"
#include "dns/udp_rate.h"
#include "dns/wire.h"
#include "dns_peer.h"

enum { REFUSED = 5, NXDOMAIN = 3 };

static char *name_servers[] = {(char *)"ns.example.net.", NULL};

/* A server that knows one name, with some values. */
struct house {
	struct acmems_dns_server *server;
	const char *name;
	char *values[4];
	unsigned asked;
	struct acmems_address peer;
};

/* Those that a test which fails leaves behind are freed after it. */
#define SERVERS_MAX 32
static struct acmems_dns_server *made[SERVERS_MAX];
static size_t made_count;

static bool on_asked(void *arg, const char *name, const struct acmems_address *peer,
	struct acmems_dns_reply *reply)
{
	struct house *house = arg;

	house->asked++;
	house->peer = *peer;
	if (strcmp(name, house->name) != 0)
		return false;
	for (size_t i = 0; house->values[i]; i++)
		acmems_dns_reply_txt(reply, house->values[i]);
	return true;
}

static bool make_house(
	struct house *house, const char *listen, const char *zone, struct acmems_error *err)
{
	char text[64];
	char *texts[] = {text, NULL};
	const struct acmems_dns_zone zones[] = {{zone, name_servers, "hostmaster.example.net."}};
	const struct acmems_dns_server_config config = {.room = "test",
		.listen = texts,
		.zones = zones,
		.zone_count = 1,
		.ttl = 1,
		.handler = on_asked,
		.arg = house};

	snprintf(text, sizeof(text), "%s", listen);
	house->server = acmems_dns_server_new(&config, err);
	if (!house->server)
		return false;
	assert_true(made_count < SERVERS_MAX);
	made[made_count++] = house->server;
	return true;
}

/* The port of the one protocol may be taken for the other one. */
static uint16_t open_house(
	struct house *house, const char *listen, const char *zone, const char *name)
{
	struct acmems_error err = {0};
	bool is_made = false;

	house->name = name;
	for (int i = 0; i < 20 && !is_made; i++)
		is_made = make_house(house, listen, zone, &err);
	if (!is_made)
		fail_msg("%s", err.message);
	acmems_dns_server_open(house->server);
	return dns_server_port(house->server, 0);
}

static void close_house(struct house *house)
{
	for (size_t i = 0; house->server && i < made_count; i++) {
		if (made[i] == house->server)
			made[i] = NULL;
	}
	acmems_dns_server_free(house->server);
	*house = (struct house){0};
}

static int teardown(void **state)
{
	while (made_count > 0)
		acmems_dns_server_free(made[--made_count]);
	run_due();
	assert_int_equal(dns_server_connections(), 0);
	dns_server_fini();
	return unit_loop_teardown(state);
}

/* ---- clients ---- */

static struct dns_bytes question;
static uint8_t answer[2 + WIRE_MAX];
static struct wire_view view;

static void ask_for(const char *name, unsigned type)
{
	question.len = 0;
	put_u16(&question, 0x1234);
	put_u16(&question, 0);
	put_u16(&question, 1);
	put_u16(&question, 0);
	put_u32(&question, 0);
	put_name(&question, name);
	put_u16(&question, type);
	put_u16(&question, 1);
}

static int dial_at(int kind, const char *address, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool six = strchr(address, ':') != NULL;
	int fd = socket(six ? AF_INET6 : AF_INET, kind | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, address,
				 six ? (void *)&in6.sin6_addr : (void *)&in.sin_addr),
		1);
	assert_int_equal(connect(fd, six ? (struct sockaddr *)&in6 : (struct sockaddr *)&in,
				 six ? sizeof(in6) : sizeof(in)),
		0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static int dial(int kind, uint16_t port)
{
	return dial_at(kind, "127.0.0.1", port);
}

static bool came(int fd, ssize_t *len)
{
	*len = recv(fd, answer, sizeof(answer), 0);
	return *len >= 0 || errno != EAGAIN;
}

/* Over UDP, from this socket. */
static void ask_from(int fd, const char *name)
{
	const char *why;
	ssize_t len;

	ask_for(name, 16);
	assert_int_equal(send(fd, question.data, question.len, 0), question.len);
	run_until(came(fd, &len));
	assert_true(len > 0);
	assert_true(wire_look(&view, answer, (size_t)len, &why));
}

static void ask_at(const char *address, uint16_t port, const char *name)
{
	int fd = dial_at(SOCK_DGRAM, address, port);

	ask_from(fd, name);
	close(fd);
}

static void ask(uint16_t port, const char *name)
{
	ask_at("127.0.0.1", port, name);
}

static void send_framed(int fd)
{
	uint8_t head[2] = {(uint8_t)(question.len >> 8), (uint8_t)question.len};

	assert_int_equal(send(fd, head, 2, MSG_NOSIGNAL), 2);
	assert_int_equal(send(fd, question.data, question.len, MSG_NOSIGNAL), question.len);
}

static bool read_more(int fd, size_t want, size_t *got)
{
	ssize_t len = recv(fd, answer + *got, want - *got, 0);

	assert_true(len > 0 || (len < 0 && errno == EAGAIN));
	*got += len > 0 ? (size_t)len : 0;
	return *got == want;
}

/* One answer over TCP. */
static void read_framed(int fd)
{
	size_t got = 0, len;
	const char *why;

	run_until(read_more(fd, 2, &got));
	len = wire_u16(answer);
	got = 0;
	run_until(read_more(fd, len, &got));
	assert_true(wire_look(&view, answer, len, &why));
}

static bool ended(int fd)
{
	uint8_t byte;
	ssize_t len = recv(fd, &byte, 1, 0);

	return len == 0 || (len < 0 && errno == ECONNRESET);
}

/* ---- a server ---- */

static void both_protocols_are_answered(void **state)
{
	struct house house = {.values = {(char *)"one", (char *)"two"}};
	uint16_t port = open_house(&house, "127.0.0.1:0", "example.org", "a.example.org.");
	int fd;

	(void)state;
	ask(port, "a.example.org");
	assert_int_equal(view.counts[1], 2);
	assert_int_equal(house.peer.family, ACMEMS_IPV4);
	assert_int_equal(house.peer.bytes[0], 127);
	fd = dial(SOCK_STREAM, port);
	ask_for("a.example.org", 16);
	send_framed(fd);
	read_framed(fd);
	assert_int_equal(view.counts[1], 2);
	assert_int_equal(house.asked, 2);
	assert_int_equal(house.peer.family, ACMEMS_IPV4);
	close(fd);
	run_until(dns_server_connections() == 0);
	close_house(&house);
}

static void only_open_servers_are_asked(void **state)
{
	struct house house = {.name = "a.example.org."};
	struct acmems_error err = {0};
	int tries = 20;

	(void)state;
	while (!make_house(&house, "127.0.0.1:0", "example.org", &err))
		assert_true(--tries > 0);
	ask(dns_server_port(house.server, 0), "a.example.org");
	assert_int_equal(view.rcode, REFUSED);
	acmems_dns_server_open(house.server);
	ask(dns_server_port(house.server, 0), "a.example.org");
	assert_int_equal(view.rcode, 0);
	assert_int_equal(dns_server_port(house.server, 1), 0);
	close_house(&house);
}

/* As on a reload: the new configuration's zone, both configurations' values. */
static void servers_share_an_address(void **state)
{
	struct house old = {.values = {(char *)"old", (char *)"same"}};
	struct house new = {.values = {(char *)"new", (char *)"same"}};
	struct house other = {.values = {(char *)"other"}};
	uint16_t port = open_house(&old, "127.0.0.1:0", "example.org", "a.example.org.");
	char listen[32];

	(void)state;
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
	assert_int_equal(open_house(&new, listen, "example.org", "a.example.org."), port);
	assert_int_equal(open_house(&other, listen, "example.com", "b.example.com."), port);
	ask(port, "a.example.org");
	assert_int_equal(view.counts[1], 3);
	assert_int_equal(other.asked, 0);
	ask(port, "b.example.com");
	assert_int_equal(view.counts[1], 1);
	/* what the new one does not know, the old one may */
	new.name = "c.example.org.";
	ask(port, "a.example.org");
	assert_int_equal(view.counts[1], 2);
	ask(port, "nobody.example.org");
	assert_int_equal(view.rcode, NXDOMAIN);
	close_house(&old);
	ask(port, "a.example.org");
	assert_int_equal(view.rcode, NXDOMAIN);
	ask(port, "c.example.org");
	assert_int_equal(view.counts[1], 2);
	close_house(&new);
	ask(port, "c.example.org");
	assert_int_equal(view.rcode, REFUSED);
	close_house(&other);
}

static void the_last_one_closes_the_address(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house, "127.0.0.1:0", "example.org", "a.example.org.");
	int idle = dial(SOCK_STREAM, port);
	int udp = dial(SOCK_DGRAM, port);
	ssize_t len;

	(void)state;
	run_until(dns_server_connections() == 1);
	close_house(&house);
	assert_int_equal(dns_server_connections(), 0);
	run_until(ended(idle));
	ask_for("a.example.org", 16);
	assert_true(send(udp, question.data, question.len, 0) > 0);
	run_until(came(udp, &len));
	assert_int_equal(len, -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(idle);
	close(udp);
}

/* A connected socket takes nothing that comes from another address. */
static void answers_leave_from_where_questions_came_to(void **state)
{
	struct house house = {.values = {(char *)"one"}};
	uint16_t port = open_house(&house, "0.0.0.0:0", "example.org", "a.example.org.");

	(void)state;
	ask_at("127.0.0.1", port, "a.example.org");
	ask_at("127.0.0.2", port, "a.example.org");
	assert_int_equal(view.counts[1], 1);
	close_house(&house);
}

/* Resolvers remember what they were told, whichever server it was. */
static void what_was_told_is_known(void **state)
{
	struct house old = {0}, new = {0}, elsewhere = {0};
	uint16_t port = open_house(&old, "127.0.0.1:0", "example.org", "a.example.org.");
	int64_t begin = acmems_clock_ms();
	char listen[32];

	(void)state;
	open_house(&elsewhere, "127.0.0.1:0", "example.org", "a.example.org.");
	assert_int_equal(acmems_dns_server_told(old.server, "a.example.org."), 0);
	ask(port, "A.example.org");
	assert_true(acmems_dns_server_told(old.server, "a.example.org.") >= begin);
	assert_true(acmems_dns_server_told(old.server, "b.a.example.org.") >= begin);
	assert_int_equal(acmems_dns_server_told(old.server, "example.org."), 0);
	assert_int_equal(acmems_dns_server_told(old.server, "b.example.org."), 0);
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
	open_house(&new, listen, "example.org", "a.example.org.");
	close_house(&old);
	assert_true(acmems_dns_server_told(new.server, "a.example.org.") >= begin);
	assert_int_equal(acmems_dns_server_told(elsewhere.server, "a.example.org."), 0);
	close_house(&new);
	close_house(&elsewhere);
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&in6, sizeof(in6)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static void ipv6_is_apart_from_ipv4(void **state)
{
	struct house six = {.values = {(char *)"six"}}, four = {.values = {(char *)"four"}};
	struct acmems_error err = {0};
	char listen[32];
	uint16_t port;

	(void)state;
	if (!has_ipv6())
		skip();
	port = open_house(&six, "[::]:0", "example.org", "a.example.org.");
	ask_at("::1", port, "a.example.org");
	assert_int_equal(view.counts[1], 1);
	assert_int_equal(six.peer.family, ACMEMS_IPV6);
	snprintf(listen, sizeof(listen), "0.0.0.0:%u", port);
	four.name = "a.example.org.";
	/* somebody else may have that port */
	if (make_house(&four, listen, "example.org", &err)) {
		acmems_dns_server_open(four.server);
		ask(port, "a.example.org");
		assert_int_equal(four.asked, 1);
		assert_int_equal(six.asked, 1);
	}
	close_house(&four);
	close_house(&six);
}

static void what_can_not_be_listened_on_is_said(void **state)
{
	struct house house = {.name = "a."}, second = {.name = "a."};
	struct acmems_error err = {0};
	char place[64];
	int udp, tcp;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);

	(void)state;
	assert_false(make_house(&house, "example.org:53", "example.org", &err));
	snprintf(place, sizeof(place), "unix:/tmp/acmems-dns-%ld.sock", (long)getpid());
	assert_false(make_house(&house, place, "example.org", &err));
	assert_non_null(strstr(err.message, "IP address"));
	assert_int_equal(access(place + 5, F_OK), -1);
	assert_false(make_house(&house, "127.0.0.1:0", "a..b", &err));
	/* either protocol taken */
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(udp, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(udp, (struct sockaddr *)&in, &len), 0);
	snprintf(place, sizeof(place), "127.0.0.1:%u", ntohs(in.sin_port));
	assert_false(make_house(&second, place, "example.org", &err));
	assert_non_null(strstr(err.message, "another program listens there"));
	close(udp);
	tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	in.sin_port = 0;
	assert_int_equal(bind(tcp, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(tcp, 1), 0);
	assert_int_equal(getsockname(tcp, (struct sockaddr *)&in, &len), 0);
	snprintf(place, sizeof(place), "127.0.0.1:%u", ntohs(in.sin_port));
	assert_false(make_house(&second, place, "example.org", &err));
	close(tcp);
	acmems_dns_server_free(NULL);
}

static void garbage_does_no_harm(void **state)
{
	struct house house = {.values = {(char *)"one"}};
	uint16_t port = open_house(&house, "127.0.0.1:0", "example.org", "a.example.org.");
	int fd = dial(SOCK_DGRAM, port);
	static const uint8_t junk[5000] = {0x12, 0x34, 0x80};

	(void)state;
	/* nothing, too little, an answer, too much: only then a question */
	assert_int_equal(send(fd, junk, 0, 0), 0);
	assert_int_equal(send(fd, junk, 11, 0), 11);
	assert_int_equal(send(fd, junk, 12, 0), 12);
	assert_int_equal(send(fd, junk, sizeof(junk), 0), sizeof(junk));
	ask_from(fd, "a.example.org");
	assert_int_equal(view.rcode, 0);
	assert_int_equal(view.counts[1], 1);
	close(fd);
	close_house(&house);
}

static void who_asks_very_often_is_sent_to_tcp(void **state)
{
	struct house house = {.values = {(char *)"0123456789012345678901234567890123456789012"}};
	uint16_t port = open_house(&house, "127.0.0.1:0", "example.org", "a.example.org.");
	int fd = dial(SOCK_DGRAM, port), tcp;
	unsigned whole = 0;

	(void)state;
	do {
		assert_true(whole < 20000);
		ask_from(fd, "a.example.org");
		whole++;
	} while (!view.truncated);
	assert_true(whole >= UDP_RATE_BURST / 56);
	assert_int_equal(view.len, question.len);
	tcp = dial(SOCK_STREAM, port);
	send_framed(tcp);
	read_framed(tcp);
	assert_int_equal(view.counts[1], 1);
	close(tcp);
	close(fd);
	run_until(dns_server_connections() == 0);
	close_house(&house);
}

/* ---- connections, by a door of the test's own ---- */

static const struct zone *any_zone(
	void *arg, const struct zone_name *name, const struct acmems_address *peer)
{
	(void)name;
	(void)peer;
	return arg;
}

/* As many values as fit nowhere but into TCP. */
static bool many_values(
	void *arg, const struct acmems_address *peer, struct acmems_dns_reply *reply)
{
	char value[64];

	(void)arg;
	(void)peer;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(value, sizeof(value), "%043u", i);
		acmems_dns_reply_txt(reply, value);
	}
	return true;
}

static struct zone zone;
static struct answer_house big = {.zone_of = any_zone, .values_of = many_values, .arg = &zone};

static const struct acmems_dns_zone plain = {"example.org", name_servers, "a."};

static struct tcp_door door;

static void set_up_door(unsigned max, unsigned per_address, int64_t idle_ms)
{
	door = (struct tcp_door){.limits = {max, per_address, idle_ms},
		.room = "test",
		.name = "a door",
		.house = &big};
}

static int knock(uint8_t who)
{
	const struct acmems_address peer = {.family = ACMEMS_IPV4, .bytes = {192, 0, 2, who}};
	int small = 5000;
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	/* so that long answers are sent in pieces, which have no records' length */
	assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	tcp_door_take(&door, pair[0], &peer);
	return pair[1];
}

static void questions_may_come_in_a_row(void **state)
{
	int fd;

	(void)state;
	set_up_door(8, 8, 10000);
	fd = knock(1);
	for (unsigned id = 0; id < 40; id++) {
		ask_for("example.org", 6);
		question.data[1] = (uint8_t)id;
		send_framed(fd);
	}
	for (unsigned id = 0; id < 40; id++) {
		read_framed(fd);
		assert_int_equal(view.id, 0x1200 | id);
		assert_int_equal(view.counts[1], 1);
	}
	close(fd);
	run_until(door.count == 0);
}

static void questions_may_come_byte_by_byte(void **state)
{
	int fd;
	uint8_t head[2];

	(void)state;
	set_up_door(8, 8, 10000);
	fd = knock(1);
	ask_for("example.org", 6);
	head[0] = 0;
	head[1] = (uint8_t)question.len;
	for (size_t i = 0; i < question.len + 2; i++) {
		assert_int_equal(
			send(fd, i < 2 ? &head[i] : &question.data[i - 2], 1, MSG_NOSIGNAL), 1);
		run_due();
	}
	read_framed(fd);
	assert_int_equal(view.counts[1], 1);
	tcp_door_cut(&door);
	assert_int_equal(door.count, 0);
	run_until(ended(fd));
	close(fd);
}

/* Its answers pile up on its side, not on ours. */
static void who_does_not_read_is_not_read(void **state)
{
	int fd;

	(void)state;
	set_up_door(8, 8, 10000);
	fd = knock(1);
	for (unsigned i = 0; i < 30; i++) {
		ask_for("a.example.org", 16);
		question.data[1] = (uint8_t)i;
		send_framed(fd);
		run_due();
	}
	for (unsigned i = 0; i < 30; i++) {
		read_framed(fd);
		assert_int_equal(view.id, 0x1200 | i);
		assert_int_equal(view.counts[1], 1000);
	}
	close(fd);
	run_until(door.count == 0);
}

static void what_is_no_question_ends_the_connection(void **state)
{
	static const uint8_t too_long[] = {0xff, 0xff, 0}, empty[] = {0, 0},
			     response[14] = {0, 12, 0x12, 0x34, 0x80};
	const struct {
		const uint8_t *bytes;
		size_t len;
	} cases[] = {{too_long, 3}, {empty, 2}, {response, 14}};

	(void)state;
	set_up_door(8, 8, 10000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = knock(1);

		assert_int_equal(
			send(fd, cases[i].bytes, cases[i].len, MSG_NOSIGNAL), cases[i].len);
		run_until(ended(fd));
		close(fd);
	}
	assert_int_equal(door.count, 0);
}

static void idle_connections_end(void **state)
{
	int silent, slow;

	(void)state;
	set_up_door(8, 8, 30);
	silent = knock(1);
	slow = knock(1);
	assert_int_equal(send(slow, "\0\x1d\x12", 3, MSG_NOSIGNAL), 3);
	run_until(door.count == 0);
	assert_true(ended(silent) && ended(slow));
	close(silent);
	close(slow);
}

static void who_goes_on_asking_stays(void **state)
{
	int64_t idle_ms = 400, end = acmems_clock_ms() + 2 * idle_ms + 100;
	int fd;

	(void)state;
	set_up_door(8, 8, idle_ms);
	fd = knock(1);
	ask_for("example.org", 6);
	while (acmems_clock_ms() < end) {
		send_framed(fd);
		read_framed(fd);
	}
	assert_int_equal(door.count, 1);
	close(fd);
	run_until(door.count == 0);
}

static void the_quietest_goes_first(void **state)
{
	int first, second, third, fourth;

	(void)state;
	set_up_door(3, 2, 10000);
	first = knock(1);
	second = knock(1);
	ask_for("example.org", 6);
	send_framed(first);
	read_framed(first);
	/* one address: the first has been heard of later */
	third = knock(1);
	assert_int_equal(door.count, 2);
	assert_true(ended(second));
	/* all together */
	send_framed(first);
	read_framed(first);
	fourth = knock(2);
	assert_int_equal(door.count, 3);
	close(knock(3));
	assert_int_equal(door.count, 3);
	assert_true(ended(third));
	tcp_door_cut(&door);
	close(first);
	close(second);
	close(third);
	close(fourth);
}

static int setup_door(void **state)
{
	struct acmems_error err = {0};

	return unit_loop_setup(state) != 0 || !zone_init(&zone, &plain, 1, &err);
}

static int teardown_door(void **state)
{
	tcp_door_cut(&door);
	zone_fini(&zone);
	return unit_loop_teardown(state);
}

#define with_loop(test) cmocka_unit_test_setup_teardown(test, unit_loop_setup, teardown)
#define with_door(test) cmocka_unit_test_setup_teardown(test, setup_door, teardown_door)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_loop(both_protocols_are_answered),
		with_loop(only_open_servers_are_asked),
		with_loop(servers_share_an_address),
		with_loop(the_last_one_closes_the_address),
		with_loop(answers_leave_from_where_questions_came_to),
		with_loop(what_was_told_is_known),
		with_loop(ipv6_is_apart_from_ipv4),
		with_loop(what_can_not_be_listened_on_is_said),
		with_loop(garbage_does_no_harm),
		with_loop(who_asks_very_often_is_sent_to_tcp),
		with_door(questions_may_come_in_a_row),
		with_door(questions_may_come_byte_by_byte),
		with_door(who_does_not_read_is_not_read),
		with_door(what_is_no_question_ends_the_connection),
		with_door(idle_connections_end),
		with_door(who_goes_on_asking_stays),
		with_door(the_quietest_goes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
