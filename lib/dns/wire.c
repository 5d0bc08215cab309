/* SPDX-License-Identifier: ISC */
/* wire.c - walks a DNS message with bounds on everything. */
#include "dns/wire.h"

#include <string.h>

uint16_t wire_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t wire_u32(const uint8_t *at)
{
	return (uint32_t)wire_u16(at) << 16 | wire_u16(at + 2);
}

uint64_t wire_u48(const uint8_t *at)
{
	return (uint64_t)wire_u16(at) << 32 | wire_u32(at + 2);
}

static uint8_t lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

size_t wire_name(const struct wire_view *view, size_t at, uint8_t out[WIRE_NAME_MAX], size_t *end)
{
	size_t limit = at; /* a pointer has to lead before this */
	size_t len = 0;
	unsigned jumps = 0;

	while (at < view->len) {
		size_t label = view->bytes[at];

		if (label >= 0xc0) {
			if (at + 2 > view->len || jumps == WIRE_LABELS_MAX)
				return 0;
			if (jumps++ == 0 && end)
				*end = at + 2;
			at = wire_u16(view->bytes + at) & 0x3fff;
			if (at >= limit || at < WIRE_HEADER_LEN)
				return 0;
			limit = at;
			continue;
		}
		if (label > 63 || at + 1 + label > view->len || len + 1 + label > WIRE_NAME_MAX)
			return 0;
		out[len++] = (uint8_t)label;
		for (size_t i = 1; i <= label; i++)
			out[len++] = lower(view->bytes[at + i]);
		at += 1 + label;
		if (label > 0)
			continue;
		if (jumps == 0 && end)
			*end = at;
		return len;
	}
	return 0;
}

/* One byte of a label; how many characters it takes. */
static size_t byte_text(uint8_t byte, char *out)
{
	if (byte <= ' ' || byte >= 0x7f) {
		out[0] = '\\';
		out[1] = (char)('0' + byte / 100);
		out[2] = (char)('0' + byte / 10 % 10);
		out[3] = (char)('0' + byte % 10);
		return 4;
	}
	if (strchr(".;()\\", byte)) {
		out[0] = '\\';
		out[1] = (char)byte;
		return 2;
	}
	out[0] = (char)byte;
	return 1;
}

void wire_name_text(const uint8_t *name, size_t len, char *out)
{
	size_t at = 0;

	while (at < len && name[at] > 0) {
		for (size_t end = at + 1 + name[at]; ++at < end;)
			out += byte_text(name[at], out);
		*out++ = '.';
	}
	if (len <= 1)
		*out++ = '.';
	*out = '\0';
}

/* Reads the fixed part of a record and steps over it. */
static bool read_record(const struct wire_view *view, size_t *at, struct wire_record *record)
{
	uint8_t name[WIRE_NAME_MAX];
	size_t end = 0;

	record->start = *at;
	if (wire_name(view, *at, name, &end) == 0 || end + 10 > view->len)
		return false;
	record->type = wire_u16(view->bytes + end);
	record->rr_class = wire_u16(view->bytes + end + 2);
	record->ttl = wire_u32(view->bytes + end + 4);
	record->data_len = wire_u16(view->bytes + end + 8);
	record->data = end + 10;
	*at = record->data + record->data_len;
	return *at <= view->len;
}

bool wire_next(const struct wire_view *view, struct wire_walk *walk, struct wire_record *record)
{
	if (walk->at == 0)
		walk->at = view->records;
	while (walk->section < 3 && walk->done == view->counts[walk->section + 1]) {
		walk->section++;
		walk->done = 0;
	}
	if (walk->section == 3)
		return false;
	walk->done++;
	record->section = walk->section;
	return read_record(view, &walk->at, record);
}

/* What OPT and TSIG have to obey. `last` is whether no record follows. */
static const char *look_at_record(
	struct wire_view *view, const struct wire_record *record, bool last)
{
	if (record->type == WIRE_TYPE_TSIG) {
		if (record->section != 2 || !last)
			return "its TSIG record is not the last one";
		view->tsig = record->start;
	}
	if (record->type == WIRE_TYPE_OPT) {
		if (record->section != 2 || view->edns)
			return "it has more than one OPT record, or one in the wrong place";
		view->edns = true;
		view->rcode |= (record->ttl >> 24) << 4;
	}
	return NULL;
}

static const char *look_at_records(struct wire_view *view)
{
	unsigned count = (unsigned)view->counts[1] + view->counts[2] + view->counts[3];
	size_t at = view->records;
	struct wire_walk walk = {0};
	struct wire_record record;
	const char *why;

	if (count > WIRE_RECORDS_MAX)
		return "it has too many records";
	for (unsigned i = 1; i <= count; i++) {
		if (!wire_next(view, &walk, &record))
			return "it ends inside of a record";
		at = walk.at;
		why = look_at_record(view, &record, i == count);
		if (why)
			return why;
	}
	return at == view->len ? NULL : "it has bytes behind its end";
}

bool wire_look(struct wire_view *view, const uint8_t *bytes, size_t len, const char **why)
{
	uint8_t name[WIRE_NAME_MAX];

	*view = (struct wire_view){.bytes = bytes, .len = len, .records = WIRE_HEADER_LEN};
	*why = "it is shorter than a header";
	if (len < WIRE_HEADER_LEN || len > WIRE_MAX)
		return false;
	view->id = wire_u16(bytes);
	view->response = bytes[2] & 0x80;
	view->opcode = (bytes[2] >> 3) & 15;
	view->authoritative = bytes[2] & 4;
	view->truncated = bytes[2] & 2;
	view->rcode = bytes[3] & 15;
	for (size_t i = 0; i < 4; i++)
		view->counts[i] = wire_u16(bytes + 4 + 2 * i);
	*why = "it has more than one question";
	if (view->counts[0] > 1)
		return false;
	*why = "it ends inside of the question";
	if (view->counts[0] == 1) {
		if (wire_name(view, view->records, name, &view->records) == 0 ||
			view->records + 4 > len)
			return false;
		view->records += 4;
	}
	*why = look_at_records(view);
	return *why == NULL;
}

bool wire_same_question(const struct wire_view *a, const struct wire_view *b)
{
	uint8_t name_a[WIRE_NAME_MAX], name_b[WIRE_NAME_MAX];
	size_t end_a = 0, end_b = 0, len;

	if (a->counts[0] != 1 || b->counts[0] != 1)
		return false;
	len = wire_name(a, WIRE_HEADER_LEN, name_a, &end_a);
	return len > 0 && wire_name(b, WIRE_HEADER_LEN, name_b, &end_b) == len &&
	       memcmp(name_a, name_b, len) == 0 &&
	       memcmp(a->bytes + end_a, b->bytes + end_b, 4) == 0;
}
