/* SPDX-License-Identifier: ISC */
/*
 * net/tls_handshake.h - one connection on which nothing but a handshake is done, and the bounds on all
 * of one listening address: an absolute deadline, a cap on bytes, caps on connections in all and per
 * address.
 *
 * Above a cap the oldest connection goes, not the newest: an honest handshake takes a few round trips,
 * so who sits on connections loses them first.
 *
 * Life: new -> shakes hands -> says farewell -> waits for the client to close, so that what was sent
 * arrives -> frees itself. Frees itself too at the deadline or a fault.
 */
#ifndef NET_TLS_HANDSHAKE_H
#define NET_TLS_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>
#include <acmems/loop.h>

#include "net/tls_hello.h"

struct peer_count;
struct tls_handshake;

struct tls_limits {
	unsigned max_connections;
	unsigned max_per_address;
	int64_t deadline_ms;
};

/* What all connections of one listening address share. */
struct tls_door {
	struct tls_limits limits;
	const char *room, *name; /* for the log; name: of the address */
	SSL_CTX *context;
	const struct acmems_tls_identity *(*choose)(
		void *arg, const char *server_name, const struct acmems_address *peer);
	acmems_callback *empty; /* the last one went; may not free the door */
	void *arg;
	/* the handshakes' */
	struct tls_handshake *first; /* the oldest */
	struct peer_count *peers;
	size_t count;
};

/* Begins on an accepted, non-blocking socket, which it closes in any case. */
void tls_handshake_start(struct tls_door *door, int fd, const struct acmems_address *peer);

/* Cuts all that are left. Not from inside choose. */
void tls_door_cut(struct tls_door *door);

#endif
