/* SPDX-License-Identifier: ISC */
/*
 * dns/udp_rate.h - how many bytes each source of questions may be sent beyond those that came from it.
 * A forged source is not worth the trouble then; an honest one that asks a lot gets cut answers and
 * asks again over TCP.
 */
#ifndef DNS_UDP_RATE_H
#define DNS_UDP_RATE_H

#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>

#define UDP_RATE_BUCKETS 1024
/* At once, and then per second. */
#define UDP_RATE_BURST 65536
#define UDP_RATE_BYTES 16384

/* Sources share buckets by chance: there is no memory for each, and a bucket costs nobody an answer. */
struct udp_rate {
	struct udp_rate_bucket {
		int64_t left; /* bytes; below zero: none */
		int64_t filled_ms; /* when it was filled up last; of acmems_clock_ms() */
	} buckets[UDP_RATE_BUCKETS];
};

/* All are full. */
void udp_rate_init(struct udp_rate *rate, int64_t now_ms);

/* The bucket of a source, filled up. */
struct udp_rate_bucket *udp_rate_of(
	struct udp_rate *rate, const struct acmems_address *source, int64_t now_ms);

#endif
