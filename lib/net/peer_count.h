/* SPDX-License-Identifier: ISC */
/*
 * net/peer_count.h - how many connections each address has: a table that a listener keeps to bound
 * them. IPv6 addresses count by their /64 (address_key).
 */
#ifndef NET_PEER_COUNT_H
#define NET_PEER_COUNT_H

#include <acmems/address.h>

struct peer_count;

/* Counts one more of this address in the table, NULL at first. NULL without memory. */
struct peer_count *peer_count_add(struct peer_count **table, const struct acmems_address *address);

/* One less; the last one frees it. NULL is allowed. */
void peer_count_drop(struct peer_count **table, struct peer_count *peer);

unsigned peer_count_get(const struct peer_count *peer);

#endif
