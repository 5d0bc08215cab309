/* SPDX-License-Identifier: ISC */
/* reply.c - writes answers. */
#include "dns/reply.h"

#include <string.h>

#include <acmems/dns.h>

enum { TYPE_HINFO = 13, CLASS_IN = 1 };
/* The question's name, to point to. */
#define NAME_AT WIRE_HEADER_LEN
#define POINTER 0xc000
/* What a zone says about itself does not change while it is answered for. */
#define ZONE_TTL 3600
/* Nobody transfers these zones, so these mean nothing to anybody. */
#define SOA_SERIAL 1
#define SOA_REFRESH 3600
#define SOA_RETRY 600
#define SOA_EXPIRE 604800
/* What datagrams to us may hold. */
#define OPT_PAYLOAD 1232

/* ---- bytes ---- */

static void put(struct acmems_dns_reply *reply, const void *data, size_t len)
{
	if (reply->cut || reply->max - reply->len < len) {
		reply->cut = true;
		return;
	}
	memcpy(reply->bytes + reply->len, data, len);
	reply->len += len;
}

static void write_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_u16(struct acmems_dns_reply *reply, unsigned value)
{
	uint8_t bytes[2];

	write_u16(bytes, value);
	put(reply, bytes, sizeof(bytes));
}

static void put_u32(struct acmems_dns_reply *reply, uint32_t value)
{
	put_u16(reply, value >> 16);
	put_u16(reply, value & 0xffff);
}

/* Where the same name lies inside `name`, the question's: its offset in the message, or 0. */
static size_t find_suffix(
	const uint8_t *name, size_t name_len, const uint8_t *suffix, size_t suffix_len)
{
	size_t at = 0;

	while (name_len - at > suffix_len)
		at += 1u + name[at];
	return suffix_len > 1 && name_len - at == suffix_len &&
			       memcmp(name + at, suffix, suffix_len) == 0
		       ? NAME_AT + at
		       : 0;
}

/*
 * A name, as far as possible by pointing into `known_as`, what the question's name is known as: with
 * the letters it came with, or in lower case.
 */
static void put_name(
	struct acmems_dns_reply *reply, const struct zone_name *name, const uint8_t *known_as)
{
	size_t at = 0;

	while (name->bytes[at] != 0) {
		size_t known =
			find_suffix(known_as, reply->name.len, name->bytes + at, name->len - at);

		if (known > 0) {
			put_u16(reply, POINTER | (unsigned)known);
			return;
		}
		put(reply, name->bytes + at, 1u + name->bytes[at]);
		at += 1u + name->bytes[at];
	}
	put(reply, "", 1);
}

/* ---- records ---- */

/* A name that a record leads to, with letters of its own. */
static void put_target(struct acmems_dns_reply *reply, const struct zone_name *name)
{
	put_name(reply, name, reply->bytes + NAME_AT);
}

/* Returns the offset of the data; its length is filled in by end_record(). */
static size_t begin_record(
	struct acmems_dns_reply *reply, const struct zone_name *owner, unsigned type, uint32_t ttl)
{
	/* letters of owners are those of the question */
	put_name(reply, owner, reply->name.bytes);
	put_u16(reply, type);
	put_u16(reply, CLASS_IN);
	put_u32(reply, ttl);
	put_u16(reply, 0);
	return reply->len;
}

static void end_record(struct acmems_dns_reply *reply, size_t data, uint16_t *count)
{
	if (reply->cut)
		return;
	write_u16(reply->bytes + data - 2, (unsigned)(reply->len - data));
	++*count;
}

void reply_soa(struct acmems_dns_reply *reply, const struct zone *zone, bool as_answer)
{
	/* what is absent is remembered no longer than either of the two (RFC 2308, 3) */
	uint32_t ttl = as_answer || zone->ttl > ZONE_TTL ? ZONE_TTL : zone->ttl;
	size_t data = begin_record(reply, &zone->name, ACMEMS_DNS_SOA, ttl);

	put_target(reply, &zone->servers[0]);
	put_target(reply, &zone->mailbox);
	put_u32(reply, SOA_SERIAL);
	put_u32(reply, SOA_REFRESH);
	put_u32(reply, SOA_RETRY);
	put_u32(reply, SOA_EXPIRE);
	put_u32(reply, zone->ttl);
	end_record(reply, data, as_answer ? &reply->answers : &reply->authorities);
}

void reply_ns(struct acmems_dns_reply *reply, const struct zone *zone)
{
	for (size_t i = 0; i < zone->server_count; i++) {
		size_t data = begin_record(reply, &zone->name, ACMEMS_DNS_NS, ZONE_TTL);

		put_target(reply, &zone->servers[i]);
		end_record(reply, data, &reply->answers);
	}
}

void reply_hinfo(struct acmems_dns_reply *reply)
{
	static const char why[] = "\x07"
				  "RFC8482"
				  "\x00";
	size_t data = begin_record(reply, &reply->name, TYPE_HINFO, ZONE_TTL);

	put(reply, why, sizeof(why) - 1);
	end_record(reply, data, &reply->answers);
}

/* The values before it have records of the same shape: a pointer to the name in front of each. */
static bool is_there(const struct acmems_dns_reply *reply, const char *value, size_t len)
{
	size_t at = reply->behind_question;

	while (at < reply->len) {
		const uint8_t *data = reply->bytes + at + 12;

		if (data[0] == len && memcmp(data + 1, value, len) == 0)
			return true;
		at += 12u + wire_u16(data - 2);
	}
	return false;
}

bool acmems_dns_reply_txt(struct acmems_dns_reply *reply, const char *value)
{
	size_t len = strlen(value);
	uint8_t head = (uint8_t)len;
	size_t data;

	if (reply->type != ACMEMS_DNS_TXT || reply->cut || len > UINT8_MAX)
		return false;
	/* an RRset is a set (RFC 2181, 5) */
	if (is_there(reply, value, len))
		return true;
	data = begin_record(reply, &reply->name, ACMEMS_DNS_TXT, reply->ttl);
	put(reply, &head, 1);
	put(reply, value, len);
	end_record(reply, data, &reply->answers);
	return !reply->cut;
}

/* ---- all of it ---- */

/* Flags as they are in the question, where the answer has to repeat them: opcode, RD, CD. */
static void put_header(uint8_t *bytes, const struct wire_view *question, unsigned rcode)
{
	memset(bytes, 0, WIRE_HEADER_LEN);
	memcpy(bytes, question->bytes, 2);
	bytes[2] = (uint8_t)(0x80 | (question->bytes[2] & 0x79));
	bytes[3] = (uint8_t)((question->bytes[3] & 0x10) | (rcode & 15));
}

size_t reply_bare(uint8_t *bytes, const struct wire_view *question, unsigned rcode)
{
	put_header(bytes, question, rcode);
	return WIRE_HEADER_LEN;
}

void reply_begin(struct acmems_dns_reply *reply, uint8_t *bytes, size_t max,
	const struct wire_view *question, const struct reply_edns *edns)
{
	*reply = (struct acmems_dns_reply){.bytes = bytes,
		.max = max - (edns->present ? REPLY_OPT_LEN : 0),
		.len = question->records,
		.behind_question = question->records,
		.edns = *edns};
	reply->name.len = wire_name(question, WIRE_HEADER_LEN, reply->name.bytes, NULL);
	/* letters as they came, by which some resolvers know their answers */
	memcpy(bytes, question->bytes, question->records);
	put_header(bytes, question, 0);
	reply->type = wire_u16(bytes + reply->len - 4);
	reply->rr_class = wire_u16(bytes + reply->len - 2);
}

static void put_opt(struct acmems_dns_reply *reply, unsigned rcode)
{
	uint8_t *at = reply->bytes + reply->len;

	memset(at, 0, REPLY_OPT_LEN);
	at[2] = WIRE_TYPE_OPT;
	write_u16(at + 3, OPT_PAYLOAD);
	at[5] = (uint8_t)(rcode >> 4);
	at[7] = reply->edns.dnssec_ok ? 0x80 : 0;
	reply->len += REPLY_OPT_LEN;
}

size_t reply_end(struct acmems_dns_reply *reply, unsigned rcode)
{
	uint8_t *bytes = reply->bytes;

	if (reply->cut) {
		reply->len = reply->behind_question;
		reply->answers = reply->authorities = 0;
		bytes[2] |= 0x02;
	}
	if (reply->authoritative)
		bytes[2] |= 0x04;
	bytes[3] |= rcode & 15;
	write_u16(bytes + 4, 1);
	write_u16(bytes + 6, reply->answers);
	write_u16(bytes + 8, reply->authorities);
	write_u16(bytes + 10, reply->edns.present);
	if (reply->edns.present)
		put_opt(reply, rcode);
	return reply->len;
}
