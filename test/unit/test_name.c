/* SPDX-License-Identifier: ISC */
/* test_name.c - which DNS names are usable, and texts made harmless. */
#include "unit.h"

#include <stdio.h>

#include "x509/name.h"
#include "x509/punycode.h"

static char folded[NAME_DNS_MAX];
static bool wildcard;
static struct acmems_error err;

static bool usable(const char *text)
{
	wildcard = false;
	memset(folded, 'z', sizeof(folded));
	err = (struct acmems_error){0};
	return name_dns(text, strlen(text), folded, &wildcard, &err);
}

static void refused(const char *text, const char *why)
{
	if (usable(text))
		fail_msg("\"%s\" is taken", text);
	assert_int_equal(err.code, ACMEMS_BAD_CSR);
	if (!strstr(err.message, why))
		fail_msg("\"%s\": %s", text, err.message);
}

static void usable_names_are_folded(void **state)
{
	(void)state;
	assert_true(usable("WWW.Example.ORG"));
	assert_string_equal(folded, "www.example.org");
	assert_false(wildcard);
	assert_true(usable("*.Example.org"));
	assert_string_equal(folded, "*.example.org");
	assert_true(wildcard);
	assert_true(usable("1.2.3.4.example"));
	assert_true(usable("a--b.example"));
	assert_true(usable("3com.com"));
	assert_true(usable("xn--bcher-kva.example"));
}

static void others_are_refused_with_a_reason(void **state)
{
	(void)state;
	refused("", "empty DNS name");
	refused("localhost", "no dot");
	refused("*.com", "no dot");
	refused(".example.org", "empty label");
	refused("example.org.", "empty label");
	refused("a..example.org", "empty label");
	refused("-a.example.org", "hyphen");
	refused("a-.example.org", "hyphen");
	refused("a_b.example.org", "underscores");
	refused("w*.example.org", "whole first label");
	refused("a.*.example.org", "whole first label");
	refused("*.*.example.org", "whole first label");
	refused("192.0.2.1", "number");
	refused("b\xc3\xbc"
		"cher.example",
		"xn--");
	refused("a b.example", "no letter");
	refused("ab--cd.example", "reserved");
	refused("a.example\n", "no letter");
	assert_null(strchr(err.message, '\n'));
}

static void lengths_are_bounded(void **state)
{
	char text[300];

	(void)state;
	snprintf(text, sizeof(text), "%063d.example", 0);
	assert_true(usable(text));
	snprintf(text, sizeof(text), "%064d.example", 0);
	refused(text, "63");
	for (size_t i = 0; i < 253; i++)
		text[i] = i % 50 == 49 ? '.' : 'a';
	text[253] = '\0';
	assert_true(usable(text));
	text[253] = 'a';
	text[254] = '\0';
	refused(text, "253");
}

static void a_nul_does_not_hide_what_follows(void **state)
{
	static const char text[] = "good.example\0.evil.example";

	(void)state;
	assert_false(name_dns(text, sizeof(text) - 1, folded, &wildcard, &err));
	assert_non_null(strstr(err.message, "\\x00.evil"));
}

/* RFC 3492, 7.1, and what can not come out of an encoder. */
static void a_labels_have_to_decode(void **state)
{
	static const char *const good[] = {"egbpdaj6bu4bxfgehfvwxn", "ihqwcrb4cv8a8dqg056pqjye",
		"Proprostnemluvesky-uyb24dma41a", "3B-ww4c5e180e575a65lsy2b", "bcher-kva", "kva",
		"de-jg4avhby1noc0d", "d9juau41awczczp", "fiqs8s"};
	static const char *const bad[] = {
		"", "-", "abc-", "-kva", "99999999", "zzzzzzzzzzzz", "a-9999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!punycode_decodes(good[i], strlen(good[i])))
			fail_msg("\"%s\" does not decode", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (punycode_decodes(bad[i], strlen(bad[i])))
			fail_msg("\"%s\" decodes", bad[i]);
	refused("xn--99999999.example", "punycode");
	refused("XN--.example.org", "hyphen");
}

static void texts_are_made_harmless(void **state)
{
	char out[32];

	(void)state;
	assert_string_equal(
		name_printable("a\"b\\\x1b\n", 6, out, sizeof(out)), "a\\x22b\\x5c\\x1b\\x0a");
	assert_string_equal(name_printable("", 0, out, sizeof(out)), "");
	name_printable("0123456789012345678901234567890123456789", 40, out, sizeof(out));
	assert_true(strlen(out) < sizeof(out));
	assert_string_equal(out + strlen(out) - 3, "...");
}

static void addresses_have_four_or_sixteen_bytes(void **state)
{
	static const unsigned char bytes[16] = {0x20, 0x01, 0x0d, 0xb8};
	char out[64];

	(void)state;
	assert_true(name_ip(bytes, 16, out));
	assert_string_equal(out, "2001:db8::");
	assert_true(name_ip(bytes, 4, out));
	assert_string_equal(out, "32.1.13.184");
	assert_false(name_ip(bytes, 5, out));
	assert_false(name_ip(bytes, 0, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usable_names_are_folded),
		cmocka_unit_test(others_are_refused_with_a_reason),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(a_nul_does_not_hide_what_follows),
		cmocka_unit_test(a_labels_have_to_decode),
		cmocka_unit_test(texts_are_made_harmless),
		cmocka_unit_test(addresses_have_four_or_sixteen_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
