/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include <acmems/crypto.h>

#include "dns/message.h"
#include "dns_peer.h"

static struct acmems_error err;
static struct dns_bytes *bytes;

static void assert_bytes(struct message *message, const char *hex)
{
	char text[1024];

	assert_true(2 * message->len < sizeof(text));
	acmems_hex(message->bytes, message->len, text);
	assert_string_equal(text, hex);
	message_fini(message);
	message_fini(message);
}

static void questions_are_made_byte_by_byte(void **state)
{
	struct acmems_dns_question question = {
		.name = "Www.example.org", .type = ACMEMS_DNS_TXT, .recursive = true};
	struct message message;

	(void)state;
	assert_true(message_question(&message, &question, 0x1234, true, &err));
	assert_bytes(&message, "12340100000100000000000103777777076578616d706c65036f72670000100001"
			       "00002904d0000000000000");
	question.recursive = false;
	question.name = "example.org.";
	question.type = ACMEMS_DNS_SOA;
	assert_true(message_question(&message, &question, 0xfffe, false, &err));
	assert_bytes(&message, "fffe00000001000000000000076578616d706c65036f72670000060001");
	question.name = "a..b";
	assert_false(message_question(&message, &question, 1, false, &err));
}

static void updates_are_made_byte_by_byte(void **state)
{
	struct acmems_dns_update update = {.zone = "example.org",
		.owner = "_acme-challenge.example.org.",
		.value = "hello",
		.ttl = 5};
	struct message message;
	char value[257];

	(void)state;
	assert_true(message_update(&message, &update, 0x1234, &err));
	assert_bytes(&message, "123428000001000000010000076578616d706c65036f72670000060001"
			       "0f5f61636d652d6368616c6c656e6765c00c00100001000000050006"
			       "0568656c6c6f");
	update.remove = true;
	assert_true(message_update(&message, &update, 0x1234, &err));
	assert_bytes(&message, "123428000001000000010000076578616d706c65036f72670000060001"
			       "0f5f61636d652d6368616c6c656e6765c00c001000fe000000000006"
			       "0568656c6c6f");
	memset(value, 'a', 256);
	value[256] = '\0';
	update.value = value;
	assert_false(message_update(&message, &update, 1, &err));
	assert_int_equal(err.code, ACMEMS_FAULT);
	value[255] = '\0';
	assert_true(message_update(&message, &update, 1, &err));
	message_fini(&message);
	update.owner = "a..b";
	assert_false(message_update(&message, &update, 1, &err));
	update.owner = "a.b";
	update.zone = "";
	assert_false(message_update(&message, &update, 1, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
}

static void begin(unsigned qd, unsigned an, unsigned ns, unsigned ar)
{
	bytes->len = 0;
	put_u16(bytes, 1);
	put_u16(bytes, 0x8180);
	put_u16(bytes, qd);
	put_u16(bytes, an);
	put_u16(bytes, ns);
	put_u16(bytes, ar);
}

static const char *look(struct wire_view *view)
{
	const char *why = NULL;
	bool ok = wire_look(view, bytes->data, bytes->len, &why);

	assert_int_equal(ok, why == NULL);
	return ok ? "" : why;
}

static void opt(unsigned upper_rcode)
{
	put_name(bytes, ".");
	put_u16(bytes, WIRE_TYPE_OPT);
	put_u16(bytes, 1232);
	put_u32(bytes, upper_rcode << 24);
	put_u16(bytes, 0);
}

static void tsig(void)
{
	put_name(bytes, "k.");
	put_u16(bytes, WIRE_TYPE_TSIG);
	put_u16(bytes, 255);
	put_u32(bytes, 0);
	put_u16(bytes, 0);
}

static void damage_is_seen_before_ldns_sees_it(void **state)
{
	struct wire_view view;

	(void)state;
	begin(0, 0, 0, 0);
	assert_string_equal(look(&view), "");
	bytes->len = 11;
	assert_string_equal(look(&view), "it is shorter than a header");
	begin(2, 0, 0, 0);
	assert_string_equal(look(&view), "it has more than one question");
	begin(1, 0, 0, 0);
	put_name(bytes, "a.b.");
	put_u16(bytes, 1);
	assert_string_equal(look(&view), "it ends inside of the question");
	begin(0, 1, 0, 0);
	assert_string_equal(look(&view), "it ends inside of a record");
	put_txt(bytes, "a.", "text");
	assert_string_equal(look(&view), "");
	bytes->len--;
	assert_string_equal(look(&view), "it ends inside of a record");
	bytes->len += 2;
	assert_string_equal(look(&view), "it has bytes behind its end");
	begin(0, 0xffff, 0xffff, 0xffff);
	assert_string_equal(look(&view), "it has too many records");
	begin(0, 0, 0, 2);
	tsig();
	tsig();
	assert_string_equal(look(&view), "its TSIG record is not the last one");
	begin(0, 1, 0, 0);
	tsig();
	assert_string_equal(look(&view), "its TSIG record is not the last one");
	begin(0, 0, 0, 2);
	opt(0);
	opt(0);
	assert_string_equal(
		look(&view), "it has more than one OPT record, or one in the wrong place");
	begin(0, 0, 0, 2);
	opt(1);
	tsig();
	assert_string_equal(look(&view), "");
	assert_true(view.edns);
	assert_int_equal(view.rcode, 16);
	assert_int_equal(view.tsig, 12 + 11);
}

static void pointers_lead_backwards_only(void **state)
{
	uint8_t name[WIRE_NAME_MAX];
	struct wire_view view;
	size_t end = 0;

	(void)state;
	begin(0, 0, 0, 0);
	put_name(bytes, "Example.ORG.");
	put_data(bytes, "\003wWw\xc0\x0c", 6); /* at 25 */
	put_data(bytes, "\xc0\x1f", 2); /* at 31, to itself */
	put_data(bytes, "\xc0\x23\xc0\x21", 4); /* at 33 and 35, to each other */
	put_data(bytes, "\x01\x61\xc0\x25", 4); /* at 37, round and round */
	put_data(bytes, "\xc0\x00", 2); /* at 41, into the header */
	put_data(bytes, "\x40", 1); /* at 43 */
	put_data(bytes,
		"\x05"
		"ab",
		3); /* at 44 */
	view = (struct wire_view){.bytes = bytes->data, .len = bytes->len};
	assert_int_equal(wire_name(&view, 25, name, &end), 17);
	assert_memory_equal(name, "\003www\007example\003org\000", 17);
	assert_int_equal(end, 31);
	for (size_t at = 31; at <= 44; at += 2)
		assert_int_equal(wire_name(&view, at, name, &end), 0);
	assert_int_equal(wire_name(&view, 43, name, &end), 0);
	assert_int_equal(wire_name(&view, 44, name, &end), 0);
	assert_int_equal(wire_name(&view, 1000, name, &end), 0);
	/* 255 bytes are a name, 256 are not */
	begin(0, 0, 0, 0);
	for (int i = 0; i < 127; i++)
		put_data(bytes, "\001a", 2);
	put_u8(bytes, 0);
	view = (struct wire_view){.bytes = bytes->data, .len = bytes->len};
	assert_int_equal(wire_name(&view, 12, name, NULL), 255);
	begin(0, 0, 0, 0);
	put_data(bytes, "\002aa", 3);
	for (int i = 0; i < 126; i++)
		put_data(bytes, "\001a", 2);
	put_u8(bytes, 0);
	view = (struct wire_view){.bytes = bytes->data, .len = bytes->len};
	assert_int_equal(wire_name(&view, 12, name, NULL), 0);
}

/* "a." here, and behind it pointers, each to the one before: where the last one is. */
static unsigned chain(unsigned pointers)
{
	unsigned last = (unsigned)bytes->len;

	put_data(bytes, "\001a", 3);
	for (unsigned i = 0; i < pointers; i++) {
		unsigned at = (unsigned)bytes->len;

		put_u16(bytes, 0xc000 | last);
		last = at;
	}
	return last;
}

static void long_chains_of_pointers_are_damage(void **state)
{
	uint8_t name[WIRE_NAME_MAX];
	struct wire_view view;
	unsigned last;

	(void)state;
	begin(0, 0, 0, 0);
	last = chain(127);
	view = (struct wire_view){.bytes = bytes->data, .len = bytes->len};
	assert_int_equal(wire_name(&view, last, name, NULL), 3);
	begin(0, 0, 0, 0);
	last = chain(128);
	view = (struct wire_view){.bytes = bytes->data, .len = bytes->len};
	assert_int_equal(wire_name(&view, last, name, NULL), 0);
}

/* What a name in a record's data may be; ldns would follow pointers for long, and forwards. */
static void names_in_data_are_looked_at_too(void **state)
{
	static const unsigned types[] = {ACMEMS_DNS_NS, ACMEMS_DNS_CNAME, ACMEMS_DNS_SOA};
	static const unsigned pointers[] = {1, 128};
	struct acmems_dns_answer answer;
	struct wire_view view;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		bool soa = types[i / 2] == ACMEMS_DNS_SOA;
		unsigned last;

		begin(0, 2, 0, 0);
		put_record(bytes, ".", 99, 0, 3 + 2 * pointers[i % 2]);
		last = chain(pointers[i % 2]);
		put_record(bytes, ".", types[i / 2], 0, soa ? 24 : 2);
		put_u16(bytes, 0xc000 | last);
		if (soa) {
			put_u16(bytes, 0xc000 | last);
			put_data(bytes, "12345678901234567890", 20);
		}
		assert_string_equal(look(&view), "");
		assert_int_equal(message_answer(&answer, &view, &err), i % 2 == 0);
		message_answer_fini(&answer);
	}
	/* forwards, to the next record's name */
	begin(0, 2, 0, 0);
	put_record(bytes, ".", ACMEMS_DNS_CNAME, 0, 2);
	put_u16(bytes, 0xc000 | (unsigned)(bytes->len + 2));
	put_txt(bytes, "a.", "text");
	assert_string_equal(look(&view), "");
	assert_false(message_answer(&answer, &view, &err));
}

static void records_are_read(void **state)
{
	struct acmems_dns_answer answer;
	const struct acmems_dns_record *at;
	struct wire_view view;

	(void)state;
	begin(0, 3, 1, 2);
	put_record(bytes, "A.example.", ACMEMS_DNS_TXT, 7, 8);
	put_data(bytes, "\003a\0b\000\002cd", 8);
	put_name_record(bytes, "a.example.", ACMEMS_DNS_CNAME, "B.Example.");
	put_record(bytes, "a.example.", 33, 7, 2); /* not understood, not looked into */
	put_data(bytes, "\xff\xff", 2);
	put_soa(bytes, "example.", "NS.example.", 3600);
	put_record(bytes, "a.example.", ACMEMS_DNS_A, 7, 4);
	put_data(bytes, "\xc0\x00\x02\x01", 4);
	opt(0);
	assert_string_equal(look(&view), "");
	assert_true(message_answer(&answer, &view, &err));
	assert_int_equal(answer.count, 4);
	at = answer.records;
	assert_string_equal(at[0].name, "a.example.");
	assert_int_equal(at[0].ttl, 7);
	assert_int_equal(at[0].len, 5);
	assert_memory_equal(at[0].text, "a\0bcd", 6);
	assert_null(at[0].target);
	assert_string_equal(at[1].target, "b.example.");
	assert_int_equal(at[1].type, ACMEMS_DNS_CNAME);
	assert_int_equal(at[2].section, ACMEMS_DNS_AUTHORITY);
	assert_string_equal(at[2].target, "ns.example.");
	assert_int_equal(at[2].minimum, 3600);
	assert_int_equal(at[3].address.family, ACMEMS_IPV4);
	assert_int_equal(at[3].section, ACMEMS_DNS_ADDITIONAL);
	message_answer_fini(&answer);
	message_answer_fini(&answer);
}

/* One record of a type with data of every length, right or wrong. */
static void damaged_data_is_an_error(void **state)
{
	static const enum acmems_dns_type types[] = {ACMEMS_DNS_A, ACMEMS_DNS_NS, ACMEMS_DNS_CNAME,
		ACMEMS_DNS_SOA, ACMEMS_DNS_TXT, ACMEMS_DNS_AAAA};
	struct acmems_dns_answer answer;
	struct wire_view view;
	unsigned good = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (size_t len = 0; len < 40; len++) {
			begin(0, 1, 0, 0);
			put_record(bytes, "a.", types[i], 0, len);
			for (size_t k = 0; k < len; k++)
				put_u8(bytes, k % 2 == 0 ? 1 : 'a');
			assert_string_equal(look(&view), "");
			err.code = ACMEMS_OK;
			if (message_answer(&answer, &view, &err))
				good++;
			else
				assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
			message_answer_fini(&answer);
		}
	}
	assert_in_range(good, 2, 80);
}

static void names_and_codes_have_texts(void **state)
{
	uint8_t name[WIRE_NAME_MAX];
	char text[16];

	(void)state;
	assert_int_equal(message_name("A\\.b.Example", name, &err), 13);
	assert_memory_equal(name, "\003a.b\007example", 13);
	assert_int_equal(message_name(".", name, &err), 1);
	assert_int_equal(message_name("", name, &err), 0);
	assert_string_equal(message_rcode(3, text), "NXDOMAIN");
	assert_string_equal(message_rcode(16, text), "BADVERS");
	assert_string_equal(message_rcode(4095, text), "RCODE 4095");
}

static int setup(void **state)
{
	(void)state;
	bytes = calloc(1, sizeof(*bytes));
	return bytes ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(bytes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_made_byte_by_byte),
		cmocka_unit_test(updates_are_made_byte_by_byte),
		cmocka_unit_test(damage_is_seen_before_ldns_sees_it),
		cmocka_unit_test(pointers_lead_backwards_only),
		cmocka_unit_test(long_chains_of_pointers_are_damage),
		cmocka_unit_test(names_in_data_are_looked_at_too),
		cmocka_unit_test(records_are_read),
		cmocka_unit_test(damaged_data_is_an_error),
		cmocka_unit_test(names_and_codes_have_texts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
