/* SPDX-License-Identifier: ISC */
/* tls_listener.c - the table of listening addresses, and accepting on them. */
#include "net/tls_listener.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#include "net/listen.h"
#include "net/spare.h"

/* A round of the loop has others to serve too. */
#define ACCEPTED_AT_ONCE 32
/* How long accepting rests when it fails, as for lack of descriptors. */
#define REST_MS 200

struct tls_listener {
	struct tls_listener *next;
	struct listen_socket socket; /* fd -1: accepts no more */
	struct acmems_watch *watch;
	struct acmems_timer *rest;
	struct tls_door door;
	struct acmems_task over;
	tls_listener_offer *offer;
	unsigned users;
};

static struct tls_listener *listeners;

/* ---- accepting ---- */

static void take_rest(struct tls_listener *listener)
{
	acmems_watch_free(listener->watch);
	listener->watch = NULL;
	acmems_timer_start(listener->rest, REST_MS);
}

static void on_accept_error(struct tls_listener *listener, int errnum)
{
	switch (errnum) {
	case EAGAIN:
	case EINTR:
	/* of the connection, not of accepting (accept(2)) */
	case ECONNABORTED:
	case EPROTO:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
	case EPERM:
		return;
	case EMFILE:
	case ENFILE:
		spare_turn_away(listener->socket.fd);
		break;
	}
	acmems_log(ACMEMS_LOG_DEBUG, "tls", listener->door.name, "cannot accept connections: %s",
		strerror(errnum));
	/* else the loop would spin on a queue that can not be emptied */
	take_rest(listener);
}

static void on_connection(void *arg, int fd, unsigned ready)
{
	struct tls_listener *listener = arg;

	(void)ready;
	for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
		struct sockaddr_storage sockaddr = {.ss_family = AF_UNSPEC};
		socklen_t len = sizeof(sockaddr);
		struct acmems_address peer;
		int client = accept4(
			fd, (struct sockaddr *)&sockaddr, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (client < 0) {
			on_accept_error(listener, errno);
			return;
		}
		address_from_sockaddr(&peer, (struct sockaddr *)&sockaddr);
		tls_handshake_start(&listener->door, client, &peer);
	}
}

static void on_rested(void *arg)
{
	struct tls_listener *listener = arg;
	struct acmems_error err = {0};

	listener->watch =
		acmems_watch_new(listener->socket.fd, ACMEMS_READ, on_connection, listener, &err);
	if (!listener->watch)
		take_rest(listener);
}

/* ---- the table ---- */

static void stop(struct tls_listener *listener)
{
	if (listener->socket.fd < 0)
		return;
	listen_remove(&listener->socket);
	acmems_watch_free(listener->watch);
	listener->watch = NULL;
	acmems_timer_stop(listener->rest);
	close(listener->socket.fd);
	listener->socket.fd = -1;
	spare_drop();
}

static void free_parts(struct tls_listener *listener)
{
	acmems_timer_free(listener->rest);
	SSL_CTX_free(listener->door.context);
	free(listener);
}

static void listener_free(struct tls_listener *listener)
{
	struct tls_listener **link = &listeners;

	while (*link && *link != listener)
		link = &(*link)->next;
	if (*link)
		*link = listener->next;
	stop(listener);
	tls_door_cut(&listener->door);
	/* posted by the last handshake on its way out */
	acmems_task_cancel(&listener->over);
	free_parts(listener);
}

static void on_over(void *arg)
{
	listener_free(arg);
}

/* The last handshake is over: when nobody listens any more, this is the end. */
static void on_empty(void *arg)
{
	struct tls_listener *listener = arg;

	if (listener->users == 0)
		acmems_task_post(&listener->over, on_over, listener);
}

static const struct acmems_tls_identity *choose(
	void *arg, const char *server_name, const struct acmems_address *peer)
{
	struct tls_listener *listener = arg;

	return listener->offer(listener, server_name, peer);
}

static struct tls_listener *find_open(const struct address_place *place)
{
	for (struct tls_listener *listener = listeners; listener; listener = listener->next) {
		/* port 0 is nobody's true one, and so asks for a port of one's own each time */
		if (listener->users > 0 && strcmp(listener->socket.place.text, place->text) == 0)
			return listener;
	}
	return NULL;
}

static struct tls_listener *listener_new(const struct address_place *place,
	const struct tls_limits *limits, tls_listener_offer *offer, struct acmems_error *err)
{
	struct tls_listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to listen on %s", place->text);
		return NULL;
	}
	listener->offer = offer;
	listener->users = 1;
	listener->door = (struct tls_door){.limits = *limits,
		.name = listener->socket.place.text,
		.context = tls_hello_context(err),
		.choose = choose,
		.empty = on_empty,
		.arg = listener};
	listener->rest = acmems_timer_new(on_rested, listener);
	if (!listener->rest)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to listen on %s", place->text);
	if (!listener->door.context || !listener->rest ||
		!listen_open(place, &listener->socket, err)) {
		free_parts(listener);
		return NULL;
	}
	spare_hold();
	listener->watch =
		acmems_watch_new(listener->socket.fd, ACMEMS_READ, on_connection, listener, err);
	if (!listener->watch) {
		stop(listener);
		free_parts(listener);
		return NULL;
	}
	return listener;
}

struct tls_listener *tls_listener_get(const struct address_place *place,
	const struct tls_limits *limits, tls_listener_offer *offer, struct acmems_error *err)
{
	struct tls_listener *listener = find_open(place);

	if (listener) {
		listener->users++;
		return listener;
	}
	listener = listener_new(place, limits, offer, err);
	if (!listener)
		return NULL;
	listener->next = listeners;
	listeners = listener;
	return listener;
}

void tls_listener_put(struct tls_listener *listener)
{
	if (--listener->users > 0)
		return;
	stop(listener);
	if (listener->door.count == 0)
		on_empty(listener);
}

void tls_listener_limit(struct tls_listener *listener, const struct tls_limits *limits)
{
	listener->door.limits = *limits;
}

uint16_t tls_listener_port(const struct tls_listener *listener)
{
	return listen_port(&listener->socket);
}

size_t tls_listener_connections(void)
{
	size_t count = 0;

	for (struct tls_listener *listener = listeners; listener; listener = listener->next)
		count += listener->door.count;
	return count;
}

void tls_listener_fini(void)
{
	while (listeners)
		listener_free(listeners);
}
