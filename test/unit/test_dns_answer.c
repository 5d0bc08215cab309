/* SPDX-License-Identifier: ISC */
/* Messages byte by byte to an answer that is read with ldns, which knows nothing of how it was made. */
#include "unit.h"

#include <stdio.h>

#include "dns/answer.h"
#include "dns/message.h"
#include "dns/reply.h"
#include "dns/udp_rate.h"
#include "dns_peer.h"

enum { REFUSED = 5, FORMERR = 1, NXDOMAIN = 3, NOTIMP = 4, BADVERS = 16 };

static char *servers[] = {(char *)"ns1.example.net.", (char *)"NS2.acme.example.org", NULL};
static struct zone zones[2];
static struct acmems_error err;
/* What is known: how many values at "txt.acme.example.org.", and who asked for what. */
static unsigned values;
static unsigned asked;
static unsigned taken;
static char last[ACMEMS_DNS_NAME_MAX];
static const struct acmems_address peer = {.family = ACMEMS_IPV4, .port = 5353};

static const struct zone *zone_of(
	void *arg, const struct zone_name *name, const struct acmems_address *from)
{
	(void)arg;
	assert_ptr_equal(from, &peer);
	return zone_around(zones, 2, name->bytes, name->len);
}

static bool values_of(void *arg, const struct acmems_address *from, struct acmems_dns_reply *reply)
{
	char value[64];

	(void)arg;
	(void)from;
	asked++;
	wire_name_text(reply->name.bytes, reply->name.len, last);
	if (strcmp(last, "acme.example.org.") == 0)
		return false;
	if (strcmp(last, "txt.acme.example.org.") != 0)
		return strcmp(last, "empty.acme.example.org.") == 0;
	for (unsigned i = 0; i < values; i++) {
		snprintf(value, sizeof(value), "%043u", i);
		taken += acmems_dns_reply_txt(reply, value);
	}
	return true;
}

static const struct answer_house house = {.zone_of = zone_of, .values_of = values_of};

static int setup(void **state)
{
	const struct acmems_dns_zone outer = {
		"acme.example.org", servers, "hostmaster.example.org"};
	const struct acmems_dns_zone inner = {
		"_acme-challenge.www.acme.example.org.", servers, "hm.example.com."};

	values = 2;
	asked = taken = 0;
	err = (struct acmems_error){0};
	return unit_loop_setup(state) != 0 || !zone_init(&zones[0], &outer, 5, &err) ||
	       !zone_init(&zones[1], &inner, 5, &err);
}

static int teardown(void **state)
{
	zone_fini(&zones[0]);
	zone_fini(&zones[1]);
	return unit_loop_teardown(state);
}

/* ---- what is said, and what comes back ---- */

static struct dns_bytes question;
static uint8_t out[WIRE_MAX];
static size_t out_len;
static struct wire_view view;
static struct acmems_dns_answer answer;

static void begin(unsigned flags)
{
	question.len = 0;
	put_u16(&question, 0xabcd);
	put_u16(&question, flags);
	put_u16(&question, 1);
	put_u16(&question, 0);
	put_u32(&question, 0);
}

static void begin_for(const char *name, unsigned type, unsigned rr_class)
{
	begin(0x0100);
	put_name(&question, name);
	put_u16(&question, type);
	put_u16(&question, rr_class);
}

static void put_opt(unsigned payload, unsigned version, unsigned flags, unsigned len)
{
	question.data[11] = 1;
	put_u8(&question, 0);
	put_u16(&question, 41);
	put_u16(&question, payload);
	put_u8(&question, 0);
	put_u8(&question, version);
	put_u16(&question, flags);
	put_u16(&question, len);
}

/* A copy of its own, so that a sanitizer sees its end. */
static size_t tell(size_t max)
{
	uint8_t *copy = malloc(question.len + 1);
	const char *why;

	assert_non_null(copy);
	memcpy(copy, question.data, question.len);
	message_answer_fini(&answer);
	memset(out, 0xee, sizeof(out));
	out_len = answer_make(&house, &peer, copy, question.len, out, max);
	free(copy);
	assert_true(out_len <= max);
	if (out_len == 0)
		return 0;
	assert_true(wire_look(&view, out, out_len, &why));
	assert_int_equal(view.id, 0xabcd);
	assert_true(view.response);
	return out_len;
}

/* As over UDP. ldns reads it. Without memory for that the test is at its end. */
static void ask(const char *name, unsigned type)
{
	begin_for(name, type, 1);
	assert_true(tell(ANSWER_UDP_MAX) > 0);
	assert_true(message_answer(&answer, &view, &err));
}

#define assert_rcode(expected) assert_int_equal(view.rcode, expected)

static void assert_soa(unsigned section)
{
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.records[0].section, section);
	assert_int_equal(answer.records[0].type, ACMEMS_DNS_SOA);
	assert_string_equal(answer.records[0].target, "ns1.example.net.");
	assert_int_equal(answer.records[0].minimum, 5);
	assert_int_equal(answer.records[0].ttl, section == ACMEMS_DNS_ANSWER ? 3600 : 5);
}

static int done(void **state)
{
	message_answer_fini(&answer);
	return teardown(state);
}

/* ---- the tests ---- */

static void values_stand_side_by_side(void **state)
{
	(void)state;
	ask("txt.acme.example.org", 16);
	assert_rcode(0);
	assert_true(answer.authoritative);
	assert_int_equal(answer.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(answer.records[i].name, "txt.acme.example.org.");
		assert_int_equal(answer.records[i].ttl, 5);
		assert_int_equal(answer.records[i].len, 43);
		assert_int_equal(answer.records[i].text[42], '0' + i);
	}
	assert_int_equal(taken, 2);
	/* RD comes back, RA does not come */
	assert_int_equal(out[2], 0x85);
	assert_int_equal(out[3], 0);
}

static void letters_come_back_as_they_were(void **state)
{
	static const char name[] = "TxT.aCmE.exAMPle.oRG";

	(void)state;
	ask(name, 16);
	assert_int_equal(answer.count, 2);
	assert_memory_equal(out + 12, question.data + 12, question.len - 12);
	assert_string_equal(last, "txt.acme.example.org.");
	/* the records point to it */
	assert_int_equal(wire_u16(out + question.len), 0xc00c);
}

static void what_is_absent_comes_with_the_soa(void **state)
{
	(void)state;
	ask("nobody.acme.example.org", 16);
	assert_rcode(NXDOMAIN);
	assert_true(answer.authoritative);
	assert_soa(ACMEMS_DNS_AUTHORITY);
	assert_string_equal(answer.records[0].name, "acme.example.org.");
	ask("empty.acme.example.org", 16);
	assert_rcode(0);
	assert_soa(ACMEMS_DNS_AUTHORITY);
	/* another type at a name that exists: nothing is taken */
	ask("txt.acme.example.org", 1);
	assert_rcode(0);
	assert_soa(ACMEMS_DNS_AUTHORITY);
	assert_int_equal(taken, 0);
	values = 0;
	ask("txt.acme.example.org", 16);
	assert_rcode(0);
	assert_soa(ACMEMS_DNS_AUTHORITY);
}

static void a_zone_says_what_it_is(void **state)
{
	(void)state;
	ask("acme.example.org", 6);
	assert_rcode(0);
	assert_soa(ACMEMS_DNS_ANSWER);
	assert_int_equal(asked, 0);
	ask("acme.example.org", 2);
	assert_int_equal(answer.count, 2);
	assert_string_equal(answer.records[0].target, "ns1.example.net.");
	assert_string_equal(answer.records[1].target, "ns2.acme.example.org.");
	assert_int_equal(answer.records[1].section, ACMEMS_DNS_ANSWER);
	/* it exists, whatever the handler says of its values */
	ask("acme.example.org", 16);
	assert_rcode(0);
	assert_soa(ACMEMS_DNS_AUTHORITY);
	ask("txt.acme.example.org", 6);
	assert_rcode(0);
	assert_soa(ACMEMS_DNS_AUTHORITY);
}

static void the_closest_zone_is_asked(void **state)
{
	(void)state;
	ask("_acme-challenge.www.acme.example.org", 16);
	assert_rcode(0);
	assert_string_equal(answer.records[0].name, "_acme-challenge.www.acme.example.org.");
	ask("www.acme.example.org", 16);
	assert_rcode(NXDOMAIN);
	assert_string_equal(answer.records[0].name, "acme.example.org.");
	/* labels are compared, not letters */
	ask("xacme.example.org", 16);
	assert_rcode(REFUSED);
}

static void the_rest_is_refused(void **state)
{
	static const struct {
		const char *name;
		unsigned type, rr_class;
	} cases[] = {{"example.org", 16, 1}, {"www.example.org", 1, 1}, {"", 2, 1},
		{"example.com", 6, 1}, {"txt.acme.example.org", 16, 3},
		{"txt.acme.example.org", 16, 255}, {"version.bind", 16, 3},
		{"acme.example.org", 252, 1}, {"acme.example.org", 251, 1},
		{"acme.example.org", 249, 1}, {"acme.example.org", 254, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_for(cases[i].name, cases[i].type, cases[i].rr_class);
		assert_int_equal(tell(ANSWER_UDP_MAX), question.len);
		assert_rcode(REFUSED);
		assert_false(view.authoritative);
		assert_int_equal(view.counts[1] + view.counts[2] + view.counts[3], 0);
	}
	assert_int_equal(asked, 0);
}

static void any_is_answered_with_little(void **state)
{
	(void)state;
	values = 6;
	begin_for("txt.acme.example.org", 255, 1);
	assert_int_equal(tell(ANSWER_UDP_MAX), question.len + 12 + 9);
	assert_rcode(0);
	assert_int_equal(view.counts[1], 1);
	assert_non_null(memmem(out, out_len, "RFC8482", 7));
	begin_for("nobody.acme.example.org", 255, 1);
	tell(ANSWER_UDP_MAX);
	assert_rcode(NXDOMAIN);
	assert_int_equal(view.counts[1], 0);
}

static void what_does_not_fit_is_cut(void **state)
{
	(void)state;
	values = 100;
	ask("txt.acme.example.org", 16);
	assert_true(view.truncated);
	assert_int_equal(out_len, question.len);
	assert_int_equal(answer.count, 0);
	begin_for("txt.acme.example.org", 16, 1);
	put_opt(65535, 0, 0, 0);
	assert_int_equal(tell(ANSWER_UDP_MAX), question.len);
	assert_true(view.truncated && view.edns);
	begin_for("txt.acme.example.org", 16, 1);
	assert_true(tell(WIRE_MAX) > 100 * 56);
	assert_false(view.truncated);
	assert_int_equal(view.counts[1], 100);
	/* more than a message can hold */
	values = 1200;
	begin_for("txt.acme.example.org", 16, 1);
	tell(WIRE_MAX);
	assert_true(view.truncated);
	assert_int_equal(view.counts[1], 0);
	/* as much as fits exactly */
	values = 8;
	begin_for("txt.acme.example.org", 16, 1);
	tell(question.len + 8 * 56);
	assert_false(view.truncated);
	begin_for("txt.acme.example.org", 16, 1);
	tell(question.len + 8 * 56 - 1);
	assert_true(view.truncated);
}

/* Whoever is answered with no more than was asked is not worth forging. */
static void an_answer_can_be_held_down_to_its_question(void **state)
{
	static const unsigned types[] = {16, 1, 6, 2, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		begin_for("txt.acme.example.org", types[i], 1);
		assert_int_equal(tell(question.len), question.len);
		assert_true(view.truncated);
		begin_for("acme.example.org", types[i], 1);
		put_opt(4096, 0, 0x8000, 0);
		assert_int_equal(tell(question.len), question.len);
		assert_true(view.truncated);
	}
	begin_for("example.org", 16, 1);
	assert_int_equal(tell(question.len), question.len);
	assert_false(view.truncated);
}

static void edns_comes_back(void **state)
{
	(void)state;
	begin_for("txt.acme.example.org", 16, 1);
	put_opt(4096, 0, 0x8000, 0);
	tell(ANSWER_UDP_MAX);
	assert_true(view.edns);
	assert_int_equal(view.counts[3], 1);
	assert_memory_equal(out + out_len - 11, "\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11);
	/* options are not understood */
	begin_for("txt.acme.example.org", 16, 1);
	put_opt(0, 0, 0, 12);
	put_u16(&question, 10);
	put_u16(&question, 8);
	put_data(&question, "cookie!!", 8);
	tell(ANSWER_UDP_MAX);
	assert_rcode(0);
	assert_int_equal(view.counts[1], 2);
	assert_memory_equal(out + out_len - 11, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
	/* one without a value, which is to be filled in */
	begin_for("txt.acme.example.org", 16, 1);
	put_opt(1232, 0, 0, 4);
	put_u16(&question, 3);
	put_u16(&question, 0);
	tell(ANSWER_UDP_MAX);
	assert_rcode(0);
	assert_true(view.edns);
	ask("txt.acme.example.org", 16);
	assert_false(view.edns);
}

/* A record whose time to live would pass for another version. */
static void edns_may_stand_behind_others(void **state)
{
	(void)state;
	begin_for("txt.acme.example.org", 16, 1);
	put_record(&question, "a", 1, 0x00ff8000, 4);
	put_u32(&question, 0);
	put_opt(1232, 0, 0, 0);
	question.data[11] = 2;
	tell(ANSWER_UDP_MAX);
	assert_rcode(0);
	assert_int_equal(view.counts[1], 2);
	assert_memory_equal(out + out_len - 11, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
}

static void a_newer_edns_is_told_ours(void **state)
{
	(void)state;
	begin_for("txt.acme.example.org", 16, 1);
	put_opt(1232, 1, 0, 0);
	assert_int_equal(tell(ANSWER_UDP_MAX), question.len);
	assert_rcode(BADVERS);
	assert_int_equal(out[out_len - 5], 0);
	assert_int_equal(view.counts[1], 0);
	assert_int_equal(asked, 0);
}

static void damaged_edns_is_a_format_error(void **state)
{
	(void)state;
	begin_for("txt.acme.example.org", 16, 1);
	put_opt(1232, 0, 0, 5);
	put_u16(&question, 10);
	put_u16(&question, 2);
	put_u8(&question, 0);
	tell(ANSWER_UDP_MAX);
	assert_rcode(FORMERR);
	begin_for("txt.acme.example.org", 16, 1);
	put_opt(1232, 0, 0, 3);
	put_u16(&question, 10);
	put_u8(&question, 0);
	tell(ANSWER_UDP_MAX);
	assert_rcode(FORMERR);
	/* an OPT that belongs to a name */
	begin_for("txt.acme.example.org", 16, 1);
	question.data[11] = 1;
	put_record(&question, "a", 41, 0, 0);
	tell(ANSWER_UDP_MAX);
	assert_rcode(FORMERR);
	assert_int_equal(asked, 0);
}

static void other_opcodes_are_not_implemented(void **state)
{
	(void)state;
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		begin(0x0100 | opcode << 11);
		put_name(&question, "acme.example.org");
		put_u16(&question, 6);
		put_u16(&question, 1);
		assert_int_equal(tell(ANSWER_UDP_MAX), 12);
		assert_rcode(NOTIMP);
		assert_int_equal(view.opcode, opcode);
	}
}

static void garbage_is_a_format_error(void **state)
{
	(void)state;
	begin_for("txt.acme.example.org", 16, 1);
	question.len--;
	assert_int_equal(tell(ANSWER_UDP_MAX), 12);
	assert_rcode(FORMERR);
	begin_for("txt.acme.example.org", 16, 1);
	put_u8(&question, 0);
	tell(ANSWER_UDP_MAX);
	assert_rcode(FORMERR);
	/* none, and two */
	begin(0);
	question.data[5] = 0;
	tell(ANSWER_UDP_MAX);
	assert_rcode(FORMERR);
	begin_for("a", 16, 1);
	put_name(&question, "b");
	put_u32(&question, 0x00100001);
	question.data[5] = 2;
	tell(ANSWER_UDP_MAX);
	assert_rcode(FORMERR);
	/* a name that points to itself */
	begin(0);
	put_u16(&question, 0xc00c);
	put_u32(&question, 0x00100001);
	tell(ANSWER_UDP_MAX);
	assert_rcode(FORMERR);
	assert_int_equal(asked, 0);
}

static void answers_are_never_answered(void **state)
{
	(void)state;
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		begin_for("txt.acme.example.org", 16, 1);
		question.data[2] = (uint8_t)(0x80 | opcode << 3);
		assert_int_equal(tell(ANSWER_UDP_MAX), 0);
	}
	for (size_t len = 0; len < 12; len++) {
		begin(0);
		question.len = len;
		assert_int_equal(tell(ANSWER_UDP_MAX), 0);
	}
}

static bool odd_values(void *arg, const struct acmems_address *from, struct acmems_dns_reply *reply)
{
	char *value = arg;

	(void)from;
	assert_true(acmems_dns_reply_txt(reply, "once"));
	assert_true(acmems_dns_reply_txt(reply, ""));
	assert_true(acmems_dns_reply_txt(reply, "once"));
	assert_true(acmems_dns_reply_txt(reply, "onc"));
	assert_false(acmems_dns_reply_txt(reply, value));
	return true;
}

static void a_set_has_each_value_once(void **state)
{
	char value[257];
	const struct answer_house odd = {.zone_of = zone_of, .values_of = odd_values, .arg = value};
	const char *why;

	(void)state;
	memset(value, 'x', 256);
	value[256] = '\0';
	begin_for("a.acme.example.org", 16, 1);
	out_len = answer_make(&odd, &peer, question.data, question.len, out, ANSWER_UDP_MAX);
	assert_true(wire_look(&view, out, out_len, &why));
	assert_int_equal(view.counts[1], 3);
	assert_int_equal(out_len, question.len + 3 * 13 + 4 + 3);
}

/* The longest name, a label of every byte: as ldns writes it. */
static void odd_names_have_a_text(void **state)
{
	uint8_t wire[WIRE_NAME_MAX], back[WIRE_NAME_MAX];
	char text[ACMEMS_DNS_NAME_MAX];
	size_t len = 0;

	(void)state;
	for (unsigned first = 0; first < 256; first += 61) {
		unsigned count = first + 61 > 256 ? 256 - first : 61;

		len = 0;
		wire[len++] = (uint8_t)count;
		for (unsigned i = 0; i < count; i++) {
			unsigned byte = first + i;

			wire[len++] = (uint8_t)(byte >= 'A' && byte <= 'Z' ? 'x' : byte);
		}
		wire[len++] = 0;
		wire_name_text(wire, len, text);
		assert_int_equal(message_name(text, back, &err), len);
		assert_memory_equal(wire, back, len);
	}
	memset(wire, 1, sizeof(wire));
	for (len = 0; len < 192; len += 64)
		wire[len] = 63;
	wire[192] = 61;
	wire[254] = 0;
	wire_name_text(wire, 255, text);
	assert_int_equal(strlen(text), 250 * 4 + 4);
	wire_name_text((const uint8_t *)"", 1, text);
	assert_string_equal(text, ".");
}

static void wrong_zones_are_refused(void **state)
{
	static char *none[] = {NULL};
	static char *wrong[] = {(char *)"ns..example.org", NULL};
	const struct acmems_dns_zone cases[] = {{"", servers, "a."}, {"a..b", servers, "a."},
		{".", servers, "a."}, {"a.", none, "a."}, {"a.", NULL, "a."}, {"a.", wrong, "a."},
		{"a.", servers, ""}};
	struct zone zone;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err = (struct acmems_error){0};
		assert_false(zone_init(&zone, &cases[i], 5, &err));
		assert_int_not_equal(err.code, ACMEMS_OK);
		zone_fini(&zone);
		zone_fini(&zone);
	}
}

static void who_asks_often_empties_a_bucket(void **state)
{
	static struct udp_rate rate;
	const struct acmems_address other = {.family = ACMEMS_IPV4, .bytes = {192, 0, 2, 1}};
	struct udp_rate_bucket *bucket;

	(void)state;
	udp_rate_init(&rate, 1000);
	bucket = udp_rate_of(&rate, &peer, 1000);
	assert_int_equal(bucket->left, UDP_RATE_BURST);
	bucket->left -= UDP_RATE_BURST + 400;
	assert_ptr_equal(udp_rate_of(&rate, &peer, 1010), bucket);
	assert_int_equal(bucket->left, -400 + UDP_RATE_BYTES / 100);
	assert_int_equal(udp_rate_of(&rate, &other, 1010)->left, UDP_RATE_BURST);
	udp_rate_of(&rate, &peer, 2000);
	assert_true(bucket->left > 15000 && bucket->left < 16384);
	/* never more than full, and time does not have to go on */
	udp_rate_of(&rate, &peer, 1000 + INT64_C(1000) * 3600 * 24 * 365 * 10);
	assert_int_equal(bucket->left, UDP_RATE_BURST);
	udp_rate_of(&rate, &peer, 500);
	assert_int_equal(bucket->left, UDP_RATE_BURST);
	/* many short steps are as good as a long one */
	bucket->left = 0;
	for (int64_t i = 1; i <= 1000; i++)
		udp_rate_of(&rate, &peer, bucket->filled_ms + 1);
	assert_in_range(bucket->left, 15000, 16384);
}

#define with_zones(test) cmocka_unit_test_setup_teardown(test, setup, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_zones(values_stand_side_by_side),
		with_zones(letters_come_back_as_they_were),
		with_zones(what_is_absent_comes_with_the_soa),
		with_zones(a_zone_says_what_it_is),
		with_zones(the_closest_zone_is_asked),
		with_zones(the_rest_is_refused),
		with_zones(any_is_answered_with_little),
		with_zones(what_does_not_fit_is_cut),
		with_zones(an_answer_can_be_held_down_to_its_question),
		with_zones(edns_comes_back),
		with_zones(edns_may_stand_behind_others),
		with_zones(a_newer_edns_is_told_ours),
		with_zones(damaged_edns_is_a_format_error),
		with_zones(other_opcodes_are_not_implemented),
		with_zones(garbage_is_a_format_error),
		with_zones(answers_are_never_answered),
		with_zones(a_set_has_each_value_once),
		with_zones(odd_names_have_a_text),
		with_zones(wrong_zones_are_refused),
		with_zones(who_asks_often_empties_a_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
