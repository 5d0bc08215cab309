/* SPDX-License-Identifier: ISC */
/*
 * dns/answer.h - what an authoritative name server says to a message. Bytes to bytes: no socket, no
 * state, no memory of its own.
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>
#include <acmems/dns_server.h>

#include "dns/zone.h"

/* Answers over UDP stay below it, whatever EDNS allows, so that forged questions do not pay. */
#define ANSWER_UDP_MAX 512

/* Who knows. */
struct answer_house {
	/* The zone around a name in wire form and lower case; NULL: we have none. */
	const struct zone *(*zone_of)(
		void *arg, const struct zone_name *name, const struct acmems_address *peer);
	/* Adds the values of the reply's question; whether its name exists. */
	bool (*values_of)(
		void *arg, const struct acmems_address *peer, struct acmems_dns_reply *reply);
	void *arg;
};

/*
 * Writes the answer to a message from `peer` into `out`, which holds `max` bytes: ANSWER_UDP_MAX or
 * more, or not fewer than the message has. An answer that is longer is cut. Returns its length; 0:
 * it is to be met with silence.
 */
size_t answer_make(const struct answer_house *house, const struct acmems_address *peer,
	const uint8_t *message, size_t len, uint8_t *out, size_t max);

#endif
