/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "net/proxies.h"

static char *trusted[] = {(char *)"192.0.2.0/24", (char *)"2001:db8::/32", (char *)"unix:", NULL};

static struct proxies proxies_of(char *const *texts)
{
	struct proxies proxies = {0};
	struct acmems_error err = {0};

	if (!proxies_parse(&proxies, texts, &err))
		fail_msg("%s", err.message);
	return proxies;
}

static struct acmems_address address_of(const char *text)
{
	struct acmems_address address = {.family = ACMEMS_LOCAL};
	struct acmems_error err = {0};

	if (strcmp(text, "local") != 0)
		assert_true(acmems_address_parse(text, &address, &err));
	return address;
}

static const char *text_of(const struct acmems_address *address)
{
	static char text[ACMEMS_ADDRESS_TEXT_MAX];

	return acmems_address_text(address, text);
}

static void who_is_trusted(void **state)
{
	struct proxies proxies = proxies_of(trusted);
	struct acmems_address in = address_of("192.0.2.77"), out = address_of("192.0.3.1");
	struct acmems_address local = address_of("local"), six = address_of("2001:db8::9");

	(void)state;
	assert_true(proxies_trust(&proxies, &in));
	assert_true(proxies_trust(&proxies, &six));
	assert_true(proxies_trust(&proxies, &local));
	assert_false(proxies_trust(&proxies, &out));
	assert_false(proxies_trust(NULL, &in));
	proxies_free(&proxies);
	proxies = proxies_of(&trusted[3]);
	assert_false(proxies_trust(&proxies, &in));
	assert_false(proxies_trust(&proxies, &local));
	proxies_free(&proxies);
}

static void a_wrong_entry_is_named(void **state)
{
	static const char *const wrong[] = {"192.0.2.1/24", "proxy.example.org", "", "unix:/run/x"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *texts[] = {(char *)"192.0.2.1", (char *)wrong[i], NULL};
		struct proxies proxies = {0};
		struct acmems_error err = {0};

		assert_false(proxies_parse(&proxies, texts, &err));
		assert_int_equal(err.code, ACMEMS_CONFIG);
		assert_non_null(strstr(err.message, "entry 2"));
		proxies_free(&proxies);
	}
}

/* Two headers at most; "-" is none. */
static const struct {
	const char *peer;
	const char *list;
	const char *forwarded;
	const char *client; /* NULL: 400 */
} cases[] = {
	/* not believed from anybody else, and not even looked at */
	{"198.51.100.1", "10.0.0.1", "-", "198.51.100.1"},
	{"198.51.100.1", "-", "for=10.0.0.1", "198.51.100.1"},
	{"198.51.100.1", "nonsense", "\"", "198.51.100.1"},
	{"192.0.2.1", "-", "-", "192.0.2.1"},
	/* it asks for somebody, and not for itself */
	{"192.0.2.1", "", "", "local"},
	{"192.0.2.1", "", "-", "local"},
	{"192.0.2.1", " ,,", "-", "local"},
	{"192.0.2.1", "-", " , ", "local"},
	{"192.0.2.1", "", "for=203.0.113.7", NULL},
	{"local", "10.0.0.1", "-", "10.0.0.1"},
	/* X-Forwarded-For: the rightmost that is not trusted */
	{"192.0.2.1", "203.0.113.7", "-", "203.0.113.7"},
	{"192.0.2.1", "10.0.0.1, 203.0.113.7", "-", "203.0.113.7"},
	{"192.0.2.1", "10.0.0.1, 203.0.113.7 ,192.0.2.5,\t2001:db8::1", "-", "203.0.113.7"},
	{"192.0.2.1", "192.0.2.9, 192.0.2.5", "-", "192.0.2.9"},
	{"192.0.2.1", "10.0.0.1, 192.0.2.5", "-", "10.0.0.1"},
	{"192.0.2.1", "rubbish, 203.0.113.7", "-", "203.0.113.7"},
	{"192.0.2.1", "203.0.113.7, rubbish", "-", NULL},
	{"192.0.2.1", "203.0.113.7, rubbish, 192.0.2.4", "-", NULL},
	{"192.0.2.1", "rubbish", "-", NULL},
	{"192.0.2.1", ",, 203.0.113.7 ,", "-", "203.0.113.7"},
	{"192.0.2.1", "203.0.113.7:4711", "-", "203.0.113.7"},
	{"192.0.2.1", "203.0.113.7:", "-", NULL},
	{"192.0.2.1", "203.0.113.7:65536", "-", NULL},
	{"192.0.2.1", "203.0.113.7:80:80", "-", NULL},
	{"192.0.2.1", "2001:db9::1", "-", "2001:db9::1"},
	{"192.0.2.1", "[2001:db9::1]", "-", "2001:db9::1"},
	{"192.0.2.1", "[2001:db9::1]:80", "-", "2001:db9::1"},
	{"192.0.2.1", "[2001:db9::1", "-", NULL},
	{"192.0.2.1", "[2001:db9::1]x", "-", NULL},
	{"192.0.2.1", "[10.0.0.1]", "-", NULL},
	{"192.0.2.1", "fe80::1%1", "-", NULL},
	{"192.0.2.1", "::ffff:203.0.113.7", "-", "203.0.113.7"},
	{"192.0.2.1", "::ffff:192.0.2.7", "-", "192.0.2.7"},
	{"192.0.2.1", "unknown", "-", "local"},
	{"192.0.2.1", "10.0.0.1, unknown", "-", "local"},
	{"192.0.2.1", "unknown, 10.0.0.1", "-", "10.0.0.1"},
	{"192.0.2.1", "10.0.0.1 203.0.113.7", "-", NULL},
	{"192.0.2.1", "\"203.0.113.7\"", "-", NULL},
	/* Forwarded */
	{"192.0.2.1", "-", "for=203.0.113.7", "203.0.113.7"},
	{"192.0.2.1", "-", "For=\"203.0.113.7:4711\"", "203.0.113.7"},
	{"192.0.2.1", "-", "For=\"[2001:db9:cafe::17]:4711\"", "2001:db9:cafe::17"},
	{"192.0.2.1", "-", "for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"},
	{"192.0.2.1", "-", "for=10.0.0.1, for=203.0.113.7 ; proto=https", "203.0.113.7"},
	{"192.0.2.1", "-", "for=10.0.0.1,for=203.0.113.7,for=192.0.2.3", "203.0.113.7"},
	{"192.0.2.1", "-", "for=\"_gazonk\"", "local"},
	{"192.0.2.1", "-", "for=unknown;by=203.0.113.43", "local"},
	{"192.0.2.1", "-", "proto=https", "local"},
	{"192.0.2.1", "-", "for=10.0.0.1, proto=https", "local"},
	{"192.0.2.1", "-", ";;for=10.0.0.1;", "10.0.0.1"},
	{"192.0.2.1", "-", "by=\"a,for=10.0.0.1\";for=203.0.113.7", "203.0.113.7"},
	{"192.0.2.1", "-", "by=\"\\\",for=10.0.0.1\";for=203.0.113.7", "203.0.113.7"},
	/* a client's open quote must not swallow what the proxy adds */
	{"192.0.2.1", "-", "for=10.0.0.1;by=\", for=203.0.113.7", NULL},
	{"192.0.2.1", "-", "for=10.0.0.1;by=\"\\", NULL},
	{"192.0.2.1", "-", "for=[2001:db9::1]", NULL},
	{"192.0.2.1", "-", "for=2001:db9::1", NULL},
	{"192.0.2.1", "-", "for=10.0.0.1;for=203.0.113.7", NULL},
	{"192.0.2.1", "-", "for=", NULL},
	{"192.0.2.1", "-", "for", NULL},
	{"192.0.2.1", "-", "for =10.0.0.1", NULL},
	{"192.0.2.1", "-", "for=10.0.0.1 for=10.0.0.2", NULL},
	{"192.0.2.1", "-", "for=example.org", NULL},
	{"192.0.2.1", "-", "rubbish, for=203.0.113.7", NULL},
	{"192.0.2.1", "-", "for=\"10.0.0.1:_http\"", "10.0.0.1"},
	{"192.0.2.1", "-", "for=\"10.0.0.1:_\"", NULL},
	/* both: only one is the proxy's, and nobody can tell which */
	{"192.0.2.1", "203.0.113.7", "for=203.0.113.7", "203.0.113.7"},
	{"192.0.2.1", "10.0.0.1, 203.0.113.7", "for=203.0.113.7", "203.0.113.7"},
	{"192.0.2.1", "203.0.113.7", "for=10.0.0.1", NULL},
	{"192.0.2.1", "unknown", "for=10.0.0.1", NULL},
	{"192.0.2.1", "unknown", "for=_x", "local"},
};

static void the_client_behind_proxies(void **state)
{
	struct proxies proxies = proxies_of(trusted);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct acmems_address peer = address_of(cases[i].peer), before = peer;
		struct acmems_http_header headers[3] = {{.name = "Host", .value = "x"}};
		size_t count = 1;
		bool forwarded = false;
		const char *why = NULL;
		int status;

		if (strcmp(cases[i].list, "-") != 0)
			headers[count++] =
				(struct acmems_http_header){"x-forwarded-for", cases[i].list};
		if (strcmp(cases[i].forwarded, "-") != 0)
			headers[count++] =
				(struct acmems_http_header){"FORWARDED", cases[i].forwarded};
		status = proxies_client(&proxies, headers, count, &peer, &forwarded, &why);
		if (status != (cases[i].client ? 0 : 400) ||
			(cases[i].client && strcmp(text_of(&peer), cases[i].client) != 0))
			fail_msg("%s | %s | %s: %d %s", cases[i].peer, cases[i].list,
				cases[i].forwarded, status, text_of(&peer));
		assert_true(!forwarded || proxies_trust(&proxies, &before));
		if (status)
			assert_true(why && strstr(why, "orwarded"));
	}
	proxies_free(&proxies);
}

static void repeated_headers_are_one_list(void **state)
{
	struct proxies proxies = proxies_of(trusted);
	struct acmems_address peer = address_of("192.0.2.1");
	const struct acmems_http_header headers[] = {
		{"X-Forwarded-For", "10.0.0.1"},
		{"X-Forwarded-For", "203.0.113.7"},
		{"X-Forwarded-For", "192.0.2.3"},
	};
	bool forwarded = false;
	const char *why = NULL;

	(void)state;
	assert_int_equal(proxies_client(&proxies, headers, 3, &peer, &forwarded, &why), 0);
	assert_string_equal(text_of(&peer), "203.0.113.7");
	assert_true(forwarded);
	/* somebody on the proxy's own machine is not the proxy */
	peer = address_of("192.0.2.3");
	assert_int_equal(proxies_client(&proxies, headers + 2, 1, &peer, &forwarded, &why), 0);
	assert_string_equal(text_of(&peer), "192.0.2.3");
	assert_true(forwarded);
	assert_int_equal(proxies_client(&proxies, headers, 0, &peer, &forwarded, &why), 0);
	assert_false(forwarded);
	proxies_free(&proxies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_trusted),
		cmocka_unit_test(a_wrong_entry_is_named),
		cmocka_unit_test(the_client_behind_proxies),
		cmocka_unit_test(repeated_headers_are_one_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
