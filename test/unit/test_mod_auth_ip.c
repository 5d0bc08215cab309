/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "../../modules/auth/ip.c"

static struct ip make(const char *const *texts)
{
	struct ip ip = {0};

	ip.texts.items = (char **)texts;
	while (texts[ip.texts.count])
		ip.texts.count++;
	return ip;
}

static bool possible(struct ip *ip, const char *address)
{
	struct acmems_sign_request request = {0};
	struct acmems_error err = {0};

	if (strcmp(address, "local") == 0)
		request.peer.family = ACMEMS_LOCAL;
	else
		assert_true(acmems_address_parse(address, &request.peer, &err));
	if (ip_possible(ip, &request, &err))
		return true;
	assert_int_equal(err.code, ACMEMS_REFUSED);
	assert_non_null(strstr(err.message, address));
	return false;
}

static void only_those_of_a_network_are_let_in(void **state)
{
	static const char *const texts[] = {
		"192.0.2.0/24", "2001:db8::/32", "198.51.100.7", "::ffff:203.0.113.0/120", NULL};
	struct ip ip = make(texts);
	struct acmems_error err = {0};

	(void)state;
	assert_true(ip_check(&ip, &err));
	assert_true(possible(&ip, "192.0.2.0"));
	assert_true(possible(&ip, "192.0.2.255"));
	assert_true(possible(&ip, "2001:db8:ffff::1"));
	assert_true(possible(&ip, "198.51.100.7"));
	assert_true(possible(&ip, "203.0.113.9"));
	assert_false(possible(&ip, "192.0.3.1"));
	assert_false(possible(&ip, "198.51.100.8"));
	assert_false(possible(&ip, "2001:db9::1"));
	assert_false(possible(&ip, "local"));
	ip_release(&ip);
}

static void even_all_networks_do_not_hold_a_unix_socket(void **state)
{
	static const char *const texts[] = {"0.0.0.0/0", "::/0", NULL};
	struct ip ip = make(texts);
	struct acmems_error err = {0};

	(void)state;
	assert_true(ip_check(&ip, &err));
	assert_true(possible(&ip, "10.1.2.3"));
	assert_true(possible(&ip, "fe80::1"));
	assert_false(possible(&ip, "local"));
	ip_release(&ip);
}

static void a_wrong_entry_is_named(void **state)
{
	static const char *const texts[][3] = {
		{"192.0.2.0/24", "192.0.2.1/24", NULL},
		{"192.0.2.0/24", "192.0.2.0/33", NULL},
		{"192.0.2.0/24", "www.example.org", NULL},
		{"192.0.2.0/24", "2001:db8::/129", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ip ip = make(texts[i]);
		struct acmems_error err = {0};

		assert_false(ip_check(&ip, &err));
		assert_non_null(strstr(err.message, texts[i][1]));
		ip_release(&ip);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_those_of_a_network_are_let_in),
		cmocka_unit_test(even_all_networks_do_not_hold_a_unix_socket),
		cmocka_unit_test(a_wrong_entry_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
