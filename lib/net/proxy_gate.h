/* SPDX-License-Identifier: ISC */
/*
 * net/proxy_gate.h - takes the PROXY protocol's header off a connection before anything else reads
 * from it. The connection's bufferevent has no socket meanwhile.
 *
 * Life: new, with the socket taken away -> ended(): the socket is given back by free.
 */
#ifndef NET_PROXY_GATE_H
#define NET_PROXY_GATE_H

#include "net/proxy_header.h"

struct bufferevent;
struct proxy_gate;

/* header is NULL when none comes any more; `any` tells whether anything did. Frees the gate. */
typedef void proxy_gate_ended(void *arg, const struct proxy_header *header, bool any);

/* NULL without memory; nothing is changed then. */
struct proxy_gate *proxy_gate_new(struct bufferevent *bev, proxy_gate_ended *ended, void *arg);

/* Has the bufferevent go on with the socket, wherever that stands. NULL is allowed. */
void proxy_gate_free(struct proxy_gate *gate);

#endif
