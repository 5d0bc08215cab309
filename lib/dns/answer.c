/* SPDX-License-Identifier: ISC */
/* answer.c - decides what is said. */
#include "dns/answer.h"

#include <acmems/dns.h>

#include "dns/reply.h"
#include "dns/wire.h"

enum {
	RCODE_NOERROR = 0,
	RCODE_FORMERR = 1,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	RCODE_BADVERS = 16,
};

enum { CLASS_IN = 1, TYPE_TKEY = 249, TYPE_MAILA = 254, TYPE_ANY = 255 };

/* Options are not understood, but have to be whole (RFC 6891, 6.1.2). */
static bool options_are_whole(const struct wire_view *view, const struct wire_record *opt)
{
	size_t at = opt->data, end = opt->data + opt->data_len;

	while (end - at >= 4) {
		size_t len = wire_u16(view->bytes + at + 2);

		at += 4;
		if (end - at < len)
			return false;
		at += len;
	}
	return at == end;
}

static bool read_edns(const struct wire_view *view, struct reply_edns *edns)
{
	struct wire_walk walk = {0};
	struct wire_record record;

	*edns = (struct reply_edns){.present = view->edns};
	while (view->edns && wire_next(view, &walk, &record)) {
		if (record.type != WIRE_TYPE_OPT)
			continue;
		edns->version = (uint8_t)(record.ttl >> 16);
		edns->dnssec_ok = record.ttl & 0x8000;
		/* its owner is the root */
		return view->bytes[record.start] == 0 && options_are_whole(view, &record);
	}
	return true;
}

/* Transfers, and what is for other kinds of servers. */
static bool is_no_data(uint16_t type)
{
	return type >= TYPE_TKEY && type <= TYPE_MAILA;
}

/* What lies at a name. Returns the RCODE. */
static unsigned say_what_is_there(const struct answer_house *house,
	const struct acmems_address *peer, const struct zone *zone, struct acmems_dns_reply *reply)
{
	bool apex = reply->name.len == zone->name.len;
	bool exists;

	if (apex && reply->type == ACMEMS_DNS_SOA) {
		reply_soa(reply, zone, true);
		return RCODE_NOERROR;
	}
	if (apex && reply->type == ACMEMS_DNS_NS) {
		reply_ns(reply, zone);
		return RCODE_NOERROR;
	}
	exists = house->values_of(house->arg, peer, reply) || apex;
	if (exists && reply->type == TYPE_ANY)
		reply_hinfo(reply);
	if (reply->answers == 0)
		reply_soa(reply, zone, false);
	return exists ? RCODE_NOERROR : RCODE_NXDOMAIN;
}

static unsigned say(const struct answer_house *house, const struct acmems_address *peer,
	struct acmems_dns_reply *reply)
{
	const struct zone *zone;

	if (reply->edns.version > 0)
		return RCODE_BADVERS;
	if (reply->rr_class != CLASS_IN || is_no_data(reply->type))
		return RCODE_REFUSED;
	zone = house->zone_of(house->arg, &reply->name, peer);
	if (!zone)
		return RCODE_REFUSED;
	reply->authoritative = true;
	reply->ttl = zone->ttl;
	return say_what_is_there(house, peer, zone, reply);
}

size_t answer_make(const struct answer_house *house, const struct acmems_address *peer,
	const uint8_t *message, size_t len, uint8_t *out, size_t max)
{
	struct acmems_dns_reply reply;
	struct reply_edns edns;
	struct wire_view view;
	const char *why;
	bool whole = wire_look(&view, message, len, &why);

	/* answering answers would go round for ever between two servers */
	if (len < WIRE_HEADER_LEN || view.response)
		return 0;
	if (view.opcode != WIRE_OPCODE_QUERY)
		return reply_bare(out, &view, RCODE_NOTIMP);
	if (!whole || view.counts[0] != 1 || !read_edns(&view, &edns))
		return reply_bare(out, &view, RCODE_FORMERR);
	reply_begin(&reply, out, max, &view, &edns);
	return reply_end(&reply, say(house, peer, &reply));
}
