/* SPDX-License-Identifier: ISC */
/*
 * dns/wire.h - a DNS message as it came from the network, looked at before anything believes it (RFC
 * 1035, 4.1). wire_look() walks all of it once; only what it let through is handed to ldns. Nothing
 * is allocated here, and no record is understood but OPT's and TSIG's place.
 */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MAX 65535
#define WIRE_HEADER_LEN 12
#define WIRE_NAME_MAX 255
#define WIRE_LABELS_MAX 127 /* that a name has room for */
#define WIRE_RECORDS_MAX 1024

enum { WIRE_TYPE_OPT = 41, WIRE_TYPE_TSIG = 250 };
enum { WIRE_OPCODE_QUERY = 0, WIRE_OPCODE_UPDATE = 5 };

struct wire_view {
	const uint8_t *bytes;
	size_t len;
	uint16_t id;
	bool response; /* QR */
	unsigned opcode;
	bool authoritative; /* AA */
	bool truncated; /* TC */
	unsigned rcode; /* with the upper bits from EDNS (RFC 6891, 6.1.3) */
	uint16_t counts[4]; /* question, answer, authority, additional; or as RFC 2136 calls them */
	size_t records; /* offset of the first record behind the question */
	bool edns; /* has an OPT record */
	size_t tsig; /* offset of the TSIG record, the last of all; 0: none */
};

/* One record of a view; offsets into its bytes. */
struct wire_record {
	unsigned section; /* 0 answer, 1 authority, 2 additional */
	size_t start; /* of its name */
	uint16_t type;
	uint16_t rr_class;
	uint32_t ttl;
	size_t data;
	size_t data_len;
};

/* Where wire_next() is; zero it first. */
struct wire_walk {
	size_t at;
	unsigned section;
	unsigned done; /* records of this section */
};

/*
 * Checks every name and record of a message and fills the view, which points into the bytes. False,
 * with a static *why, if it is damaged, has more than one question, a TSIG that is not the last
 * record, two OPTs, more than WIRE_RECORDS_MAX records, or bytes behind its end. What the header says
 * is in the view even then, if there is a whole header.
 */
bool wire_look(struct wire_view *view, const uint8_t *bytes, size_t len, const char **why);

/* The next record of a view that wire_look() has made; false behind the last. */
bool wire_next(const struct wire_view *view, struct wire_walk *walk, struct wire_record *record);

/*
 * The name at an offset, whole and in lower case, in wire form. *end, if not NULL, is the offset
 * behind it. Returns its length, or 0 if it is damaged: pointers lead backwards only, and there are
 * no more of them than labels, or a message of them would take long.
 */
size_t wire_name(const struct wire_view *view, size_t at, uint8_t out[WIRE_NAME_MAX], size_t *end);

/*
 * The text of a whole name in wire form, with the last dot, into a buffer of ACMEMS_DNS_NAME_MAX. Odd
 * bytes are written as in zone files (RFC 1035, 5.1).
 */
void wire_name_text(const uint8_t *name, size_t len, char *out);

/* Whether both ask the same, letters' case aside. */
bool wire_same_question(const struct wire_view *a, const struct wire_view *b);

uint16_t wire_u16(const uint8_t *at);
uint32_t wire_u32(const uint8_t *at);
uint64_t wire_u48(const uint8_t *at);

#endif
