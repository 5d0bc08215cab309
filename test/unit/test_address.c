/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "net/address.h"

static void addresses_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		enum acmems_family family;
		const char *written;
	} rows[] = {
		{"192.0.2.1", ACMEMS_IPV4, "192.0.2.1"},
		{"0.0.0.0", ACMEMS_IPV4, "0.0.0.0"},
		{"2001:db8::1", ACMEMS_IPV6, "2001:db8::1"},
		{"2001:DB8:0:0:0:0:0:1", ACMEMS_IPV6, "2001:db8::1"},
		{"::", ACMEMS_IPV6, "::"},
		{"::ffff:192.0.2.7", ACMEMS_IPV4, "192.0.2.7"},
		{"fe80::1%lo", ACMEMS_IPV6, "fe80::1%lo"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};
		struct acmems_address address;
		char text[ACMEMS_ADDRESS_TEXT_MAX];

		assert_true(acmems_address_parse(rows[i].text, &address, &err));
		assert_int_equal(address.family, rows[i].family);
		assert_string_equal(acmems_address_text(&address, text), rows[i].written);
	}
}

static void other_text_is_no_address(void **state)
{
	static const char *const rows[] = {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ",
		"::1::", "example.org", "192.0.2.1%lo", "fe80::1%nosuchinterface", "[::1]",
		"1.2.3.4:80",
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000:"
		":"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};
		struct acmems_address address;

		assert_false(acmems_address_parse(rows[i], &address, &err));
		assert_int_equal(err.code, ACMEMS_CONFIG);
	}
}

static void networks_hold_what_is_in_them(void **state)
{
	static const struct {
		const char *network;
		const char *address;
		bool inside;
	} rows[] = {
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "::ffff:192.0.2.9", true},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.4/31", "192.0.2.5", true},
		{"192.0.2.4/31", "192.0.2.6", false},
		{"0.0.0.0/0", "203.0.113.1", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "203.0.113.1", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"2001:db8::1", "2001:db8::1", true},
		{"::ffff:192.0.2.0/120", "192.0.2.3", true},
		{"::ffff:192.0.2.0/120", "192.0.3.3", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};
		struct acmems_network network;
		struct acmems_address address;

		assert_true(acmems_network_parse(rows[i].network, &network, &err));
		assert_true(acmems_address_parse(rows[i].address, &address, &err));
		assert_int_equal(acmems_network_contains(&network, &address), rows[i].inside);
		address.family = ACMEMS_LOCAL;
		assert_false(acmems_network_contains(&network, &address));
	}
}

static void slips_in_networks_are_told(void **state)
{
	static const char *const rows[] = {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "/24",
		"192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/8x", "192.0.2.0/ 24", "2001:db8::1/32",
		"2001:db8::/129", "::ffff:192.0.2.1/120", "fe80::%lo/64", "x/8", "",
		"192.0.2.0/24/24", "192.0.2.0/4294967320"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};
		struct acmems_network network;

		assert_false(acmems_network_parse(rows[i], &network, &err));
		assert_int_equal(err.code, ACMEMS_CONFIG);
	}
}

static void sockaddrs_go_there_and_back(void **state)
{
	static const char *const rows[] = {"192.0.2.1", "2001:db8::1", "fe80::1%lo"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};
		struct acmems_address address, back;
		struct sockaddr_storage sockaddr;

		assert_true(acmems_address_parse(rows[i], &address, &err));
		address.port = 4711;
		assert_true(address_to_sockaddr(&address, &sockaddr) > 0);
		address_from_sockaddr(&back, (struct sockaddr *)&sockaddr);
		assert_memory_equal(&address, &back, sizeof(back));
	}
}

static void peers_without_ip_are_local(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
	struct sockaddr_storage sockaddr;
	struct acmems_address address;
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	(void)state;
	address_from_sockaddr(&address, (struct sockaddr *)&un);
	assert_int_equal(address.family, ACMEMS_LOCAL);
	assert_string_equal(acmems_address_text(&address, text), "local");
	assert_int_equal(address_to_sockaddr(&address, &sockaddr), 0);
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr), 1);
	address_from_sockaddr(&address, (struct sockaddr *)&in6);
	assert_int_equal(address.family, ACMEMS_IPV4);
	assert_int_equal(address.port, 80);
	assert_string_equal(acmems_address_text(&address, text), "192.0.2.7");
}

static void places_are_read(void **state)
{
	static const struct {
		const char *text;
		const char *first;
		const char *second;
	} rows[] = {
		{"192.0.2.1:80", "192.0.2.1:80", NULL},
		{"192.0.2.1:00080", "192.0.2.1:80", NULL},
		{"[2001:db8:0::1]:80", "[2001:db8::1]:80", NULL},
		{"[::]:0", "[::]:0", NULL},
		{"unix:/run/x.sock", "unix:/run/x.sock", NULL},
		{"localhost:1313", "127.0.0.1:1313", "[::1]:1313"},
		{"*:65535", "0.0.0.0:65535", "[::]:65535"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};
		struct address_place places[ADDRESS_PLACES_MAX];
		size_t count = address_places_parse(rows[i].text, places, &err);

		assert_int_equal(count, rows[i].second ? 2 : 1);
		assert_string_equal(places[0].text, rows[i].first);
		if (rows[i].second)
			assert_string_equal(places[1].text, rows[i].second);
	}
}

static void slips_in_places_are_told(void **state)
{
	static const char *const rows[] = {"", ":80", "80", "192.0.2.1",
		"192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:8o", "2001:db8::1:80",
		"[2001:db8::1]", "[192.0.2.1]:80", "[]:80", "example.org:80",
		"unix:", "unix:relative", "[::ffff:192.0.2.1]:80", "192.0.2.1:99999999999",
		"unix:/"
		"1234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"01234567890123456789012345678901234567890"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};
		struct address_place places[ADDRESS_PLACES_MAX];

		assert_int_equal(address_places_parse(rows[i], places, &err), 0);
		assert_int_equal(err.code, ACMEMS_CONFIG);
		assert_true(err.message[0] != '\0');
	}
}

static bool same_key(const char *a, const char *b)
{
	struct acmems_error err = {0};
	struct acmems_address address;
	uint8_t key_a[ADDRESS_KEY_LEN], key_b[ADDRESS_KEY_LEN];

	assert_true(acmems_address_parse(a, &address, &err));
	address_key(&address, key_a);
	assert_true(acmems_address_parse(b, &address, &err));
	address_key(&address, key_b);
	return memcmp(key_a, key_b, sizeof(key_a)) == 0;
}

static void keys_are_addresses_and_networks(void **state)
{
	(void)state;
	assert_true(same_key("192.0.2.1", "::ffff:192.0.2.1"));
	assert_false(same_key("192.0.2.1", "192.0.2.2"));
	assert_true(same_key("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"));
	assert_false(same_key("2001:db8::1", "2001:db8:0:1::1"));
	assert_false(same_key("0.0.0.0", "::"));
}

static void ports_and_what_curl_resolves(void **state)
{
	static const char *const bad[] = {"", "0", "65536", "000053", "5 3", "-1", "53x"};
	struct acmems_error err = {0};
	struct acmems_address addresses[17];
	char text[ADDRESS_RESOLVE_MAX];
	uint16_t port = 0;

	(void)state;
	assert_true(address_port_parse("65535", &port));
	assert_int_equal(port, 65535);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(address_port_parse(bad[i], &port));
	for (size_t i = 0; i < 17; i++)
		assert_true(acmems_address_parse(
			i % 2 ? "2001:db8::1" : "192.0.2.1", &addresses[i], &err));
	address_resolve_text("ca.example", "443", addresses, 2, text);
	assert_string_equal(text, "ca.example:443:192.0.2.1,[2001:db8::1]");
	address_resolve_text("ca.example", "443", addresses, 17, text);
	assert_true(strlen(text) < sizeof(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_and_what_curl_resolves),
		cmocka_unit_test(addresses_are_read_and_written),
		cmocka_unit_test(other_text_is_no_address),
		cmocka_unit_test(networks_hold_what_is_in_them),
		cmocka_unit_test(slips_in_networks_are_told),
		cmocka_unit_test(sockaddrs_go_there_and_back),
		cmocka_unit_test(peers_without_ip_are_local),
		cmocka_unit_test(places_are_read),
		cmocka_unit_test(slips_in_places_are_told),
		cmocka_unit_test(keys_are_addresses_and_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
