/* SPDX-License-Identifier: ISC */
/*
 * net/tls_listener.h - accepting on one listening address of TLS servers, and the rest that is taken
 * when that fails. Which servers share the address is tls_server's.
 *
 * Life: begin -> handshakes are started -> stop: accepts no more, handshakes under way go on -> end.
 */
#ifndef NET_TLS_LISTENER_H
#define NET_TLS_LISTENER_H

#include <stdbool.h>

#include <acmems/error.h>
#include <acmems/loop.h>

#include "net/share.h"
#include "net/tls_handshake.h"

struct tls_listener {
	struct share_listener share; /* first */
	struct acmems_watch *watch;
	struct acmems_timer *rest;
	struct tls_door door;
};

/* Its socket is bound, and its door set up but for the context. False and *err on failure. */
bool tls_listener_begin(struct tls_listener *listener, struct acmems_error *err);

/* Closes the socket. */
void tls_listener_stop(struct tls_listener *listener);

/* Cuts what is left, after stop. */
void tls_listener_end(struct tls_listener *listener);

#endif
