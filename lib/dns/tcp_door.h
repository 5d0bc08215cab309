/* SPDX-License-Identifier: ISC */
/*
 * dns/tcp_door.h - connections to a name server (RFC 7766): question after question on each, answered
 * in their order, and the bounds on all of one listening address: how long one may be idle or take
 * for a question or an answer, caps on connections in all and per address.
 *
 * Above a cap the connection that has been quiet for longest goes. One answer at a time is under way
 * on a connection, and nothing is read meanwhile, so a client that does not read holds little.
 *
 * Life of a connection: accepted -> questions and answers -> freed when the client closes or leaves
 * it idle, at a fault, or by tcp_door_cut().
 */
#ifndef DNS_TCP_DOOR_H
#define DNS_TCP_DOOR_H

#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>

#include "dns/answer.h"

struct peer_count;
struct tcp_client;

struct tcp_limits {
	unsigned max_connections;
	unsigned max_per_address;
	int64_t idle_ms;
};

/* What all connections of one listening address share. */
struct tcp_door {
	struct tcp_limits limits;
	const char *room, *name; /* for the log */
	const struct answer_house *house;
	/* the connections' */
	struct tcp_client *first; /* quiet for longest */
	struct peer_count *peers;
	size_t count;
};

/* Begins on an accepted, non-blocking socket, which it closes in any case. */
void tcp_door_take(struct tcp_door *door, int fd, const struct acmems_address *peer);

/* Cuts all. Not from inside the house's functions. */
void tcp_door_cut(struct tcp_door *door);

#endif
