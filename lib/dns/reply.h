/* SPDX-License-Identifier: ISC */
/*
 * dns/reply.h - an answer under construction, in a buffer of its owner's: header, question as it
 * came, records. What does not fit cuts the whole answer, as a part of an RRset is worth nothing (RFC
 * 2181, 9). What is to be said is answer's business.
 */
#ifndef DNS_REPLY_H
#define DNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/dns_server.h>

#include "dns/wire.h"
#include "dns/zone.h"

/* An OPT record without options. */
#define REPLY_OPT_LEN 11

/* What the OPT record of question and answer says (RFC 6891, 6.1). */
struct reply_edns {
	bool present;
	uint8_t version; /* of the question; answers have 0 */
	bool dnssec_ok; /* to be repeated (RFC 3225, 3) */
};

struct acmems_dns_reply {
	uint8_t *bytes;
	size_t len;
	size_t max;
	size_t behind_question;
	struct zone_name name; /* the question's */
	uint16_t type;
	uint16_t rr_class;
	struct reply_edns edns;
	bool authoritative;
	bool cut;
	uint16_t answers;
	uint16_t authorities;
	uint32_t ttl; /* of values */
};

/*
 * Begins the answer to a whole message with one question in `bytes`, which hold `max`: room for
 * header, question and OPT at least.
 */
void reply_begin(struct acmems_dns_reply *reply, uint8_t *bytes, size_t max,
	const struct wire_view *question, const struct reply_edns *edns);

/* Records of the zone that the question is about. */
void reply_soa(struct acmems_dns_reply *reply, const struct zone *zone, bool as_answer);
void reply_ns(struct acmems_dns_reply *reply, const struct zone *zone);

/* Instead of all that there is (RFC 8482, 4.2). */
void reply_hinfo(struct acmems_dns_reply *reply);

/* Ends it, with an RCODE of up to 12 bits; its length. */
size_t reply_end(struct acmems_dns_reply *reply, unsigned rcode);

/* Header alone: for what can not be repeated. Returns its length. */
size_t reply_bare(uint8_t *bytes, const struct wire_view *question, unsigned rcode);

#endif
