/* SPDX-License-Identifier: ISC */
/* tls_listener.c - accepting on one address. */
#include "net/tls_listener.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#include "net/spare.h"

/* A round of the loop has others to serve too. */
#define ACCEPTED_AT_ONCE 32
/* How long accepting rests when it fails, as for lack of descriptors. */
#define REST_MS 200

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
		spare_turn_away(listener->share.socket.fd);
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

	listener->watch = acmems_watch_new(
		listener->share.socket.fd, ACMEMS_READ, on_connection, listener, &err);
	if (!listener->watch)
		take_rest(listener);
}

/* ---- life ---- */

static void free_parts(struct tls_listener *listener)
{
	acmems_watch_free(listener->watch);
	acmems_timer_free(listener->rest);
	SSL_CTX_free(listener->door.context);
}

bool tls_listener_begin(struct tls_listener *listener, struct acmems_error *err)
{
	listener->door.context = tls_hello_context(err);
	if (!listener->door.context)
		return false;
	listener->rest = acmems_timer_new(on_rested, listener);
	if (!listener->rest)
		acmems_error_set(
			err, ACMEMS_NO_MEMORY, "no memory to listen on %s", listener->door.name);
	else
		listener->watch = acmems_watch_new(
			listener->share.socket.fd, ACMEMS_READ, on_connection, listener, err);
	if (listener->watch) {
		spare_hold();
		return true;
	}
	free_parts(listener);
	return false;
}

void tls_listener_stop(struct tls_listener *listener)
{
	acmems_watch_free(listener->watch);
	listener->watch = NULL;
	acmems_timer_stop(listener->rest);
	close(listener->share.socket.fd);
	spare_drop();
}

void tls_listener_end(struct tls_listener *listener)
{
	tls_door_cut(&listener->door);
	free_parts(listener);
}
