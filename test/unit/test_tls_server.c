/* SPDX-License-Identifier: ISC */
/* Real sockets on loopback, with OpenSSL's own client in the same loop. */
#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <acmems/tls.h>

#include "net/tls_server.h"

#define ACME                                                                                       \
	"\x0a"                                                                                     \
	"acme-tls/1"
#define HTTP                                                                                       \
	"\x08"                                                                                     \
	"http/1.1"

/* A server that knows one name. */
struct house {
	struct acmems_tls_server *server;
	struct acmems_tls_identity *identity;
	const char *name;
	unsigned asked;
	char last[256];
	struct acmems_address peer;
	bool free_self;
};

struct client {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
	bool done; /* the handshake, well or not */
	bool well;
	unsigned char alert; /* fatal, that came; 0: none */
	bool ended;
};

/* What a client says. */
struct words {
	const char *name;
	const char *protocols;
	int max_version;
	const char *from;
};

static const struct acmems_tls_identity *on_choose(
	void *arg, const char *server_name, const struct acmems_address *peer)
{
	struct house *house = arg;

	house->asked++;
	house->peer = *peer;
	snprintf(house->last, sizeof(house->last), "%s", server_name);
	if (house->free_self) {
		acmems_tls_server_free(house->server);
		house->server = NULL;
		return NULL;
	}
	return strcmp(server_name, house->name) == 0 ? house->identity : NULL;
}

static uint16_t open_with(struct house *house, const char *name, const char *listen,
	struct acmems_tls_server_config config)
{
	char text[64];
	char *texts[] = {text, NULL};
	struct acmems_error err = {0};

	snprintf(text, sizeof(text), "%s", listen);
	house->name = name;
	house->identity = acmems_tls_identity_new(name, "token.thumb", &err);
	assert_non_null(house->identity);
	config.room = "test";
	config.listen = texts;
	config.choose = on_choose;
	config.arg = house;
	house->server = acmems_tls_server_new(&config, &err);
	if (!house->server)
		fail_msg("%s", err.message);
	acmems_tls_server_open(house->server);
	return tls_server_port(house->server, 0);
}

static uint16_t open_house(struct house *house)
{
	return open_with(
		house, "a.example.org", "127.0.0.1:0", (struct acmems_tls_server_config){0});
}

static void close_house(struct house *house)
{
	acmems_tls_server_free(house->server);
	acmems_tls_identity_free(house->identity);
	*house = (struct house){0};
}

static int setup(void **state)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	return unit_loop_setup(state);
}

static int teardown(void **state)
{
	run_until(tls_server_connections() == 0);
	run_due();
	tls_server_fini();
	return unit_loop_teardown(state);
}

/* ---- clients ---- */

static int dial(uint16_t port, const char *from)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in own = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, from ? from : "127.0.0.1", &own.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct client *client = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
		client->alert = (unsigned char)value;
}

static void begin(struct client *client, uint16_t port, const struct words *words)
{
	*client = (struct client){.fd = dial(port, words->from)};
	client->context = SSL_CTX_new(TLS_client_method());
	assert_non_null(client->context);
	if (words->max_version)
		SSL_CTX_set_max_proto_version(client->context, words->max_version);
	/* for a client that is older than what the server takes */
	SSL_CTX_set_min_proto_version(client->context, TLS1_VERSION);
	SSL_CTX_set_cipher_list(client->context, "DEFAULT:@SECLEVEL=0");
	SSL_CTX_set_info_callback(client->context, on_info);
	client->ssl = SSL_new(client->context);
	assert_non_null(client->ssl);
	SSL_set_app_data(client->ssl, client);
	SSL_set_fd(client->ssl, client->fd);
	SSL_set_connect_state(client->ssl);
	if (words->name)
		assert_int_equal(SSL_set_tlsext_host_name(client->ssl, words->name), 1);
	if (words->protocols)
		assert_int_equal(
			SSL_set_alpn_protos(client->ssl, (const unsigned char *)words->protocols,
				(unsigned)strlen(words->protocols)),
			0);
}

/* Goes on with the handshake, then reads to the end. True when the server has ended it. */
static bool hear(struct client *client)
{
	char byte;
	int result;

	ERR_clear_error();
	if (!client->done) {
		result = SSL_do_handshake(client->ssl);
		client->well = result == 1;
		client->done =
			client->well || SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ;
	}
	if (client->done && !client->ended) {
		result = SSL_read(client->ssl, &byte, 1);
		client->ended =
			result > 0 || SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ;
	}
	return client->ended;
}

static void hang_up(struct client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	close(client->fd);
}

/* A whole conversation, alert or certificate. */
static struct client talk(uint16_t port, struct words words)
{
	struct client client;

	begin(&client, port, &words);
	SSL_set_app_data(client.ssl, &client);
	run_until(hear(&client));
	return client;
}

static void is_shown(uint16_t port, struct words words)
{
	struct client client = talk(port, words);
	const unsigned char *protocol;
	unsigned len;
	X509 *cert;

	assert_true(client.well);
	/* told, not cut */
	assert_int_equal(SSL_get_shutdown(client.ssl), SSL_RECEIVED_SHUTDOWN);
	SSL_get0_alpn_selected(client.ssl, &protocol, &len);
	assert_int_equal(len, 10);
	assert_memory_equal(protocol, "acme-tls/1", 10);
	cert = SSL_get1_peer_certificate(client.ssl);
	assert_int_equal(X509_check_host(cert, words.name, 0, 0, NULL), 1);
	X509_free(cert);
	hang_up(&client);
}

static void is_refused(uint16_t port, struct words words, unsigned char alert)
{
	struct client client = talk(port, words);

	assert_false(client.well);
	assert_int_equal(client.alert, alert);
	hang_up(&client);
}

/* ---- tests ---- */

static void the_certificate_is_shown(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);

	(void)state;
	is_shown(port, (struct words){.name = "a.example.org", .protocols = ACME});
	assert_string_equal(house.last, "a.example.org");
	assert_int_equal(house.peer.family, ACMEMS_IPV4);
	assert_int_equal(house.peer.bytes[0], 127);
	is_shown(port, (struct words){.name = "A.Example.ORG", .protocols = HTTP ACME});
	assert_string_equal(house.last, "a.example.org");
	is_shown(port,
		(struct words){
			.name = "a.example.org", .protocols = ACME, .max_version = TLS1_2_VERSION});
	assert_int_equal(ERR_peek_error(), 0);
	close_house(&house);
}

static void others_get_an_alert(void **state)
{
	static const struct {
		struct words words;
		unsigned char alert;
		unsigned asked;
	} rows[] = {
		{{.name = "a.example.org"}, SSL_AD_NO_APPLICATION_PROTOCOL, 0},
		{{.name = "a.example.org", .protocols = HTTP}, SSL_AD_NO_APPLICATION_PROTOCOL, 0},
		{{.name = "a.example.org",
			 .protocols = "\x0a"
				      "ACME-tls/1"},
			SSL_AD_NO_APPLICATION_PROTOCOL, 0},
		{{.name = "a.example.org",
			 .protocols = "\x0b"
				      "acme-tls/1x"},
			SSL_AD_NO_APPLICATION_PROTOCOL, 0},
		{{.protocols = ACME}, SSL_AD_UNRECOGNIZED_NAME, 0},
		{{.name = "b.example.org", .protocols = ACME}, SSL_AD_UNRECOGNIZED_NAME, 1},
		{{.name = "a.example.org.", .protocols = ACME}, SSL_AD_UNRECOGNIZED_NAME, 1},
		{{.name = "a\n.example.org", .protocols = ACME}, SSL_AD_UNRECOGNIZED_NAME, 0},
		{{.name = "a.example.org", .protocols = ACME, .max_version = TLS1_1_VERSION},
			SSL_AD_PROTOCOL_VERSION, 0},
	};
	struct house house = {0};
	uint16_t port = open_house(&house);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		house.asked = 0;
		is_refused(port, rows[i].words, rows[i].alert);
		if (house.asked != rows[i].asked)
			fail_msg("row %zu asked %u times", i, house.asked);
	}
	is_shown(port, (struct words){.name = "a.example.org", .protocols = ACME});
	close_house(&house);
}

static void nonsense_is_cut(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	static char junk[300000];
	int fd;

	(void)state;
	for (int i = 0; i < 3; i++) {
		/* HTTP; a hello that says it goes on for ever; an endless one of records */
		static const char *const heads[] = {"GET / HTTP/1.1\r\n\r\n",
			"\x16\x03\x01\x40\x00\x01\xff\xff\xff", "\x16\x03\x01\x00\x01\x01"};
		ssize_t sent = 0;

		memset(junk, 0, sizeof(junk));
		memcpy(junk, heads[i], i == 0 ? 18 : i == 1 ? 9 : 6);
		fd = dial(port, NULL);
		while (sent >= 0 || errno == EAGAIN) {
			sent = send(fd, junk, sizeof(junk), MSG_NOSIGNAL);
			loop_run_once(5);
		}
		close(fd);
	}
	/* who connects and leaves */
	close(dial(port, NULL));
	assert_int_equal(house.asked, 0);
	is_shown(port, (struct words){.name = "a.example.org", .protocols = ACME});
	close_house(&house);
}

static void slow_clients_are_cut_at_the_deadline(void **state)
{
	struct house house = {0};
	uint16_t port = open_with(&house, "a.example.org", "127.0.0.1:0",
		(struct acmems_tls_server_config){.deadline_ms = 300});
	int64_t begin_ms = acmems_clock_ms();
	int fd = dial(port, NULL);
	int64_t sent_ms = begin_ms;
	char byte;

	(void)state;
	/* a byte now and then is no reason to wait longer */
	send(fd, "\x16\x03\x01\x3f", 4, MSG_NOSIGNAL);
	run_until(tls_server_connections() == 1);
	while (recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN) {
		if (acmems_clock_ms() - sent_ms > 20) {
			send(fd, "\x00", 1, MSG_NOSIGNAL);
			sent_ms = acmems_clock_ms();
		}
		loop_run_once(20);
		assert_true(acmems_clock_ms() - begin_ms < unit_patience_ms());
	}
	assert_true(acmems_clock_ms() - begin_ms >= 290);
	run_until(tls_server_connections() == 0);
	close(fd);
	close_house(&house);
}

/* Who was shown the certificate and then stays is seen off, too. */
static void lingering_ends(void **state)
{
	struct house house = {0};
	uint16_t port = open_with(&house, "a.example.org", "127.0.0.1:0",
		(struct acmems_tls_server_config){.deadline_ms = 400});
	struct client client =
		talk(port, (struct words){.name = "a.example.org", .protocols = ACME});

	(void)state;
	assert_true(client.well);
	assert_int_equal(tls_server_connections(), 1);
	run_until(tls_server_connections() == 0);
	hang_up(&client);
	client = talk(port, (struct words){.name = "a.example.org", .protocols = ACME});
	for (int i = 0; i < 100; i++)
		send(client.fd, "0123456789abcdef", 16, MSG_NOSIGNAL);
	hang_up(&client);
	run_until(tls_server_connections() == 0);
	close_house(&house);
}

static bool is_cut(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

static void the_oldest_make_room(void **state)
{
	struct house house = {0};
	uint16_t port = open_with(&house, "a.example.org", "127.0.0.1:0",
		(struct acmems_tls_server_config){.max_connections = 8, .max_per_address = 4});
	int fds[6], others[4];

	(void)state;
	for (int i = 0; i < 6; i++) {
		fds[i] = dial(port, "127.0.0.2");
		run_until(tls_server_connections() == (i < 4 ? (size_t)i + 1 : 4));
		run_due();
	}
	run_until(is_cut(fds[0]) && is_cut(fds[1]));
	assert_false(is_cut(fds[2]));
	for (int i = 0; i < 4; i++)
		others[i] = dial(port, "127.0.0.3");
	run_until(tls_server_connections() == 8);
	/* all places are taken, and still there is one */
	is_shown(port, (struct words){.name = "a.example.org", .protocols = ACME});
	run_until(is_cut(fds[2]));
	assert_false(is_cut(fds[3]));
	for (int i = 0; i < 6; i++)
		close(fds[i]);
	for (int i = 0; i < 4; i++)
		close(others[i]);
	run_until(tls_server_connections() == 0);
	close_house(&house);
}

static unsigned descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void a_thousand_leave_nothing(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	unsigned before = descriptors();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct client client = talk(port,
			(struct words){.name = i % 10 == 9 ? "b.example.org" : "a.example.org",
				.protocols = ACME});

		assert_int_equal(client.well, i % 10 != 9);
		hang_up(&client);
	}
	run_until(tls_server_connections() == 0);
	assert_int_equal(house.asked, 1000);
	assert_int_equal(descriptors(), before);
	close_house(&house);
}

static void the_newest_is_asked_first(void **state)
{
	struct house old = {0}, new = {0};
	uint16_t port = open_house(&old);
	char listen[32];

	(void)state;
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
	assert_int_equal(
		open_with(&new, "b.example.org", listen, (struct acmems_tls_server_config){0}),
		port);
	is_shown(port, (struct words){.name = "b.example.org", .protocols = ACME});
	assert_int_equal(old.asked, 0);
	is_shown(port, (struct words){.name = "a.example.org", .protocols = ACME});
	assert_int_equal(new.asked, 2);
	close_house(&old);
	is_refused(port, (struct words){.name = "a.example.org", .protocols = ACME},
		SSL_AD_UNRECOGNIZED_NAME);
	is_shown(port, (struct words){.name = "b.example.org", .protocols = ACME});
	close_house(&new);
}

static void a_server_may_be_freed_by_who_chooses(void **state)
{
	struct house old = {0}, new = {0};
	uint16_t port = open_house(&old);
	char listen[32];

	(void)state;
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
	open_with(&new, "b.example.org", listen, (struct acmems_tls_server_config){0});
	new.free_self = true;
	is_shown(port, (struct words){.name = "a.example.org", .protocols = ACME});
	assert_null(new.server);
	/* the last one: its address is closed under the handshake's feet */
	old.free_self = true;
	is_refused(port, (struct words){.name = "a.example.org", .protocols = ACME},
		SSL_AD_UNRECOGNIZED_NAME);
	assert_null(old.server);
	close_house(&old);
	close_house(&new);
}

static void handshakes_outlive_their_server(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	struct client client;

	(void)state;
	begin(&client, port, &(struct words){.name = "a.example.org", .protocols = ACME});
	while (house.asked == 0) {
		assert_false(hear(&client));
		loop_run_once(5);
	}
	close_house(&house);
	assert_true(tls_server_connections() == 1);
	run_until(hear(&client));
	assert_true(client.well);
	hang_up(&client);
	run_until(tls_server_connections() == 0);
	/* the address is free again */
	for (int i = 0; i < 2; i++) {
		char listen[32];

		snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
		open_with(&house, "a.example.org", listen, (struct acmems_tls_server_config){0});
		close_house(&house);
	}
}

static void the_end_cuts_what_is_left(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	int fd = dial(port, NULL);

	(void)state;
	run_until(tls_server_connections() == 1);
	close_house(&house);
	tls_server_fini();
	assert_int_equal(tls_server_connections(), 0);
	assert_true(is_cut(fd));
	close(fd);
}

static void a_bad_address_leaves_nothing_open(void **state)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	char taken[32], good[] = "127.0.0.1:0", bad[] = "here";
	char *texts[] = {good, bad, NULL};
	struct acmems_tls_server_config config = {
		.room = "test", .listen = texts, .choose = on_choose, .arg = &house};
	struct acmems_error err = {0};
	unsigned before = descriptors();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_null(acmems_tls_server_new(&config, &err));
	run_due();
	assert_int_equal(descriptors(), before + 1);
	close(fd);
	/* another program's */
	fd = dial(port, NULL);
	snprintf(taken, sizeof(taken), "192.0.2.1:%u", port);
	texts[1] = taken;
	assert_null(acmems_tls_server_new(&config, &err));
	assert_non_null(strstr(err.message, "192.0.2.1"));
	close(fd);
	/* none at all is fine */
	texts[0] = NULL;
	acmems_tls_server_free(acmems_tls_server_new(&config, &err));
	acmems_tls_server_free(NULL);
	close_house(&house);
}

/* In a process of its own, which has few descriptors. */
static int without_descriptors(void)
{
	struct house house = {0};
	uint16_t port = open_house(&house);
	struct rlimit limit = {40, 40};
	int fds[40];
	unsigned count = 0, rounds = 0;
	int64_t start;
	struct client client;

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	for (; count < 40; count++) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		fds[count] = socket(AF_INET, SOCK_STREAM, 0);
		if (fds[count] < 0)
			break;
		if (connect(fds[count], (struct sockaddr *)&in, sizeof(in)) < 0)
			return 2;
	}
	start = acmems_clock_ms();
	for (; acmems_clock_ms() - start < 700; rounds++)
		loop_run_once(20);
	/* a round ends early when something happens; spinning would be thousands */
	if (rounds > 300)
		return 3;
	while (count > 0)
		close(fds[--count]);
	client = talk(port, (struct words){.name = "a.example.org", .protocols = ACME});
	return client.well ? 0 : 4;
}

static void a_lack_of_descriptors_does_not_spin(void **state)
{
	pid_t child = fork();
	int status = -1;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct acmems_error err = {0};

		/* a loop of its own: that of the parent would share its epoll */
		_exit(loop_init(&err) ? without_descriptors() : 9);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(the_certificate_is_shown),
		WITH_LOOP(others_get_an_alert),
		WITH_LOOP(nonsense_is_cut),
		WITH_LOOP(slow_clients_are_cut_at_the_deadline),
		WITH_LOOP(lingering_ends),
		WITH_LOOP(the_oldest_make_room),
		WITH_LOOP(a_thousand_leave_nothing),
		WITH_LOOP(the_newest_is_asked_first),
		WITH_LOOP(a_server_may_be_freed_by_who_chooses),
		WITH_LOOP(handshakes_outlive_their_server),
		WITH_LOOP(the_end_cuts_what_is_left),
		WITH_LOOP(a_bad_address_leaves_nothing_open),
		cmocka_unit_test(a_lack_of_descriptors_does_not_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
