/* SPDX-License-Identifier: ISC */
/*
 * net/tls_listener.h - one listening address, shared by all TLS servers that want it: accepting, and
 * the rest it takes when that fails.
 *
 * Life: get (opened, or one more user of it) -> hellos are offered -> put by the last user: it accepts
 * no more, handshakes under way go on, and when the last is over it frees itself.
 */
#ifndef NET_TLS_LISTENER_H
#define NET_TLS_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "net/address.h"
#include "net/tls_handshake.h"

struct tls_listener;

/* Whose identity is to be shown; NULL: nobody knows the name. */
typedef const struct acmems_tls_identity *tls_listener_offer(
	struct tls_listener *listener, const char *server_name, const struct acmems_address *peer);

/* Opens the address or shares the one that is open. NULL and *err on failure. */
struct tls_listener *tls_listener_get(const struct address_place *place,
	const struct tls_limits *limits, tls_listener_offer *offer, struct acmems_error *err);
void tls_listener_put(struct tls_listener *listener);

/* From now on these bounds hold. */
void tls_listener_limit(struct tls_listener *listener, const struct tls_limits *limits);

uint16_t tls_listener_port(const struct tls_listener *listener);

/* Connections of all listeners. */
size_t tls_listener_connections(void);

/* Cuts and frees everything, at the very end of the process. */
void tls_listener_fini(void);

#endif
