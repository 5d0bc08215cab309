/* SPDX-License-Identifier: ISC */
/* paper_server.c - see paper_server.h. */
#include "paper_server.h"

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define FINE "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"

static void on_conn(void *arg, int fd, unsigned ready);

static void conn_free(struct paper_conn *conn)
{
	struct paper_conn **at = &conn->server->conns;

	while (*at != conn)
		at = &(*at)->next;
	*at = conn->next;
	conn->server->open--;
	acmems_watch_free(conn->watch);
	SSL_free(conn->ssl);
	close(conn->fd);
	free(conn);
}

static void watch(struct paper_conn *conn, bool wants_write)
{
	struct acmems_error err = {0};

	if (conn->watch && conn->wants_write == wants_write)
		return;
	acmems_watch_free(conn->watch);
	conn->wants_write = wants_write;
	conn->watch = acmems_watch_new(
		conn->fd, ACMEMS_READ | (wants_write ? ACMEMS_WRITE : 0), on_conn, conn, &err);
	assert_non_null(conn->watch);
}

/* Bytes moved, 0: later, -1: it is over. */
static ssize_t verdict(struct paper_conn *conn, ssize_t len)
{
	int why;

	if (len > 0)
		return len;
	if (!conn->ssl)
		return len < 0 && errno == EAGAIN ? 0 : -1;
	why = SSL_get_error(conn->ssl, (int)len);
	ERR_clear_error();
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static ssize_t read_some(struct paper_conn *conn)
{
	size_t room = sizeof(conn->in) - conn->in_len;

	if (conn->ssl)
		return verdict(conn, SSL_read(conn->ssl, conn->in + conn->in_len, (int)room));
	return verdict(conn, recv(conn->fd, conn->in + conn->in_len, room, MSG_DONTWAIT));
}

static ssize_t write_some(struct paper_conn *conn, const void *data, size_t len)
{
	if (conn->ssl)
		return verdict(conn, SSL_write(conn->ssl, data, (int)len));
	return verdict(conn, send(conn->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/* False: the connection is over. */
static bool flush(struct paper_conn *conn)
{
	ssize_t len = 1;

	while (conn->out_len > 0 && len > 0) {
		len = write_some(conn, conn->out, conn->out_len);
		if (len > 0) {
			conn->out_len -= (size_t)len;
			memmove(conn->out, conn->out + len, conn->out_len);
		}
	}
	if (len < 0 || (conn->closing && conn->out_len == 0))
		return false;
	watch(conn, conn->out_len > 0);
	return true;
}

/* At once if it can be, so that each piece is a record and a segment of its own. */
void paper_conn_send(struct paper_conn *conn, const void *data, size_t len)
{
	ssize_t sent = conn->out_len == 0 ? write_some(conn, data, len) : 0;
	size_t done = sent > 0 ? (size_t)sent : 0;

	assert_true(conn->out_len + len - done <= sizeof(conn->out));
	memcpy(conn->out + conn->out_len, (const char *)data + done, len - done);
	conn->out_len += len - done;
}

static void answer(struct paper_conn *conn, uint32_t stream)
{
	struct paper_server *server = conn->server;
	const char *text = server->answer ? server->answer : conn->h2 ? "fine" : FINE;
	size_t len = server->answer_len ? server->answer_len : strlen(text);

	if (conn->h2)
		paper_http2_answer(conn, stream, text, len);
	else
		paper_conn_send(conn, text, len);
	conn->closing = server->close;
}

void paper_conn_asked(struct paper_conn *conn, uint32_t stream)
{
	struct paper_server *server = conn->server;

	server->requests++;
	if (!server->hold && !server->shuffle) {
		answer(conn, stream);
		return;
	}
	assert_true(server->held_count < PAPER_HELD_MAX);
	server->held[server->held_count].conn = conn->number;
	server->held[server->held_count++].stream = stream;
	if (!server->hold)
		acmems_timer_start(server->timer, 1);
}

/* One request of HTTP/1.1 out of the buffer; false: not all there yet. */
static bool take_request(struct paper_conn *conn)
{
	const char *end, *length;
	size_t len;

	conn->in[conn->in_len] = '\0';
	end = strstr((const char *)conn->in, "\r\n\r\n");
	if (!end)
		return false;
	len = (size_t)(end - (const char *)conn->in) + 4;
	length = strcasestr((const char *)conn->in, "\r\nContent-Length:");
	if (length && length < end)
		len += strtoul(length + 17, NULL, 10);
	if (conn->in_len < len)
		return false;
	snprintf(conn->server->last, sizeof(conn->server->last), "%.*s", (int)len,
		(const char *)conn->in);
	conn->in_len -= len;
	memmove(conn->in, conn->in + len, conn->in_len);
	paper_conn_asked(conn, 0);
	return true;
}

static bool shake(struct paper_conn *conn)
{
	const unsigned char *name = NULL;
	unsigned len = 0;

	if (!conn->ssl || conn->shaken)
		return true;
	if (verdict(conn, SSL_accept(conn->ssl)) < 0)
		return false;
	conn->shaken = SSL_is_init_finished(conn->ssl) == 1;
	if (conn->shaken) {
		SSL_get0_alpn_selected(conn->ssl, &name, &len);
		conn->h2 = len == 2 && memcmp(name, "h2", 2) == 0;
	}
	return true;
}

/* False: the connection is over. */
static bool work(struct paper_conn *conn)
{
	ssize_t len = 1;

	if (!shake(conn))
		return false;
	while (len > 0 && (!conn->ssl || conn->shaken)) {
		if (conn->in_len + 1 >= sizeof(conn->in))
			return false;
		len = read_some(conn);
		if (len < 0)
			return false;
		conn->in_len += (size_t)len;
		if (conn->h2 && !paper_http2_read(conn))
			return false;
		while (!conn->h2 && take_request(conn))
			;
	}
	return flush(conn);
}

static void on_conn(void *arg, int fd, unsigned ready)
{
	struct paper_conn *conn = arg;

	(void)fd;
	(void)ready;
	if (!work(conn))
		conn_free(conn);
}

static void on_dial(void *arg, int fd, unsigned ready)
{
	struct paper_server *server = arg;
	struct paper_conn *conn;
	int one = 1, peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready;
	if (peer < 0)
		return;
	setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	conn = calloc(1, sizeof(*conn));
	assert_non_null(conn);
	conn->server = server;
	conn->number = ++server->last_conn;
	conn->fd = peer;
	conn->next = server->conns;
	server->conns = conn;
	server->accepted++;
	if (++server->open > server->open_peak)
		server->open_peak = server->open;
	if (server->tls) {
		conn->ssl = SSL_new(server->tls);
		assert_non_null(conn->ssl);
		assert_int_equal(SSL_set_fd(conn->ssl, peer), 1);
		SSL_set_accept_state(conn->ssl);
		SSL_set_mode(conn->ssl,
			SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	}
	if (!server->mute)
		watch(conn, false);
}

/* A few of the held at a time, from anywhere in the row. */
static void on_timer(void *arg)
{
	struct paper_server *server = arg;
	size_t count = server->shuffle ? 1 + server->requests % 5 : server->held_count;

	for (; count > 0 && server->held_count > 0; count--) {
		size_t at = (server->requests * 7 + count) % server->held_count;
		unsigned number = server->held[at].conn;
		uint32_t stream = server->held[at].stream;
		struct paper_conn *conn = server->conns;

		server->held[at] = server->held[--server->held_count];
		while (conn && conn->number != number)
			conn = conn->next;
		if (!conn)
			continue;
		answer(conn, stream);
		if (!flush(conn))
			conn_free(conn);
	}
	if (server->held_count > 0)
		acmems_timer_start(server->timer, 0);
}

static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char two[] = {2, 'h', '2'};

	(void)ssl;
	(void)arg;
	return SSL_select_next_proto((unsigned char **)out, out_len, two, sizeof(two), in,
		       in_len) == OPENSSL_NPN_NEGOTIATED
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_NOACK;
}

void paper_server_init(struct paper_server *server, SSL_CTX *tls, bool h2)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct acmems_error err = {0};
	socklen_t len = sizeof(in);

	memset(server, 0, sizeof(*server));
	server->tls = tls;
	server->h2 = h2;
	if (h2)
		SSL_CTX_set_alpn_select_cb(tls, choose, NULL);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(server->fd >= 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(server->fd, 128), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&in, &len), 0);
	server->port = ntohs(in.sin_port);
	server->watch = acmems_watch_new(server->fd, ACMEMS_READ, on_dial, server, &err);
	server->timer = acmems_timer_new(on_timer, server);
	assert_non_null(server->watch);
	assert_non_null(server->timer);
}

void paper_server_drop(struct paper_server *server)
{
	while (server->conns)
		conn_free(server->conns);
}

void paper_server_deafen(struct paper_server *server)
{
	for (struct paper_conn *conn = server->conns; conn; conn = conn->next) {
		acmems_watch_free(conn->watch);
		conn->watch = NULL;
	}
}

void paper_server_fini(struct paper_server *server)
{
	paper_server_drop(server);
	acmems_watch_free(server->watch);
	acmems_timer_free(server->timer);
	close(server->fd);
}

void paper_server_release(struct paper_server *server)
{
	server->hold = false;
	acmems_timer_start(server->timer, 0);
}

const char *paper_server_url(const struct paper_server *server, const char *host)
{
	static char url[300];

	snprintf(url, sizeof(url), "%s://%s:%u/path", server->tls ? "https" : "http", host,
		server->port);
	return url;
}
