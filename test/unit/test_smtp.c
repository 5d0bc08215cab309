/* SPDX-License-Identifier: ISC */
/* test_smtp.c - mails to a server on paper: one thread, nothing left open, whenever it ends. */
#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <acmems/smtp.h>

#include "net/http_client.h"
#include "net/resolver.h"
#include "paper_dns.h"

/* ---- the server ---- */

/* It answers the n-th line with the n-th text; the message counts as one line. NULL: no more. */
static struct {
	const char *const *script;
	size_t at;
	bool closes; /* after the last text */
	bool deaf; /* then it does not even read */
	bool in_data;
	int fd;
	int conn;
	uint16_t port;
	struct acmems_watch *watch;
	struct acmems_watch *conn_watch;
	unsigned ended; /* connections that came to their end */
	char heard[400000];
	size_t len;
	size_t looked; /* of heard */
} server;

static struct paper_dns dns;
static const char *const home[] = {"127.0.0.1", NULL};

static void hang_up(void)
{
	acmems_watch_free(server.conn_watch);
	server.conn_watch = NULL;
	if (server.conn >= 0)
		close(server.conn);
	server.conn = -1;
	server.ended++;
}

static void answer(void)
{
	const char *text = server.script[server.at];

	if (text) {
		server.at++;
		server.in_data = strncmp(text, "354", 3) == 0;
		assert_int_equal(write(server.conn, text, strlen(text)), strlen(text));
	}
	if (!server.script[server.at] && server.closes)
		hang_up();
}

static void look(void)
{
	while (server.conn >= 0 && server.script[server.at]) {
		const char *from = server.heard + server.looked;
		const char *end = strstr(from, server.in_data ? "\r\n.\r\n" : "\r\n");

		if (!end)
			return;
		server.looked += (size_t)(end - from) + (server.in_data ? 5 : 2);
		answer();
	}
}

static void on_data(void *arg, int fd, unsigned ready)
{
	size_t room = sizeof(server.heard) - server.len - 1;
	ssize_t got;

	(void)arg;
	(void)ready;
	if (server.deaf && !server.script[server.at]) {
		acmems_watch_free(server.conn_watch);
		server.conn_watch = NULL;
		return;
	}
	got = read(fd, server.heard + server.len, room < 4096 ? room : 4096);
	if (got <= 0) {
		hang_up();
		return;
	}
	server.len += (size_t)got;
	server.heard[server.len] = '\0';
	look();
}

static void on_connection(void *arg, int fd, unsigned ready)
{
	struct acmems_error err = {0};

	(void)arg;
	(void)ready;
	assert_int_equal(server.conn, -1);
	server.conn = accept(fd, NULL, NULL);
	assert_true(server.conn >= 0);
	server.conn_watch = acmems_watch_new(server.conn, ACMEMS_READ, on_data, NULL, &err);
	assert_non_null(server.conn_watch);
	answer();
}

static int setup(void **state)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	struct acmems_error err = {0};

	sigaction(SIGPIPE, &ignore, NULL);
	if (unit_loop_setup(state) != 0)
		return -1;
	memset(&server, 0, sizeof(server));
	server.conn = -1;
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(server.fd, (struct sockaddr *)&address, len) != 0 || listen(server.fd, 5) != 0 ||
		getsockname(server.fd, (struct sockaddr *)&address, &len) != 0)
		return -1;
	server.port = ntohs(address.sin_port);
	server.watch = acmems_watch_new(server.fd, ACMEMS_READ, on_connection, NULL, &err);
	paper_dns_init(&dns);
	dns.a = home;
	return server.watch ? 0 : -1;
}

static int teardown(void **state)
{
	hang_up();
	acmems_watch_free(server.watch);
	close(server.fd);
	http_client_fini();
	resolver_fini();
	paper_dns_fini(&dns);
	return unit_loop_teardown(state);
}

/* ---- mails ---- */

static const char *const to[] = {"a@example.org", "b@example.org", NULL};
static unsigned done;
static char said[500];
static struct acmems_error failure;

static void on_done(void *arg, const char *words, const struct acmems_error *err)
{
	(void)arg;
	done++;
	assert_true(!words == (err != NULL));
	snprintf(said, sizeof(said), "%s", words ? words : "");
	if (err)
		failure = *err;
}

static uint64_t start(const char *const *script, const char *host, int64_t timeout_ms)
{
	char url[100];
	struct acmems_error err = {0};
	struct acmems_smtp_call call = {.url = url,
		.from = "me@example.org",
		.to = to,
		.message = "Subject: x\r\n\r\n.\r\n",
		.message_len = 17,
		.timeout_ms = timeout_ms};
	uint64_t id;

	done = 0;
	failure = (struct acmems_error){0};
	server.script = script;
	server.at = server.len = server.looked = 0;
	snprintf(url, sizeof(url), "smtp://%s:%u", host, server.port);
	id = acmems_smtp_start(&call, on_done, NULL, &err);
	assert_true(id != 0);
	assert_int_equal(done, 0);
	return id;
}

static const char *const good[] = {"220 hi\r\n", "250-me\r\n250 SIZE 1000\r\n", "250 from\r\n",
	"250 one\r\n", "250 two\r\n", "354 go\r\n", "250 2.0.0 taken\r\n", "221 bye\r\n", NULL};

static unsigned threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned count = 0;

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void test_taken(void **state)
{
	(void)state;
	server.closes = true;
	for (int i = 0; i < 2; i++) {
		start(good, i ? "mail.example" : "127.0.0.1", 0);
		run_until(done);
		assert_int_equal(failure.code, ACMEMS_OK);
		assert_string_equal(said, "250 2.0.0 taken");
		run_until(server.ended == (unsigned)i + 1);
		assert_non_null(strstr(server.heard,
			"\r\nMAIL FROM:<me@example.org>\r\nRCPT TO:<a@example.org>\r\n"
			"RCPT TO:<b@example.org>\r\nDATA\r\nSubject: "
			"x\r\n\r\n..\r\n.\r\nQUIT\r\n"));
	}
	run_due();
	assert_int_equal(done, 1);
}

/* The good script up to a step, where the connection stays as it is. */
#define STEPS 7
static const char *script[STEPS + 3];

static void script_until(size_t step)
{
	memcpy(script, good, sizeof(good));
	script[step] = NULL;
}

/* The outcome does not wait for the farewell, and the connection goes without one in the end. */
static void test_no_farewell(void **state)
{
	(void)state;
	script_until(STEPS);
	start(script, "127.0.0.1", 0);
	run_until(done);
	assert_int_equal(server.ended, 0);
	assert_string_equal(said, "250 2.0.0 taken");
	http_client_fini();
	run_until(server.ended == 1);
	assert_non_null(strstr(server.heard, "QUIT\r\n"));
	/* that takes longer than a hurried test has */
	if (unit_patience_ms() < 5000)
		return;
	start(script, "127.0.0.1", 0);
	run_until(done && server.ended == 2);
}

static void test_no(void **state)
{
	(void)state;
	server.closes = true;
	for (unsigned step = 0; step < STEPS; step++) {
		script_until(step);
		script[step] = "451 4.3.0 not now\r\n";
		/* a HELO comes after an EHLO that is refused */
		script[step + 1] = step == 1 ? script[step] : "221 bye\r\n";
		script[step + 2] = NULL;
		start(script, "127.0.0.1", 0);
		run_until(done && server.ended > step);
		assert_int_equal(failure.code, ACMEMS_UNAVAILABLE);
		assert_non_null(strstr(failure.message, "127.0.0.1: "));
		assert_non_null(strstr(failure.message, "451 4.3.0 not now"));
	}
}

static void test_closed(void **state)
{
	(void)state;
	server.closes = true;
	for (unsigned step = 1; step <= STEPS; step++) {
		script_until(step);
		start(script, "127.0.0.1", 0);
		run_until(done && server.ended == step);
		assert_int_equal(failure.code, step == STEPS ? ACMEMS_OK : ACMEMS_UNAVAILABLE);
	}
}

static void test_unreachable(void **state)
{
	uint16_t port = server.port;
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	/* bound, but nobody listens */
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	server.port = ntohs(address.sin_port);
	start(good, "127.0.0.1", 0);
	run_until(done);
	assert_int_equal(failure.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(failure.message, "127.0.0.1: "));
	close(fd);
	/* what the failure says is not handed on to the next */
	server.port = port;
	server.closes = true;
	start(good, "127.0.0.1", 0);
	run_until(done && server.ended == 1);
	assert_int_equal(failure.code, ACMEMS_OK);
}

static void test_silent(void **state)
{
	(void)state;
	for (unsigned step = 0; step < STEPS; step++) {
		script_until(step);
		start(script, "127.0.0.1", 120);
		assert_int_equal(threads(), 1);
		run_until(done && server.ended > step);
		assert_int_equal(failure.code, ACMEMS_TIMEOUT);
	}
}

static void test_cancelled(void **state)
{
	(void)state;
	acmems_smtp_cancel(start(good, "127.0.0.1", 0));
	acmems_smtp_cancel(start(good, "mail.example", 0));
	run_due();
	assert_int_equal(server.ended, 0);
	for (unsigned step = 0; step < STEPS; step++) {
		uint64_t id;

		script_until(step);
		id = start(script, "127.0.0.1", 0);
		run_until(server.at == step && server.conn >= 0);
		run_due();
		acmems_smtp_cancel(id);
		run_until(server.ended > step);
		run_due();
		assert_int_equal(done, 0);
	}
}

/* A server that does not read holds up nobody, and costs nothing but the deadline. */
static void test_deaf(void **state)
{
	struct acmems_error err = {0};
	size_t len = 16 << 20;
	char *message = malloc(len), url[100];
	struct acmems_smtp_call call = {.url = url,
		.from = "me@example.org",
		.to = to,
		.message = message,
		.message_len = len,
		.timeout_ms = 500};
	unsigned turns = 0;

	(void)state;
	assert_non_null(message);
	memset(message, 'x', len);
	script_until(6);
	server.script = script;
	server.deaf = true;
	snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", server.port);
	done = 0;
	assert_true(acmems_smtp_start(&call, on_done, NULL, &err) != 0);
	free(message);
	for (; !done; turns++)
		loop_run_once(20);
	assert_int_equal(failure.code, ACMEMS_TIMEOUT);
	assert_non_null(strstr(failure.message, "at the message"));
	/* no turn took all that the sockets have room for, and none was for nothing */
	assert_in_range(turns, 2, 10000);
	hang_up();
}

/* Endless lines, before and after curl hands over. */
static void test_flood(void **state)
{
	static char line[100000], lines[100000];

	(void)state;
	memset(line, '2', sizeof(line) - 1);
	for (size_t i = 0; i + 6 < sizeof(lines); i += 6)
		memcpy(lines + i, "250-x\n", 6);
	for (unsigned step = 0; step < 6; step += 5) {
		script_until(step + 1);
		script[step] = step == 0 ? line : lines;
		start(script, "127.0.0.1", 150);
		run_until(done && server.ended > 0);
		assert_true(failure.code != ACMEMS_OK);
		server.ended = 0;
	}
	assert_non_null(strstr(failure.message, "says too much"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_farewell, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreachable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deaf, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
	};

	return cmocka_run_group_tests_name("smtp", tests, NULL, NULL);
}
