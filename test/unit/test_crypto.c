/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <acmems/crypto.h>

static void digests_match_their_vectors(void **state)
{
	unsigned char out[ACMEMS_DIGEST_MAX];
	char hex[ACMEMS_DIGEST_HEX_MAX];

	(void)state;
	/* FIPS 180-4, "abc" */
	assert_int_equal(acmems_digest("SHA256", "abc", 3, out), 32);
	acmems_hex(out, 32, hex);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(acmems_digest("sha1", "abc", 3, out), 20);
	assert_int_equal(acmems_digest("sha224", "abc", 3, out), 28);
	assert_int_equal(acmems_digest("sha384", "abc", 3, out), 48);
	assert_int_equal(acmems_digest("sha512", "", 0, out), 64);
	assert_int_equal(acmems_digest("md5", "abc", 3, out), 0);
	assert_int_equal(acmems_digest("", "abc", 3, out), 0);
}

static void hmac_matches_rfc_4231(void **state)
{
	unsigned char out[ACMEMS_DIGEST_MAX];
	char hex[ACMEMS_DIGEST_HEX_MAX];

	(void)state;
	assert_int_equal(
		acmems_hmac("sha256", "Jefe", 4, "what do ya want for nothing?", 28, out), 32);
	acmems_hex(out, 32, hex);
	assert_string_equal(
		hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_int_equal(acmems_hmac("sha256", NULL, 0, "x", 1, out), 32);
	assert_int_equal(acmems_hmac("nonsense", "k", 1, "x", 1, out), 0);
}

static void hex_goes_both_ways(void **state)
{
	unsigned char out[4];

	(void)state;
	assert_true(acmems_unhex("00fFA5", 6, out, 3));
	assert_memory_equal(out, "\x00\xff\xa5", 3);
	assert_false(acmems_unhex("00ff", 4, out, 3));
	assert_false(acmems_unhex("00f", 3, out, 1));
	assert_false(acmems_unhex("0g", 2, out, 1));
}

/* RFC 4648, 10, without padding */
static const struct {
	const char *plain;
	const char *coded;
} vectors[] = {
	{"", ""},
	{"f", "Zg"},
	{"fo", "Zm8"},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg"},
	{"fooba", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff", "-_8"},
};

static void base64url_matches_rfc_4648(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = strlen(vectors[i].plain), room = 16;
		unsigned char back[16];
		char text[32];

		acmems_base64url(vectors[i].plain, len, text);
		assert_string_equal(text, vectors[i].coded);
		assert_int_equal(strlen(text), ACMEMS_BASE64URL_LEN(len));
		assert_true(acmems_unbase64url(text, strlen(text), back, &room));
		assert_int_equal(room, len);
		assert_memory_equal(back, vectors[i].plain, len);
	}
}

static void base64url_is_strict(void **state)
{
	static const char *const wrong[] = {
		"Z", "Zg==", "Zh", "Zm9", "Zm9v\n", "Zm+v", "Zm/v", "Zm 9"};
	unsigned char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t room = sizeof(out);

		assert_false(acmems_unbase64url(wrong[i], strlen(wrong[i]), out, &room));
	}
	assert_false(acmems_unbase64url("Zm9v", 4, out, &(size_t){2}));
}

static void base64_matches_rfc_4648(void **state)
{
	static const char *const coded[] = {
		"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "+/8="};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = strlen(vectors[i].plain);
		char text[32];

		acmems_base64(vectors[i].plain, len, text);
		assert_string_equal(text, coded[i]);
		assert_int_equal(strlen(text), ACMEMS_BASE64_LEN(len));
	}
}

static void secrets_compare_and_vanish(void **state)
{
	char secret[] = "hunter2";
	unsigned char a[32] = {0}, b[32] = {0};

	(void)state;
	assert_true(acmems_equal("abc", "abc", 3));
	assert_false(acmems_equal("abc", "abd", 3));
	acmems_wipe(secret, sizeof(secret));
	assert_memory_equal(secret, "\0\0\0\0\0\0\0\0", 8);
	assert_true(acmems_random(a, sizeof(a)));
	assert_true(acmems_random(b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_match_their_vectors),
		cmocka_unit_test(hmac_matches_rfc_4231),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(base64url_matches_rfc_4648),
		cmocka_unit_test(base64url_is_strict),
		cmocka_unit_test(base64_matches_rfc_4648),
		cmocka_unit_test(secrets_compare_and_vanish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
