/* SPDX-License-Identifier: ISC */
/* tls_handshake.c - one connection, from its hello to its end. */
#include "net/tls_handshake.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <acmems/log.h>

#include "net/peer_count.h"

#include <utlist.h>

/* A hello with every post-quantum key share there is has 4 KB; nothing else of size is to come. */
#define BYTES_MAX 32768
/* How long the client has to close its side when all is said. */
#define LINGER_MS 2000

enum tls_state {
	TLS_SHAKING, /* SSL_accept() until it is through */
	TLS_FAREWELL, /* close_notify is on its way */
	TLS_LINGERING, /* nothing more is said; the rest of the client's bytes is thrown away */
};

struct tls_handshake {
	struct tls_door *door;
	int fd;
	SSL *ssl;
	enum tls_state state;
	struct acmems_watch *watch;
	unsigned events; /* that it watches */
	struct acmems_timer *timer;
	int64_t deadline; /* of acmems_clock_ms() */
	struct acmems_address address;
	struct peer_count *peer;
	struct tls_hello hello;
	size_t thrown_away; /* bytes */
	struct tls_handshake *prev, *next;
};

static void handshake_free(struct tls_handshake *handshake)
{
	struct tls_door *door = handshake->door;

	acmems_watch_free(handshake->watch);
	acmems_timer_free(handshake->timer);
	SSL_free(handshake->ssl);
	close(handshake->fd);
	peer_count_drop(&door->peers, handshake->peer);
	DL_DELETE(door->first, handshake);
	door->count--;
	free(handshake);
	if (door->count == 0)
		door->empty(door->arg);
}

static void tell(const struct tls_handshake *handshake, const char *what)
{
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	if (acmems_log_enabled(ACMEMS_LOG_DEBUG))
		acmems_log(ACMEMS_LOG_DEBUG, handshake->door->room, handshake->door->name,
			"%s: %s%s%s%s", acmems_address_text(&handshake->address, text), what,
			handshake->hello.name[0] ? " (\"" : "", handshake->hello.name,
			handshake->hello.name[0] ? "\")" : "");
}

static void on_deadline(void *arg)
{
	struct tls_handshake *handshake = arg;

	if (handshake->state == TLS_SHAKING)
		tell(handshake, "was cut: no whole handshake in time");
	handshake_free(handshake);
}

static void on_ready(void *arg, int fd, unsigned ready);

/* False: there is no memory for it, and the handshake is at its end. */
static bool watch(struct tls_handshake *handshake, unsigned events)
{
	struct acmems_error err = {0};

	if (handshake->watch && handshake->events == events)
		return true;
	acmems_watch_free(handshake->watch);
	handshake->events = events;
	handshake->watch = acmems_watch_new(handshake->fd, events, on_ready, handshake, &err);
	return handshake->watch != NULL;
}

/* Closing a socket that has something to read would be a reset, which overtakes an alert. */
static bool linger(struct tls_handshake *handshake)
{
	int64_t left = handshake->deadline - acmems_clock_ms();

	handshake->state = TLS_LINGERING;
	if (shutdown(handshake->fd, SHUT_WR) < 0)
		return false;
	acmems_timer_start(handshake->timer, left < LINGER_MS ? left : LINGER_MS);
	return watch(handshake, ACMEMS_READ);
}

/* What OpenSSL waits for, or 0 for a fault. */
static unsigned wanted(const struct tls_handshake *handshake, int result)
{
	switch (SSL_get_error(handshake->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return ACMEMS_READ;
	case SSL_ERROR_WANT_WRITE:
		return ACMEMS_WRITE;
	}
	return 0;
}

static bool say_farewell(struct tls_handshake *handshake)
{
	int result = SSL_shutdown(handshake->ssl);
	unsigned events = result < 0 ? wanted(handshake, result) : 0;

	handshake->state = TLS_FAREWELL;
	return events ? watch(handshake, events) : linger(handshake);
}

static bool fail(struct tls_handshake *handshake)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (!handshake->hello.refused)
		handshake->hello.refused = reason ? reason : "has left";
	tell(handshake, handshake->hello.refused);
	return linger(handshake);
}

static bool shake(struct tls_handshake *handshake)
{
	int result = SSL_accept(handshake->ssl);
	unsigned events;

	if (result == 1) {
		tell(handshake, "was shown a certificate");
		return say_farewell(handshake);
	}
	events = wanted(handshake, result);
	if (events == 0)
		return fail(handshake);
	if (BIO_number_read(SSL_get_rbio(handshake->ssl)) > BYTES_MAX) {
		tell(handshake, "was cut: it sends too much");
		return false;
	}
	return watch(handshake, events);
}

static bool throw_away(struct tls_handshake *handshake)
{
	char bytes[4096];
	ssize_t len = recv(handshake->fd, bytes, sizeof(bytes), 0);

	if (len <= 0)
		return false;
	handshake->thrown_away += (size_t)len;
	return handshake->thrown_away <= BYTES_MAX;
}

static bool step(struct tls_handshake *handshake)
{
	switch (handshake->state) {
	case TLS_SHAKING:
		return shake(handshake);
	case TLS_FAREWELL:
		return say_farewell(handshake);
	case TLS_LINGERING:
		return throw_away(handshake);
	}
	return false;
}

static void on_ready(void *arg, int fd, unsigned ready)
{
	struct tls_handshake *handshake = arg;
	bool goes_on;

	(void)fd;
	(void)ready;
	ERR_clear_error();
	goes_on = step(handshake);
	ERR_clear_error();
	if (!goes_on)
		handshake_free(handshake);
}

static struct tls_handshake *oldest_of(const struct tls_door *door, const struct peer_count *peer)
{
	struct tls_handshake *handshake;

	DL_FOREACH(door->first, handshake)
	{
		if (handshake->peer == peer)
			break;
	}
	return handshake;
}

static struct tls_handshake *find_surplus(const struct tls_handshake *latest)
{
	const struct tls_door *door = latest->door;

	/* who may open a local socket is ruled by its file's mode */
	if (latest->address.family != ACMEMS_LOCAL &&
		peer_count_get(latest->peer) > door->limits.max_per_address)
		return oldest_of(door, latest->peer);
	return door->count > door->limits.max_connections ? door->first : NULL;
}

static void keep_bounds(const struct tls_handshake *latest)
{
	struct tls_handshake *surplus = find_surplus(latest);

	while (surplus && surplus != latest) {
		if (surplus->state == TLS_SHAKING)
			tell(surplus, "was cut: there are too many connections");
		handshake_free(surplus);
		surplus = find_surplus(latest);
	}
}

static const struct acmems_tls_identity *choose(void *arg, const char *server_name)
{
	struct tls_handshake *handshake = arg;

	return handshake->door->choose(handshake->door->arg, server_name, &handshake->address);
}

void tls_handshake_start(struct tls_door *door, int fd, const struct acmems_address *peer)
{
	struct tls_handshake *handshake = calloc(1, sizeof(*handshake));

	if (!handshake) {
		close(fd);
		return;
	}
	handshake->door = door;
	handshake->fd = fd;
	handshake->address = *peer;
	handshake->deadline = acmems_clock_ms() + door->limits.deadline_ms;
	DL_APPEND(door->first, handshake);
	door->count++;
	handshake->hello.choose = choose;
	handshake->hello.arg = handshake;
	handshake->ssl = tls_hello_ssl(door->context, &handshake->hello, fd);
	handshake->peer = peer_count_add(&door->peers, peer);
	handshake->timer = acmems_timer_new(on_deadline, handshake);
	if (!handshake->ssl || !handshake->peer || !handshake->timer ||
		!watch(handshake, ACMEMS_READ)) {
		handshake_free(handshake);
		return;
	}
	acmems_timer_start(handshake->timer, door->limits.deadline_ms);
	keep_bounds(handshake);
}

void tls_door_cut(struct tls_door *door)
{
	while (door->first)
		handshake_free(door->first);
}
