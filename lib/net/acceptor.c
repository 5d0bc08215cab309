/* SPDX-License-Identifier: ISC */
/* acceptor.c - accepting, and resting from it. */
#include "net/acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <acmems/log.h>

#include "net/address.h"
#include "net/spare.h"

/* A round of the loop has others to serve too. */
#define ACCEPTED_AT_ONCE 32
#define REST_MS 200

static void take_rest(struct acceptor *acceptor)
{
	acmems_watch_free(acceptor->watch);
	acceptor->watch = NULL;
	acmems_timer_start(acceptor->rest, REST_MS);
}

static void on_accept_error(struct acceptor *acceptor, int errnum)
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
		spare_turn_away(acceptor->fd);
		break;
	}
	acmems_log(ACMEMS_LOG_DEBUG, acceptor->room, acceptor->name,
		"cannot accept connections: %s", strerror(errnum));
	take_rest(acceptor);
}

static void on_connection(void *arg, int fd, unsigned ready)
{
	struct acceptor *acceptor = arg;

	(void)ready;
	for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
		struct sockaddr_storage sockaddr = {.ss_family = AF_UNSPEC};
		socklen_t len = sizeof(sockaddr);
		struct acmems_address peer;
		int client = accept4(
			fd, (struct sockaddr *)&sockaddr, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (client < 0) {
			on_accept_error(acceptor, errno);
			return;
		}
		address_from_sockaddr(&peer, (struct sockaddr *)&sockaddr);
		acceptor->take(acceptor->arg, client, &peer);
	}
}

static void on_rested(void *arg)
{
	struct acceptor *acceptor = arg;
	struct acmems_error err = {0};

	acceptor->watch =
		acmems_watch_new(acceptor->fd, ACMEMS_READ, on_connection, acceptor, &err);
	if (!acceptor->watch)
		take_rest(acceptor);
}

bool acceptor_begin(struct acceptor *acceptor, struct acmems_error *err)
{
	acceptor->watch = NULL;
	acceptor->rest = acmems_timer_new(on_rested, acceptor);
	if (!acceptor->rest)
		return acmems_error_set(
			err, ACMEMS_NO_MEMORY, "no memory to listen on %s", acceptor->name);
	acceptor->watch = acmems_watch_new(acceptor->fd, ACMEMS_READ, on_connection, acceptor, err);
	if (!acceptor->watch) {
		acmems_timer_free(acceptor->rest);
		acceptor->rest = NULL;
		return false;
	}
	spare_hold();
	return true;
}

void acceptor_stop(struct acceptor *acceptor)
{
	acmems_watch_free(acceptor->watch);
	acceptor->watch = NULL;
	acmems_timer_free(acceptor->rest);
	acceptor->rest = NULL;
	spare_drop();
}
