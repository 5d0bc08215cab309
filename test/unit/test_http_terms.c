/* SPDX-License-Identifier: ISC */
/* Real sockets on loopback, with TLS on them and proxies before them. */
#include "temp_dir.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <acmems/http.h>

#include "net/http_server.h"
#include "net/http_terms.h"
#include "x509/key.h"
#include "x509/self_cert.h"

#define ROOT "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define HEADER "PROXY TCP4 203.0.113.7 192.0.2.1 4711 1313\r\n"
#define HELLO "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

struct house {
	struct acmems_http_server *server;
	struct http_terms *terms;
	unsigned asked;
	size_t certs; /* of the last client */
	char peer[ACMEMS_ADDRESS_TEXT_MAX]; /* alike */
};

struct client {
	int fd;
	SSL *ssl; /* NULL: plain */
	bool ended;
	size_t len;
	char data[4096];
};

static char pem[256]; /* certificate and key of both sides, which trust each other */
static SSL_CTX *context;
static int64_t deadline_ms; /* of the next house */

static char *const loopback[] = {(char *)"127.0.0.1", (char *)"10.0.0.0/8", NULL};

/* ---- the house ---- */

static enum acmems_http_taken on_request(void *arg, struct acmems_http_request *request)
{
	struct house *house = arg;
	const struct stack_st_X509 *chain = http_request_chain(request);

	house->asked++;
	house->certs = chain ? (size_t)sk_X509_num(chain) : 0;
	acmems_address_text(acmems_http_request_peer(request), house->peer);
	acmems_http_reply(acmems_http_request_id(request), 200, NULL, 0, "yes", 3);
	return ACMEMS_HTTP_TAKEN;
}

static struct http_terms *terms_of(bool tls, bool trusting, bool proxy_protocol)
{
	const struct tls_files_config files = {.certificate = pem, .key = pem, .client_ca = pem};
	struct acmems_error err = {0};
	struct http_terms *terms = http_terms_new(
		tls ? &files : NULL, trusting ? loopback : NULL, proxy_protocol, &err);

	if (!terms)
		fail_msg("%s", err.message);
	return terms;
}

/* terms: taken over; NULL: none. */
static uint16_t open_at(struct house *house, const char *place, struct http_terms *terms)
{
	char *texts[] = {(char *)place, NULL};
	struct acmems_http_server_config config = {
		.room = "test",
		.listen = texts,
		.max_body = 100,
		.max_per_address = 2,
		.deadline_ms = deadline_ms,
		.handler = on_request,
		.arg = house,
	};
	struct acmems_error err = {0};

	house->server = http_server_new(&config, terms, &err);
	if (!house->server)
		fail_msg("%s", err.message);
	http_terms_drop(terms);
	acmems_http_server_open(house->server);
	return http_server_port(house->server, 0);
}

static uint16_t open_house(struct house *house, bool tls, bool trusting, bool proxy_protocol)
{
	return open_at(house, "127.0.0.1:0", terms_of(tls, trusting, proxy_protocol));
}

static void close_house(struct house *house)
{
	acmems_http_server_free(house->server);
	house->server = NULL;
}

/* ---- the client ---- */

static struct client dial_from(uint16_t port, const char *from)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in own = {.sin_family = AF_INET};
	struct client client = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

	assert_true(client.fd >= 0);
	assert_int_equal(inet_pton(AF_INET, from, &own.sin_addr), 1);
	assert_int_equal(bind(client.fd, (struct sockaddr *)&own, sizeof(own)), 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(client.fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return client;
}

static struct client dial(uint16_t port)
{
	return dial_from(port, "127.0.0.1");
}

static void say(struct client *client, const char *text)
{
	if (client->ssl)
		assert_int_equal(SSL_write(client->ssl, text, (int)strlen(text)), strlen(text));
	else
		send(client->fd, text, strlen(text), MSG_NOSIGNAL);
}

static ssize_t get(struct client *client)
{
	size_t room = sizeof(client->data) - 1 - client->len;
	int got;

	errno = 0;
	if (!client->ssl)
		return recv(client->fd, client->data + client->len, room, MSG_DONTWAIT);
	ERR_clear_error();
	got = SSL_read(client->ssl, client->data + client->len, (int)room);
	errno = SSL_get_error(client->ssl, got) == SSL_ERROR_WANT_READ ? EAGAIN : 0;
	return got;
}

/* Reads what is there; true when the server has ended the connection. */
static bool hear(struct client *client)
{
	while (!client->ended) {
		ssize_t got = get(client);

		if (got <= 0 && errno == EAGAIN)
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

static bool shaken(struct client *client)
{
	int result = SSL_connect(client->ssl);

	return result == 1 || SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ;
}

/* Wraps it in TLS. */
static void shake(struct client *client, bool certified)
{
	assert_int_equal(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
	client->ssl = SSL_new(context);
	assert_non_null(client->ssl);
	SSL_set_fd(client->ssl, client->fd);
	if (certified) {
		assert_int_equal(SSL_use_certificate_file(client->ssl, pem, SSL_FILETYPE_PEM), 1);
		assert_int_equal(SSL_use_PrivateKey_file(client->ssl, pem, SSL_FILETYPE_PEM), 1);
	}
	run_until(shaken(client));
}

static void forget(struct client *client)
{
	client->len = 0;
	client->data[0] = '\0';
}

static void hang_up(struct client *client)
{
	SSL_free(client->ssl);
	close(client->fd);
}

/* ---- TLS ---- */

static void requests_are_answered(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house, true, false, false);

	(void)state;
	for (int certified = 0; certified < 2; certified++) {
		struct client client = dial(port);

		shake(&client, certified);
		for (int i = 0; i < 2; i++) {
			forget(&client);
			say(&client, ROOT);
			run_until(heard(&client, "yes"));
		}
		assert_int_equal(house.certs, certified ? 1 : 0);
		assert_string_equal(house.peer, "127.0.0.1");
		hang_up(&client);
	}
	assert_int_equal(house.asked, 4);
	close_house(&house);
}

/* Errors close the connection, and TLS says so before TCP does. */
static void an_end_is_said(void **state)
{
	struct house house = {0};
	struct client client = dial(open_house(&house, true, false, false));

	(void)state;
	shake(&client, false);
	say(&client, "GET / HTTP/1.9\r\nHost: x\r\n\r\n");
	run_until(hear(&client));
	assert_true(heard(&client, " 400 "));
	assert_true(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN);
	hang_up(&client);
	close_house(&house);
}

static void nobody_is_heard_without_tls(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house, true, false, false);
	struct client client = dial(port);

	(void)state;
	say(&client, ROOT);
	run_until(hear(&client));
	assert_int_equal(house.asked, 0);
	hang_up(&client);
	close_house(&house);
}

static void deadlines_hold_for_handshakes(void **state)
{
	static const char *const texts[] = {"", "\x16", HELLO};
	struct house house = {0};
	uint16_t port;

	(void)state;
	deadline_ms = 120;
	port = open_house(&house, true, false, false);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int64_t start = acmems_clock_ms();
		struct client client = dial(port);

		say(&client, texts[i]);
		run_until(hear(&client));
		assert_true(acmems_clock_ms() - start >= 100);
		hang_up(&client);
	}
	close_house(&house);
}

static void handshakes_under_way_end_with_the_last_server(void **state)
{
	struct house house = {0};
	struct client client = dial(open_house(&house, true, false, false));

	(void)state;
	say(&client, HELLO);
	run_until(http_server_connections() == 1);
	run_due();
	close_house(&house);
	run_until(hear(&client));
	hang_up(&client);
}

/* Who says how an address is spoken with is the newest that says anything. */
static void terms_follow_the_newest(void **state)
{
	struct house old = {0}, tls = {0}, module = {0};
	uint16_t port = open_house(&old, false, false, false);
	char place[32];
	struct client client;

	(void)state;
	snprintf(place, sizeof(place), "127.0.0.1:%u", port);
	open_at(&tls, place, terms_of(true, false, false));
	open_at(&module, place, NULL);
	client = dial(port);
	shake(&client, false);
	say(&client, ROOT);
	run_until(heard(&client, "yes"));
	assert_int_equal(module.asked, 1);
	hang_up(&client);
	close_house(&tls);
	client = dial(port);
	say(&client, ROOT);
	run_until(heard(&client, "yes"));
	hang_up(&client);
	close_house(&old);
	client = dial(port);
	say(&client, ROOT);
	run_until(heard(&client, "yes"));
	assert_int_equal(module.asked, 3);
	hang_up(&client);
	close_house(&module);
}

/* ---- proxies ---- */

static void who_a_proxy_asks_for(void **state)
{
	static const struct {
		const char *headers;
		const char *peer; /* NULL: 400 */
	} cases[] = {
		{"", "127.0.0.1"},
		{"X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"},
		{"Forwarded: for=203.0.113.9, for=10.1.1.1\r\n", "203.0.113.9"},
		{"Forwarded: for=unknown\r\n", "local"},
		{"Forwarded: for=\r\n", NULL},
	};
	struct house house = {0};
	uint16_t port = open_house(&house, false, true, false);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client = dial(port);

		say(&client, "GET / HTTP/1.1\r\nHost: x\r\n");
		say(&client, cases[i].headers);
		say(&client, "\r\n");
		run_until(heard(&client, cases[i].peer ? " 200 " : " 400 "));
		if (cases[i].peer)
			assert_string_equal(house.peer, cases[i].peer);
		hang_up(&client);
	}
	close_house(&house);
}

/* Its own is for its own requests only. */
static void a_certificate_is_nobody_elses(void **state)
{
	struct house house = {0};
	struct client client = dial(open_house(&house, true, true, false));

	(void)state;
	shake(&client, true);
	say(&client, ROOT);
	run_until(heard(&client, "yes"));
	assert_int_equal(house.certs, 1);
	forget(&client);
	say(&client, "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n");
	run_until(heard(&client, "yes"));
	assert_int_equal(house.certs, 0);
	hang_up(&client);
	close_house(&house);
}

static void headers_of_connections_are_taken_off(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house, false, true, true);
	struct client client = dial(port);

	(void)state;
	say(&client, HEADER ROOT);
	run_until(heard(&client, "yes"));
	assert_string_equal(house.peer, "203.0.113.7");
	hang_up(&client);
	client = dial(port);
	for (const char *c = HEADER ROOT; *c; c++) {
		const char letter[] = {*c, '\0'};

		say(&client, letter);
		run_due();
	}
	run_until(heard(&client, "yes"));
	hang_up(&client);
	close_house(&house);
}

static void headers_before_tls_are_taken_off(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house, true, true, true);
	struct client client = dial(port);

	(void)state;
	say(&client, HEADER);
	shake(&client, true);
	say(&client, ROOT);
	run_until(heard(&client, "yes"));
	assert_string_equal(house.peer, "203.0.113.7");
	assert_int_equal(house.certs, 1);
	hang_up(&client);
	client = dial(port);
	say(&client, HELLO);
	run_until(hear(&client));
	hang_up(&client);
	close_house(&house);
}

static void without_a_header_nothing_goes(void **state)
{
	static const char *const texts[] = {ROOT, "PROXY nonsense\r\n" ROOT, "PROXY TCP4 ", ""};
	struct house house = {0};
	uint16_t port;

	(void)state;
	deadline_ms = 120;
	port = open_house(&house, false, true, true);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct client client = dial(port);

		say(&client, texts[i]);
		run_until(hear(&client));
		assert_int_equal(client.len, 0);
		hang_up(&client);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct client client = dial(port);

		say(&client, texts[i]);
		hang_up(&client);
	}
	run_until(http_server_connections() == 0);
	assert_int_equal(house.asked, 0);
	close_house(&house);
}

static void strangers_are_cut(void **state)
{
	struct house house = {0};
	struct client client = dial_from(open_house(&house, false, true, true), "127.0.0.2");

	(void)state;
	say(&client, HEADER ROOT);
	run_until(hear(&client));
	assert_int_equal(house.asked, 0);
	hang_up(&client);
	close_house(&house);
}

/* The bound per address is that of those who stand behind the proxy. */
static void addresses_are_counted_behind_the_proxy(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house, false, true, true);
	struct client clients[4];

	(void)state;
	for (int i = 0; i < 3; i++) {
		clients[i] = dial(port);
		say(&clients[i], HEADER);
	}
	run_until(hear(&clients[0]) || hear(&clients[1]) || hear(&clients[2]));
	clients[3] = dial(port);
	say(&clients[3], "PROXY TCP4 203.0.113.8 192.0.2.1 4711 1313\r\n" ROOT);
	run_until(heard(&clients[3], "yes"));
	for (int i = 0; i < 4; i++)
		hang_up(&clients[i]);
	close_house(&house);
}

/* At the very end of the process, with connections in every state. */
static void everything_can_be_cut(void **state)
{
	struct house house = {0}, plain = {0};
	uint16_t port = open_house(&house, true, true, true);
	struct client clients[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		clients[i] = dial(port);
	say(&clients[1], "PROXY TCP4 ");
	say(&clients[2], HEADER HELLO);
	say(&clients[3], HEADER);
	shake(&clients[3], false);
	open_house(&plain, false, false, false);
	run_due();
	close_house(&plain);
	acmems_http_server_free(house.server);
	http_server_fini();
	for (int i = 0; i < 4; i++) {
		assert_true(hear(&clients[i]));
		hang_up(&clients[i]);
	}
}

/* ---- the whole ---- */

static char *const names[] = {(char *)"localhost.example.org", NULL};

static int group_setup(void **state)
{
	struct acmems_error err = {0};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	EVP_PKEY *key = key_new(&err);
	char *cert = NULL;
	size_t len = 0;
	FILE *file;

	if (temp_dir_setup(state) < 0 || !key || !self_cert_make(key, names, &cert, &len, &err))
		return -1;
	snprintf(pem, sizeof(pem), "%s", temp_file("both.pem", cert));
	file = fopen(pem, "a");
	if (!file || fchmod(fileno(file), 0600) < 0 ||
		!PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL))
		return -1;
	fclose(file);
	free(cert);
	key_free(key);
	context = SSL_CTX_new(TLS_client_method());
	sigaction(SIGPIPE, &ignore, NULL);
	return context ? 0 : -1;
}

static int group_teardown(void **state)
{
	SSL_CTX_free(context);
	return temp_dir_teardown(state);
}

static int setup(void **state)
{
	deadline_ms = 5000;
	return unit_loop_setup(state);
}

static int teardown(void **state)
{
	run_until(http_server_connections() == 0);
	http_server_fini();
	return unit_loop_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_are_answered),
		TEST(an_end_is_said),
		TEST(nobody_is_heard_without_tls),
		TEST(deadlines_hold_for_handshakes),
		TEST(handshakes_under_way_end_with_the_last_server),
		TEST(terms_follow_the_newest),
		TEST(who_a_proxy_asks_for),
		TEST(a_certificate_is_nobody_elses),
		TEST(headers_of_connections_are_taken_off),
		TEST(headers_before_tls_are_taken_off),
		TEST(without_a_header_nothing_goes),
		TEST(strangers_are_cut),
		TEST(addresses_are_counted_behind_the_proxy),
		TEST(everything_can_be_cut),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
