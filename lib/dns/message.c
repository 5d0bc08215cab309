/* SPDX-License-Identifier: ISC */
/*
 * message.c - DNS messages through ldns, which sees only names of our own and records that have
 * passed wire_look().
 */
#include "dns/message.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool no_memory(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a DNS message");
}

/* ---- names ---- */

static ldns_rdf *parse_name(const char *name, struct acmems_error *err)
{
	ldns_rdf *parsed = NULL;

	if (*name != '\0' && strlen(name) < ACMEMS_DNS_NAME_MAX)
		parsed = ldns_dname_new_frm_str(name);
	if (!parsed)
		acmems_error_set(err, ACMEMS_CONFIG, "\"%.100s\" is not a domain name", name);
	else
		ldns_dname2canonical(parsed);
	return parsed;
}

size_t message_name(const char *name, uint8_t out[WIRE_NAME_MAX], struct acmems_error *err)
{
	ldns_rdf *parsed = parse_name(name, err);
	size_t len = parsed ? ldns_rdf_size(parsed) : 0;

	if (len > WIRE_NAME_MAX)
		len = 0;
	if (len > 0)
		memcpy(out, ldns_rdf_data(parsed), len);
	ldns_rdf_deep_free(parsed);
	return len;
}

/* ---- made ---- */

/* Takes the packet. */
static bool to_wire(struct message *message, ldns_pkt *packet, struct acmems_error *err)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	ldns_status status = packet ? ldns_pkt2wire(&bytes, packet, &len) : LDNS_STATUS_MEM_ERR;

	ldns_pkt_free(packet);
	if (status == LDNS_STATUS_OK && bytes) {
		*message = (struct message){.bytes = malloc(len), .len = len};
		if (message->bytes)
			memcpy(message->bytes, bytes, len);
	}
	LDNS_FREE(bytes);
	return message->bytes || no_memory(err);
}

bool message_question(struct message *message, const struct acmems_dns_question *question,
	uint16_t id, bool edns, struct acmems_error *err)
{
	ldns_rdf *name = parse_name(question->name, err);
	ldns_pkt *packet;

	*message = (struct message){0};
	if (!name)
		return false;
	packet = ldns_pkt_query_new(name, (ldns_rr_type)question->type, LDNS_RR_CLASS_IN,
		question->recursive ? LDNS_RD : 0);
	if (!packet) {
		ldns_rdf_deep_free(name);
		return no_memory(err);
	}
	ldns_pkt_set_id(packet, id);
	if (edns)
		ldns_pkt_set_edns_udp_size(packet, MESSAGE_UDP_LEN);
	return to_wire(message, packet, err);
}

/* The text as one character string; its length is checked by the caller. */
static ldns_rdf *txt_rdf(const char *value)
{
	uint8_t string[256];

	string[0] = (uint8_t)strlen(value);
	memcpy(string + 1, value, string[0]);
	return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, string[0] + 1U, string);
}

/* Adding is class IN with a TTL, taking exactly this one out is class NONE and TTL 0 (RFC 2136, 2.5). */
static ldns_rr *update_record(const struct acmems_dns_update *update, struct acmems_error *err)
{
	ldns_rdf *owner = parse_name(update->owner, err);
	ldns_rdf *text = owner ? txt_rdf(update->value) : NULL;
	ldns_rr *record = text ? ldns_rr_new() : NULL;

	if (!record) {
		if (owner)
			no_memory(err);
		ldns_rdf_deep_free(text);
		ldns_rdf_deep_free(owner);
		return NULL;
	}
	ldns_rr_set_owner(record, owner);
	ldns_rr_set_type(record, LDNS_RR_TYPE_TXT);
	ldns_rr_set_class(record, update->remove ? LDNS_RR_CLASS_NONE : LDNS_RR_CLASS_IN);
	ldns_rr_set_ttl(record, update->remove ? 0 : update->ttl);
	if (!ldns_rr_push_rdf(record, text)) {
		ldns_rdf_deep_free(text);
		ldns_rr_free(record);
		no_memory(err);
		return NULL;
	}
	return record;
}

/* ldns takes the zone's name and copies the list. */
static ldns_pkt *update_packet(ldns_rdf *zone, ldns_rr *record)
{
	ldns_rr_list *list = ldns_rr_list_new();
	ldns_pkt *packet = NULL;

	if (list && ldns_rr_list_push_rr(list, record)) {
		packet = ldns_update_pkt_new(zone, LDNS_RR_CLASS_IN, NULL, list, NULL);
		if (packet)
			zone = NULL;
	}
	ldns_rdf_deep_free(zone);
	ldns_rr_list_free(list);
	ldns_rr_free(record);
	return packet;
}

bool message_update(struct message *message, const struct acmems_dns_update *update, uint16_t id,
	struct acmems_error *err)
{
	ldns_rdf *zone;
	ldns_rr *record;
	ldns_pkt *packet;

	*message = (struct message){0};
	if (strlen(update->value) > 255)
		return acmems_error_set(
			err, ACMEMS_FAULT, "a TXT value of more than 255 bytes is not supported");
	zone = parse_name(update->zone, err);
	if (!zone)
		return false;
	record = update_record(update, err);
	if (!record) {
		ldns_rdf_deep_free(zone);
		return false;
	}
	packet = update_packet(zone, record);
	if (!packet)
		return no_memory(err);
	ldns_pkt_set_id(packet, id);
	/* ldns leaves RD set, a bit that has to be zero here (RFC 2136, 2.2) */
	ldns_pkt_set_rd(packet, false);
	return to_wire(message, packet, err);
}

void message_fini(struct message *message)
{
	free(message->bytes);
	*message = (struct message){0};
}

/* ---- read ---- */

static bool understood(const struct wire_record *record)
{
	if (record->rr_class != LDNS_RR_CLASS_IN)
		return false;
	switch ((enum acmems_dns_type)record->type) {
	case ACMEMS_DNS_A:
	case ACMEMS_DNS_NS:
	case ACMEMS_DNS_CNAME:
	case ACMEMS_DNS_SOA:
	case ACMEMS_DNS_TXT:
	case ACMEMS_DNS_AAAA:
		return true;
	}
	return false;
}

/* A name's text, ours to free. */
static char *name_text(ldns_rdf *name)
{
	char *theirs, *ours = NULL;

	ldns_dname2canonical(name);
	theirs = ldns_rdf2str(name);
	if (theirs)
		ours = strdup(theirs);
	LDNS_FREE(theirs);
	return ours;
}

/* The strings of a TXT record joined. */
static char *joined_text(const ldns_rr *rr, size_t *ret_len)
{
	size_t len = 0;
	char *text;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		len += ldns_rdf_size(ldns_rr_rdf(rr, i));
	text = malloc(len + 1);
	len = 0;
	for (size_t i = 0; text && i < ldns_rr_rd_count(rr); i++) {
		const uint8_t *string = ldns_rdf_data(ldns_rr_rdf(rr, i));

		memcpy(text + len, string + 1, string[0]);
		len += string[0];
	}
	if (text)
		text[len] = '\0';
	*ret_len = len;
	return text;
}

static void take_address(
	struct acmems_address *address, const ldns_rdf *data, enum acmems_family family)
{
	address->family = family;
	memcpy(address->bytes, ldns_rdf_data(data), family == ACMEMS_IPV4 ? 4 : 16);
}

/* The data of one record; false: no memory. */
static bool take_data(struct acmems_dns_record *record, const ldns_rr *rr)
{
	switch ((enum acmems_dns_type)record->type) {
	case ACMEMS_DNS_A:
		take_address(&record->address, ldns_rr_rdf(rr, 0), ACMEMS_IPV4);
		return true;
	case ACMEMS_DNS_AAAA:
		take_address(&record->address, ldns_rr_rdf(rr, 0), ACMEMS_IPV6);
		return true;
	case ACMEMS_DNS_SOA:
		record->minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));
		record->target = name_text(ldns_rr_rdf(rr, 0));
		return record->target != NULL;
	case ACMEMS_DNS_NS:
	case ACMEMS_DNS_CNAME:
		record->target = name_text(ldns_rr_rdf(rr, 0));
		return record->target != NULL;
	case ACMEMS_DNS_TXT:
		record->text = joined_text(rr, &record->len);
		return record->text != NULL;
	}
	return true;
}

/* Whether the names in the data are sound; ldns follows pointers wherever they lead. */
static bool names_are_sound(const struct wire_view *view, const struct wire_record *from)
{
	size_t names = 0, at = from->data;
	uint8_t name[WIRE_NAME_MAX];

	if (from->type == ACMEMS_DNS_NS || from->type == ACMEMS_DNS_CNAME)
		names = 1;
	else if (from->type == ACMEMS_DNS_SOA)
		names = 2;
	while (names > 0 && wire_name(view, at, name, &at) > 0)
		names--;
	return names == 0 && at <= from->data + from->data_len;
}

static bool read_record(struct acmems_dns_record *record, const struct wire_view *view,
	const struct wire_record *from, struct acmems_error *err)
{
	ldns_rr *rr = NULL;
	size_t at = from->start;
	bool ok;

	/* ldns is content with data that ends early, between two fields */
	if (!names_are_sound(view, from) ||
		ldns_wire2rr(&rr, view->bytes, view->len, &at, LDNS_SECTION_ANSWER) !=
			LDNS_STATUS_OK ||
		ldns_rr_rd_count(rr) < (from->type == ACMEMS_DNS_SOA ? 7 : 1)) {
		ldns_rr_free(rr);
		return acmems_error_set(err, ACMEMS_BAD_ANSWER, "a record in it is damaged");
	}
	record->section = (enum acmems_dns_section)from->section;
	record->type = from->type;
	record->ttl = from->ttl;
	record->name = name_text(ldns_rr_owner(rr));
	ok = record->name && take_data(record, rr);
	ldns_rr_free(rr);
	return ok || no_memory(err);
}

bool message_answer(
	struct acmems_dns_answer *answer, const struct wire_view *view, struct acmems_error *err)
{
	unsigned most = (unsigned)view->counts[1] + view->counts[2] + view->counts[3];
	struct acmems_dns_record *records = calloc(most > 0 ? most : 1, sizeof(*records));
	struct wire_walk walk = {0};
	struct wire_record from;

	*answer = (struct acmems_dns_answer){
		.rcode = view->rcode, .authoritative = view->authoritative, .records = records};
	if (!records)
		return no_memory(err);
	while (wire_next(view, &walk, &from)) {
		if (!understood(&from))
			continue;
		answer->count++;
		if (!read_record(&records[answer->count - 1], view, &from, err)) {
			message_answer_fini(answer);
			return false;
		}
	}
	return true;
}

void message_answer_fini(struct acmems_dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		free((char *)answer->records[i].name);
		free((char *)answer->records[i].target);
		free((char *)answer->records[i].text);
	}
	free((struct acmems_dns_record *)answer->records);
	*answer = (struct acmems_dns_answer){0};
}

const char *message_rcode(unsigned rcode, char out[16])
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"};

	if (rcode < sizeof(names) / sizeof(names[0]))
		return names[rcode];
	snprintf(out, 16, rcode == 16 ? "BADVERS" : "RCODE %u", rcode);
	return out;
}
