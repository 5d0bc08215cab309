/* SPDX-License-Identifier: ISC */
/* Real sockets on loopback: what clients send, and what becomes of it. */
#include "temp_dir.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <acmems/http.h>

#include "net/http_server.h"

#define MAX_BODY 1000
#define SIGN "POST /sign HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
#define ROOT "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

/* A server, and what it was asked. */
struct house {
	struct acmems_http_server *server;
	enum { ANSWER, KEEP, DECLINE, TWICE, ANSWER_AND_DECLINE, FREE_SELF } mood;
	unsigned asked;
	unsigned gone;
	uint64_t last;
	char path[64];
	char body[64];
	struct acmems_address peer;
};

struct client {
	int fd;
	bool ended;
	size_t len;
	char data[8192];
};

static enum acmems_http_taken on_request(void *arg, struct acmems_http_request *request)
{
	struct house *house = arg;
	uint64_t id = acmems_http_request_id(request);
	size_t len = 0;
	const void *body = acmems_http_request_body(request, &len);

	house->asked++;
	house->last = id;
	house->peer = *acmems_http_request_peer(request);
	snprintf(house->path, sizeof(house->path), "%s", acmems_http_request_path(request));
	snprintf(house->body, sizeof(house->body), "%.*s", (int)len, len ? (const char *)body : "");
	assert_ptr_equal(acmems_http_request_find(id), request);
	switch (house->mood) {
	case DECLINE:
		return ACMEMS_HTTP_DECLINED;
	case KEEP:
		return ACMEMS_HTTP_TAKEN;
	case TWICE:
		assert_true(acmems_http_reply(id, 200, NULL, 0, "first", 5));
		assert_null(acmems_http_request_find(id));
		assert_false(acmems_http_reply(id, 200, NULL, 0, "second", 6));
		return ACMEMS_HTTP_TAKEN;
	case FREE_SELF:
		acmems_http_server_free(house->server);
		house->server = NULL;
		return ACMEMS_HTTP_DECLINED;
	case ANSWER:
	case ANSWER_AND_DECLINE:
		break;
	}
	assert_true(acmems_http_reply(id, 200, NULL, 0, house->path, strlen(house->path)));
	return house->mood == ANSWER ? ACMEMS_HTTP_TAKEN : ACMEMS_HTTP_DECLINED;
}

static void on_gone(void *arg)
{
	struct house *house = arg;

	assert_null(acmems_http_request_find(house->last));
	house->gone++;
}

static uint16_t open_with(
	struct house *house, char *listen, struct acmems_http_server_config config)
{
	char *texts[] = {listen, NULL};
	struct acmems_error err = {0};

	config.room = "test";
	config.listen = texts;
	config.max_body = config.max_body ? config.max_body : MAX_BODY;
	config.handler = on_request;
	config.arg = house;
	house->server = acmems_http_server_new(&config, &err);
	if (!house->server)
		fail_msg("%s", err.message);
	acmems_http_server_open(house->server);
	return http_server_port(house->server, 0);
}

static uint16_t open_house(struct house *house)
{
	char any[] = "127.0.0.1:0";

	return open_with(house, any, (struct acmems_http_server_config){0});
}

/* Everything of a test is gone at its end, counts included. */
static void close_house(struct house *house)
{
	acmems_http_server_free(house->server);
	house->server = NULL;
}

static int setup(void **state)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	return unit_loop_setup(state);
}

static int teardown(void **state)
{
	run_until(http_server_connections() == 0);
	assert_int_equal(http_server_pending(), 0);
	http_server_fini();
	return unit_loop_teardown(state);
}

static int dial_from(uint16_t port, const char *from)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in own = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, from, &own.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

static struct client dial(uint16_t port)
{
	return (struct client){.fd = dial_from(port, "127.0.0.1")};
}

static void say(struct client *client, const char *text)
{
	assert_int_equal(send(client->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads what is there; true when the server has ended the connection. */
static bool hear(struct client *client)
{
	while (!client->ended) {
		ssize_t got = recv(client->fd, client->data + client->len,
			sizeof(client->data) - 1 - client->len, MSG_DONTWAIT);

		if (got < 0 && errno == EAGAIN)
			return false;
		if (got <= 0)
			client->ended = true;
		else
			client->len += (size_t)got;
		client->data[client->len] = '\0';
	}
	return true;
}

static bool heard(struct client *client, const char *text)
{
	hear(client);
	return strstr(client->data, text) != NULL;
}

static void hang_up(struct client *client)
{
	close(client->fd);
}

/* One request, one answer, and whether the connection is closed then. */
static void ask(uint16_t port, const char *text, const char *answer, bool closed)
{
	struct client client = dial(port);

	say(&client, text);
	run_until(heard(&client, "\r\n\r\n"));
	if (strncmp(client.data + 9, answer, strlen(answer)) != 0)
		fail_msg("\"%s\" got \"%s\", not %s", text, client.data, answer);
	if (closed)
		run_until(hear(&client));
	else
		assert_false(hear(&client));
	hang_up(&client);
}

static void requests_are_answered(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);

	(void)state;
	ask(port, SIGN, "200", false);
	assert_string_equal(house.path, "/sign");
	assert_string_equal(house.body, "abc");
	assert_int_equal(house.peer.family, ACMEMS_IPV4);
	assert_int_equal(house.peer.bytes[0], 127);
	ask(port, "GET /x?y HTTP/1.0\r\n\r\n", "200", true);
	assert_string_equal(house.path, "/x");
	ask(port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200", true);
	close_house(&house);
}

static void bad_requests_are_refused_and_cut(void **state)
{
	static const struct {
		const char *text;
		const char *answer;
	} rows[] = {
		{"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "411"},
		{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "411"},
		{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
			"411"},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
			"400"},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc", "4"},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", "400"},
		{"GET / HTTP/1.1\r\n\r\n", "400"},
		{"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "400"},
		{"GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", "400"},
		{"GET / HTTP/1.9\r\nHost: x\r\n\r\n", "400"},
		{"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		{"GET /\x80 HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		{"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "501"},
		{"rubbish\r\n\r\n", "400"},
	};
	struct house house = {0};
	uint16_t port = open_house(&house);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ask(port, rows[i].text, rows[i].answer, true);
	assert_int_equal(house.asked, 0);
	close_house(&house);
}

static void headers_are_bounded(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	char text[10000];
	int len = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\n");

	(void)state;
	for (int i = 0; i < 64; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "X: y\r\n");
	snprintf(text + len, sizeof(text) - (size_t)len, "\r\n");
	ask(port, text, "400", true);
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\nX: %09000d\r\n\r\n", 1);
	ask(port, text, "400", true);
	assert_int_equal(house.asked, 0);
	close_house(&house);
}

/* The 413 has to arrive although the rest of the body is still on its way. */
static void a_large_body_is_told_so(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	struct client client = dial(port);
	static char body[50001];

	(void)state;
	memset(body, 'a', sizeof(body) - 1);
	say(&client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n");
	say(&client, body);
	run_until(hear(&client));
	assert_int_equal(strncmp(client.data + 9, "413", 3), 0);
	hang_up(&client);
	close_house(&house);
}

static void expectations_are_met(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	struct client client = dial(port);

	(void)state;
	say(&client,
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	run_until(heard(&client, "100 Continue"));
	say(&client, "abc");
	run_until(heard(&client, " 200 "));
	assert_string_equal(house.body, "abc");
	hang_up(&client);
	close_house(&house);
}

static void heads_have_no_body(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	struct client client = dial(port);

	(void)state;
	say(&client, "HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
	run_until(heard(&client, "\r\n\r\n"));
	assert_true(heard(&client, "Content-Length: 4\r\n"));
	assert_string_equal(strstr(client.data, "\r\n\r\n"), "\r\n\r\n");
	hang_up(&client);
	close_house(&house);
}

static void late_answers_arrive(void **state)
{
	static const struct acmems_http_header header = {.name = "X-Late", .value = "yes"};
	struct house house = {.mood = KEEP};
	uint16_t port = open_house(&house);
	struct client client = dial(port);

	(void)state;
	say(&client, SIGN);
	run_until(house.asked == 1);
	assert_int_equal(http_server_pending(), 1);
	acmems_http_request_on_gone(house.last, on_gone, &house);
	/* more bytes while it is being answered must harm nobody */
	say(&client, ROOT "x");
	run_due();
	house.mood = ANSWER;
	assert_true(acmems_http_reply(house.last, 404, &header, 1, "late", 4));
	assert_false(acmems_http_reply(house.last, 200, NULL, 0, NULL, 0));
	run_until(hear(&client));
	assert_non_null(strstr(client.data, " 404 "));
	assert_non_null(strstr(client.data, "X-Late: yes\r\n"));
	assert_non_null(strstr(client.data, "Connection: close\r\n"));
	assert_int_equal(house.gone, 0);
	hang_up(&client);
	close_house(&house);
}

static void pipelined_requests_are_answered_in_turn(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	struct client client = dial(port);

	(void)state;
	say(&client, SIGN SIGN "GET /last HTTP/1.0\r\n\r\n");
	run_until(hear(&client));
	assert_int_equal(house.asked, 3);
	assert_non_null(strstr(client.data, "/last"));
	hang_up(&client);
	close_house(&house);
}

static void clients_that_leave_are_noticed(void **state)
{
	struct house house = {.mood = KEEP};
	uint16_t port = open_house(&house);
	struct client client = dial(port);

	(void)state;
	say(&client, SIGN);
	run_until(house.asked == 1);
	acmems_http_request_on_gone(house.last, on_gone, &house);
	run_due();
	assert_int_equal(house.gone, 0);
	hang_up(&client);
	run_until(house.gone == 1);
	assert_false(acmems_http_reply(house.last, 200, NULL, 0, "late", 4));
	assert_int_equal(http_server_pending(), 0);
	run_until(http_server_connections() == 0);
	assert_int_equal(house.gone, 1);
	/* gone already: nothing comes, nothing breaks */
	acmems_http_request_on_gone(house.last, on_gone, &house);
	close_house(&house);
}

static void unwatched_clients_may_leave(void **state)
{
	struct house house = {.mood = KEEP};
	uint16_t port = open_house(&house);
	struct client client = dial(port);
	struct linger reset = {.l_onoff = 1};

	(void)state;
	say(&client, SIGN);
	run_until(house.asked == 1);
	setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	hang_up(&client);
	run_due();
	assert_true(acmems_http_reply(house.last, 200, NULL, 0, "late", 4));
	run_until(http_server_connections() == 0);
	close_house(&house);
}

static void odd_replies_become_faults(void **state)
{
	static const struct acmems_http_header header = {
		.name = "X", .value = "a\r\nSet-Cookie: b"};
	struct house house = {.mood = KEEP};
	uint16_t port = open_house(&house);
	struct client client = dial(port);

	(void)state;
	say(&client, SIGN);
	run_until(house.asked == 1);
	assert_true(acmems_http_reply(house.last, 200, &header, 1, "x", 1));
	run_until(hear(&client));
	assert_non_null(strstr(client.data, " 500 "));
	assert_null(strstr(client.data, "Cookie"));
	hang_up(&client);
	close_house(&house);
}

static void numbers_are_never_mistaken(void **state)
{
	struct house house = {.mood = TWICE};
	uint16_t port = open_house(&house);
	uint64_t first;

	(void)state;
	ask(port, SIGN, "200", false);
	first = house.last;
	ask(port, SIGN, "200", false);
	assert_true(house.last != first);
	assert_null(acmems_http_request_find(first));
	assert_null(acmems_http_request_find(0));
	assert_null(acmems_http_request_find(UINT64_MAX));
	assert_false(acmems_http_reply(first, 200, NULL, 0, NULL, 0));
	close_house(&house);
}

static void a_trickle_is_cut_at_the_deadline(void **state)
{
	struct house house = {0};
	char any[] = "127.0.0.1:0";
	uint16_t port =
		open_with(&house, any, (struct acmems_http_server_config){.deadline_ms = 300});
	struct client client = dial(port);
	int64_t begin = acmems_clock_ms();

	(void)state;
	say(&client, "GET / HTTP/1.1\r\nX: ");
	for (int64_t sent = 0; !hear(&client); loop_run_once(20)) {
		int64_t now = acmems_clock_ms();

		assert_true(now - begin < unit_patience_ms());
		if (now - sent >= 20) {
			send(client.fd, "a", 1, MSG_NOSIGNAL);
			sent = now;
		}
	}
	assert_true(acmems_clock_ms() - begin >= 250);
	assert_int_equal(house.asked, 0);
	hang_up(&client);
	close_house(&house);
}

static void idle_connections_are_cut_but_not_waiting_ones(void **state)
{
	struct house house = {.mood = KEEP};
	char any[] = "127.0.0.1:0";
	uint16_t port =
		open_with(&house, any, (struct acmems_http_server_config){.deadline_ms = 100});
	struct client waiting = dial(port), idle = dial(port);
	int64_t begin;

	(void)state;
	say(&waiting, SIGN);
	run_until(house.asked == 1);
	run_until(hear(&idle));
	begin = acmems_clock_ms();
	run_until(acmems_clock_ms() - begin > 250);
	assert_false(hear(&waiting));
	assert_true(acmems_http_reply(house.last, 200, NULL, 0, "late", 4));
	run_until(heard(&waiting, "late"));
	/* the next request has its deadline again */
	run_until(hear(&waiting));
	hang_up(&waiting);
	hang_up(&idle);
	close_house(&house);
}

static void an_endless_chunk_line_is_cut(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	struct client client = dial(port);
	static char ones[65536];
	size_t sent = 0;

	(void)state;
	memset(ones, '1', sizeof(ones));
	say(&client, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (!hear(&client)) {
		ssize_t got = send(client.fd, ones, sizeof(ones), MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += got > 0 ? (size_t)got : 0;
		assert_true(sent < 32u << 20);
		loop_run_once(10);
	}
	assert_int_equal(house.asked, 0);
	hang_up(&client);
	close_house(&house);
}

static unsigned count_ended(struct client *clients, unsigned count)
{
	unsigned ended = 0;

	for (unsigned i = 0; i < count; i++)
		ended += hear(&clients[i]);
	return ended;
}

static void connections_are_capped(void **state)
{
	struct house house = {0};
	char any[] = "127.0.0.1:0";
	uint16_t port =
		open_with(&house, any, (struct acmems_http_server_config){.max_connections = 5});
	static struct client clients[12];

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		clients[i] = dial(port);
	run_until(count_ended(clients, 12) == 7);
	run_due();
	assert_int_equal(count_ended(clients, 12), 7);
	assert_int_equal(http_server_connections(), 5);
	for (unsigned i = 0; i < 12; i++)
		hang_up(&clients[i]);
	run_until(http_server_connections() == 0);
	ask(port, ROOT, "200", false);
	close_house(&house);
}

/* Who sits on connections does not keep others out, and who waits for an answer is not put out. */
static void the_quietest_make_room(void **state)
{
	struct house house = {.mood = KEEP};
	char any[] = "127.0.0.1:0";
	uint16_t port =
		open_with(&house, any, (struct acmems_http_server_config){.max_connections = 3});
	struct client waiting = dial(port), lately, quiet, latest, surplus;
	uint64_t kept[3];

	(void)state;
	say(&waiting, ROOT);
	run_until(house.asked == 1);
	kept[0] = house.last;
	house.mood = ANSWER;
	lately = dial(port);
	run_until(http_server_connections() == 2);
	quiet = dial(port);
	run_until(http_server_connections() == 3);
	say(&lately, ROOT);
	run_until(heard(&lately, " 200 "));
	latest = dial(port);
	run_until(hear(&quiet));
	say(&latest, ROOT);
	run_until(heard(&latest, " 200 "));
	assert_false(hear(&lately));
	assert_false(hear(&waiting));
	run_until(http_server_connections() == 3);
	/* when all wait for answers there is no room to be made */
	house.mood = KEEP;
	say(&lately, ROOT);
	run_until(house.asked == 4);
	kept[1] = house.last;
	say(&latest, ROOT);
	run_until(house.asked == 5);
	kept[2] = house.last;
	surplus = dial(port);
	run_until(hear(&surplus));
	for (int i = 0; i < 3; i++)
		assert_true(acmems_http_reply(kept[i], 200, NULL, 0, "late", 4));
	run_until(heard(&waiting, "late") && heard(&lately, "late") && heard(&latest, "late"));
	hang_up(&waiting);
	hang_up(&lately);
	hang_up(&quiet);
	hang_up(&latest);
	hang_up(&surplus);
	close_house(&house);
}

static void connections_of_one_address_are_capped(void **state)
{
	struct house house = {0};
	char any[] = "127.0.0.1:0";
	uint16_t port =
		open_with(&house, any, (struct acmems_http_server_config){.max_per_address = 3});
	static struct client clients[6];
	struct client other = {.fd = dial_from(port, "127.0.0.2")};

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		clients[i] = dial(port);
	run_until(count_ended(clients, 6) == 3);
	say(&other, ROOT);
	run_until(heard(&other, " 200 "));
	assert_int_equal(count_ended(clients, 6), 3);
	for (unsigned i = 0; i < 6; i++)
		hang_up(&clients[i]);
	hang_up(&other);
	run_until(http_server_connections() == 0);
	ask(port, ROOT, "200", false);
	close_house(&house);
}

/* Two servers on one address. */
static void the_newest_is_asked_first(void **state)
{
	struct house older = {0}, newer = {.mood = DECLINE};
	uint16_t port = open_house(&older);
	char same[32];

	(void)state;
	snprintf(same, sizeof(same), "127.0.0.1:%u", port);
	ask(port, ROOT, "200", false);
	assert_int_equal(open_with(&newer, same, (struct acmems_http_server_config){0}), port);
	ask(port, ROOT, "200", false);
	assert_int_equal(newer.asked, 1);
	assert_int_equal(older.asked, 2);
	newer.mood = ANSWER;
	ask(port, ROOT, "200", false);
	assert_int_equal(older.asked, 2);
	newer.mood = ANSWER_AND_DECLINE;
	ask(port, ROOT, "200", false);
	assert_int_equal(older.asked, 2);
	newer.mood = older.mood = DECLINE;
	ask(port, ROOT, "404", true);
	/* an older one goes: the address stays */
	close_house(&older);
	newer.mood = ANSWER;
	ask(port, ROOT, "200", false);
	close_house(&newer);
}

static void a_server_may_be_freed_by_its_handler(void **state)
{
	struct house older = {0}, newer = {.mood = FREE_SELF};
	uint16_t port = open_house(&older);
	char same[32];

	(void)state;
	snprintf(same, sizeof(same), "127.0.0.1:%u", port);
	open_with(&newer, same, (struct acmems_http_server_config){0});
	ask(port, ROOT, "200", false);
	assert_null(newer.server);
	assert_int_equal(older.asked, 1);
	older.mood = FREE_SELF;
	ask(port, ROOT, "404", true);
}

static void bounds_are_those_of_the_newest(void **state)
{
	struct house older = {0}, newer = {0};
	uint16_t port = open_house(&older);
	char same[32];

	(void)state;
	snprintf(same, sizeof(same), "127.0.0.1:%u", port);
	open_with(&newer, same, (struct acmems_http_server_config){.max_body = 2});
	ask(port, SIGN, "413", true);
	close_house(&newer);
	ask(port, SIGN, "200", false);
	close_house(&older);
}

static void taken_requests_outlive_their_server(void **state)
{
	struct house house = {.mood = KEEP};
	uint16_t port = open_house(&house);
	struct client client = dial(port), idle = dial(port);
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	say(&client, SIGN);
	run_until(house.asked == 1);
	close_house(&house);
	run_until(hear(&idle));
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), -1);
	assert_int_equal(http_server_pending(), 1);
	assert_true(acmems_http_reply(house.last, 200, NULL, 0, "late", 4));
	run_until(hear(&client));
	assert_non_null(strstr(client.data, "late"));
	assert_non_null(strstr(client.data, "Connection: close"));
	close(fd);
	hang_up(&client);
	hang_up(&idle);
	run_until(http_server_connections() == 0);
}

static void the_end_cuts_what_is_pending(void **state)
{
	struct house house = {.mood = KEEP};
	uint16_t port = open_house(&house);
	struct client client = dial(port), fresh;

	(void)state;
	say(&client, SIGN);
	run_until(house.asked == 1);
	acmems_http_request_on_gone(house.last, on_gone, &house);
	fresh = dial(port);
	close_house(&house);
	http_server_fini();
	assert_false(acmems_http_reply(house.last, 200, NULL, 0, "late", 4));
	assert_int_equal(http_server_connections(), 0);
	assert_int_equal(house.gone, 0);
	hang_up(&client);
	hang_up(&fresh);
}

static void a_closed_server_is_offered_nothing(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	char same[32], *texts[] = {same, NULL};
	struct house shut = {0};
	struct acmems_http_server_config config = {
		.listen = texts, .max_body = 1, .handler = on_request, .arg = &shut};
	struct acmems_error err = {0};

	(void)state;
	snprintf(same, sizeof(same), "127.0.0.1:%u", port);
	shut.server = acmems_http_server_new(&config, &err);
	assert_non_null(shut.server);
	ask(port, SIGN, "200", false);
	assert_int_equal(shut.asked, 0);
	close_house(&shut);
	close_house(&house);
}

static void a_bad_address_leaves_nothing_open(void **state)
{
	char good[] = "127.0.0.1:0", bad[] = "192.0.2.1:1", *texts[] = {good, bad, NULL};
	struct acmems_http_server_config config = {.listen = texts, .handler = on_request};
	struct acmems_error err = {0};

	(void)state;
	assert_null(acmems_http_server_new(&config, &err));
	assert_non_null(strstr(err.message, "192.0.2.1:1"));
}

static void unix_sockets_are_served(void **state)
{
	struct house house = {0};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct client client = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	char text[128];

	assert_int_equal(temp_dir_setup(state), 0);
	snprintf(text, sizeof(text), "unix:%s", temp_path("s"));
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", temp_path("s"));
	assert_int_equal(open_with(&house, text, (struct acmems_http_server_config){0}), 0);
	assert_int_equal(connect(client.fd, (struct sockaddr *)&un, sizeof(un)), 0);
	say(&client, SIGN);
	run_until(heard(&client, " 200 "));
	assert_int_equal(house.peer.family, ACMEMS_LOCAL);
	hang_up(&client);
	close_house(&house);
	assert_int_equal(access(un.sun_path, F_OK), -1);
	assert_int_equal(temp_dir_teardown(state), 0);
}

/* In a child: a table of descriptors that is full. Clients dial from there, as they need theirs. */
static int without_descriptors(struct house *house, uint16_t port)
{
	struct rlimit limit = {.rlim_cur = 64, .rlim_max = 64};
	struct client clients[80];
	unsigned count = 0, rounds = 0;
	int64_t begin;

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	/* as many clients as there is room for; then accepting has none */
	for (; count < 80; count++) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		clients[count] = (struct client){.fd = socket(AF_INET, SOCK_STREAM, 0)};
		if (clients[count].fd < 0)
			break;
		if (connect(clients[count].fd, (struct sockaddr *)&in, sizeof(in)) < 0)
			return 2;
	}
	begin = acmems_clock_ms();
	for (; acmems_clock_ms() - begin < 700; rounds++)
		loop_run_once(20);
	/* a round ends early when something happens; spinning would be thousands */
	if (rounds > 300)
		return 3;
	for (unsigned i = 0; i < count; i++)
		hang_up(&clients[i]);
	begin = acmems_clock_ms();
	while (http_server_connections() > 0 && acmems_clock_ms() - begin < 5000)
		loop_run_once(20);
	clients[0] = dial(port);
	say(&clients[0], ROOT);
	while (!heard(&clients[0], " 200 ") && acmems_clock_ms() - begin < 9000)
		loop_run_once(20);
	return house->asked == 1 ? 0 : 4;
}

static void a_lack_of_descriptors_does_not_spin(void **state)
{
	pid_t child = fork();
	int status = -1;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct acmems_error err = {0};
		struct house house = {0};

		/* a loop of its own: that of the parent would share its epoll */
		_exit(loop_init(&err) ? without_descriptors(&house, open_house(&house)) : 9);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(requests_are_answered),
		WITH_LOOP(bad_requests_are_refused_and_cut),
		WITH_LOOP(headers_are_bounded),
		WITH_LOOP(a_large_body_is_told_so),
		WITH_LOOP(expectations_are_met),
		WITH_LOOP(heads_have_no_body),
		WITH_LOOP(late_answers_arrive),
		WITH_LOOP(pipelined_requests_are_answered_in_turn),
		WITH_LOOP(clients_that_leave_are_noticed),
		WITH_LOOP(unwatched_clients_may_leave),
		WITH_LOOP(odd_replies_become_faults),
		WITH_LOOP(numbers_are_never_mistaken),
		WITH_LOOP(a_trickle_is_cut_at_the_deadline),
		WITH_LOOP(idle_connections_are_cut_but_not_waiting_ones),
		WITH_LOOP(an_endless_chunk_line_is_cut),
		WITH_LOOP(connections_are_capped),
		WITH_LOOP(the_quietest_make_room),
		WITH_LOOP(connections_of_one_address_are_capped),
		WITH_LOOP(the_newest_is_asked_first),
		WITH_LOOP(a_server_may_be_freed_by_its_handler),
		WITH_LOOP(bounds_are_those_of_the_newest),
		WITH_LOOP(taken_requests_outlive_their_server),
		WITH_LOOP(the_end_cuts_what_is_pending),
		WITH_LOOP(a_closed_server_is_offered_nothing),
		WITH_LOOP(a_bad_address_leaves_nothing_open),
		WITH_LOOP(unix_sockets_are_served),
		cmocka_unit_test(a_lack_of_descriptors_does_not_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
