/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "net/proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

struct bytes {
	const char *data;
	size_t len;
};

#define BYTES(text) ((struct bytes){text, sizeof(text) - 1})

static const char *text_of(const struct acmems_address *address)
{
	static char text[ACMEMS_ADDRESS_TEXT_MAX];

	return acmems_address_text(address, text);
}

/* Whole headers: as such, with more behind, and each part of them. */
static void must_be_whole(struct bytes bytes, const char *client, uint16_t port, bool own)
{
	struct proxy_header header;
	uint8_t data[PROXY_HEADER_MAX + 16];

	memcpy(data, bytes.data, bytes.len);
	memcpy(data + bytes.len, "GET / HTTP/1.1", 14);
	for (size_t more = 0; more <= 14; more += 14) {
		assert_int_equal(
			proxy_header_read(data, bytes.len + more, &header), PROXY_HEADER_WHOLE);
		assert_int_equal(header.len, bytes.len);
		assert_int_equal(header.own, own);
		assert_string_equal(text_of(&header.client), client);
		assert_int_equal(header.client.port, port);
	}
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(proxy_header_read(data, len, &header), PROXY_HEADER_PART);
}

static void must_be_malformed(struct bytes bytes)
{
	struct proxy_header header;

	if (proxy_header_read((const uint8_t *)bytes.data, bytes.len, &header) !=
		PROXY_HEADER_MALFORMED)
		fail_msg("passed: %.*s", (int)bytes.len, bytes.data);
}

static void lines(void **state)
{
	(void)state;
	must_be_whole(BYTES("PROXY TCP4 203.0.113.7 192.0.2.1 4711 1313\r\n"), "203.0.113.7", 4711,
		false);
	must_be_whole(BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
		"255.255.255.255", 65535, false);
	must_be_whole(BYTES("PROXY TCP6 2001:db8::7 ::1 0 1\r\n"), "2001:db8::7", 0, false);
	must_be_whole(BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, false);
	must_be_whole(BYTES("PROXY TCP6 ::ffff:203.0.113.7 ::ffff:192.0.2.1 4711 1313\r\n"),
		"203.0.113.7", 4711, false);
	must_be_whole(BYTES("PROXY UNKNOWN\r\n"), "local", 0, false);
	must_be_whole(
		BYTES("PROXY UNKNOWN 203.0.113.7 192.0.2.1 4711 1313\r\n"), "local", 0, false);
}

static void wrong_lines(void **state)
{
	static const char *const wrong[] = {
		"GET / HTTP/1.1\r\n",
		"PROXX",
		"proxy TCP4 203.0.113.7 192.0.2.1 4711 1313\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 4711 1313\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 4711\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 4711 1313 9\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 4711 1313 \r\n",
		"PROXY TCP4  203.0.113.7 192.0.2.1 4711 1313\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 4711 65536\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 04711 1313\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 -1 1313\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 4711 13x\r\n",
		"PROXY TCP4 203.0.113 192.0.2.1 4711 1313\r\n",
		"PROXY TCP4 2001:db8::7 ::1 4711 1313\r\n",
		"PROXY TCP6 203.0.113.7 192.0.2.1 4711 1313\r\n",
		"PROXY TCP6 fe80::1%1 ::1 4711 1313\r\n",
		"PROXY UDP4 203.0.113.7 192.0.2.1 4711 1313\r\n",
		"PROXY UNKNOWNX\r\n",
		"PROXY \r\n",
		"PROXY \n",
		"PROXY UNKNOWN "
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		must_be_malformed((struct bytes){wrong[i], strlen(wrong[i])});
	must_be_malformed(BYTES("PROXY UNKNOWN \0\r\n"));
}

#define IPV4 "\xcb\x00\x71\x07\xc0\x00\x02\x01\x12\x67\x05\x21"
#define IPV6                                                                                       \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"                                               \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x67\x05\x21"
#define MAPPED                                                                                     \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\x00\x71\x07"                                             \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01\x12\x67\x05\x21"

static void binary(void **state)
{
	char local[16 + 216] = SIGNATURE "\x21\x31\x00\xd8";
	char large[16 + 12 + 3 + 2000] = SIGNATURE "\x21\x11\x07\xdf" IPV4 "\x04\x07\xd0";

	(void)state;
	must_be_whole(BYTES(SIGNATURE "\x21\x11\x00\x0c" IPV4), "203.0.113.7", 4711, false);
	must_be_whole(BYTES(SIGNATURE "\x21\x21\x00\x24" IPV6), "2001:db8::7", 4711, false);
	must_be_whole(BYTES(SIGNATURE "\x21\x21\x00\x24" MAPPED), "203.0.113.7", 4711, false);
	/* additions */
	must_be_whole(BYTES(SIGNATURE "\x21\x11\x00\x13" IPV4 "\x01\x00\x04http"), "203.0.113.7",
		4711, false);
	must_be_whole((struct bytes){large, sizeof(large)}, "203.0.113.7", 4711, false);
	/* the proxy itself, and clients without address */
	must_be_whole(BYTES(SIGNATURE "\x20\x00\x00\x00"), "local", 0, true);
	must_be_whole(BYTES(SIGNATURE "\x20\x11\x00\x0c" IPV4), "local", 0, true);
	must_be_whole(BYTES(SIGNATURE "\x20\x99\x00\x01z"), "local", 0, true);
	must_be_whole(BYTES(SIGNATURE "\x21\x00\x00\x03xyz"), "local", 0, false);
	must_be_whole((struct bytes){local, sizeof(local)}, "local", 0, false);
}

static void wrong_binary(void **state)
{
	(void)state;
	must_be_malformed(BYTES("\r\n\r\n\0\r\nQUIX"));
	must_be_malformed(BYTES("\r\n\r\n\r\n"));
	must_be_malformed(BYTES(SIGNATURE "\x11\x11\x00\x0c" IPV4));
	must_be_malformed(BYTES(SIGNATURE "\x22\x11\x00\x0c" IPV4));
	must_be_malformed(BYTES(SIGNATURE "\x21\x12\x00\x0c" IPV4));
	must_be_malformed(BYTES(SIGNATURE "\x21\x10\x00\x0c" IPV4));
	must_be_malformed(BYTES(SIGNATURE "\x21\x41\x00\x0c" IPV4));
	must_be_malformed(BYTES(SIGNATURE "\x21\x11\x00\x0b" IPV4));
	must_be_malformed(BYTES(SIGNATURE "\x21\x21\x00\x0c" IPV4));
	must_be_malformed(BYTES(SIGNATURE "\x21\x31\x00\x0c" IPV4));
	must_be_malformed(BYTES(SIGNATURE "\x21\x11\x00\x0e" IPV4 "\x01\x00"));
	must_be_malformed(BYTES(SIGNATURE "\x21\x11\x00\x13" IPV4 "\x01\x00\x05http"));
	/* too long to wait for */
	must_be_malformed(BYTES(SIGNATURE "\x21\x11\xff\xff"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(wrong_lines),
		cmocka_unit_test(binary),
		cmocka_unit_test(wrong_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
