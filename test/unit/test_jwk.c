/* SPDX-License-Identifier: ISC */
/* test_jwk.c - public keys as JSON and their thumbprints, against RFC 7638 and RFC 7515. */
#include "unit.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "acme/json.h"
#include "acme/jwk.h"
#include "jose_keys.h"

static void thumbprint_of_rfc_7638(void **state)
{
	EVP_PKEY *key = jose_rsa(JOSE_7638_N, "AQAB", NULL);
	struct acmems_error err = {0};
	char out[JWK_THUMBPRINT_LEN + 1];
	char *text = jwk_public(key, &err);

	(void)state;
	assert_non_null(text);
	assert_string_equal(text, "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" JOSE_7638_N "\"}");
	assert_true(jwk_thumbprint(key, out, &err));
	assert_string_equal(out, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
	free(text);
	EVP_PKEY_free(key);
}

static void p256_of_rfc_7515(void **state)
{
	EVP_PKEY *key = jose_ec(JOSE_A3_X, JOSE_A3_Y, JOSE_A3_D);
	struct acmems_error err = {0};
	char *text = jwk_public(key, &err);

	(void)state;
	assert_non_null(text);
	assert_string_equal(text, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" JOSE_A3_X
				  "\",\"y\":\"" JOSE_A3_Y "\"}");
	free(text);
	EVP_PKEY_free(key);
}

/* Coordinates keep their leading zeros (RFC 7518, 6.2.1.2): about one key in 128 has some. */
static void coordinates_have_full_width(void **state)
{
	static const struct {
		const char *curve;
		size_t digits;
	} rows[] = {{"P-256", 43}, {"P-384", 64}, {"P-521", 88}};
	struct acmems_error err = {0};
	const char *x;
	const char *y;

	(void)state;
	for (size_t row = 0; row < 3; row++) {
		for (int i = 0; i < 200; i++) {
			EVP_PKEY *key = EVP_EC_gen(rows[row].curve);
			char *text = jwk_public(key, &err);
			struct acmems_json *json;

			assert_non_null(text);
			json = json_parse(text, strlen(text), &err);
			assert_non_null(json);
			assert_true(acmems_json_need_text(json, "x", 100, &x, &err));
			assert_true(acmems_json_need_text(json, "y", 100, &y, &err));
			assert_int_equal(strlen(x), rows[row].digits);
			assert_int_equal(strlen(y), rows[row].digits);
			acmems_json_free(json);
			free(text);
			EVP_PKEY_free(key);
		}
	}
}

static void big_rsa(void **state)
{
	EVP_PKEY *key = EVP_RSA_gen(4096);
	struct acmems_error err = {0};
	char *text = jwk_public(key, &err);
	struct acmems_json *json;
	const char *n;

	(void)state;
	assert_non_null(text);
	json = json_parse(text, strlen(text), &err);
	assert_non_null(json);
	assert_true(acmems_json_need_text(json, "n", 4096, &n, &err));
	assert_int_equal(strlen(n), 683);
	acmems_json_free(json);
	free(text);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thumbprint_of_rfc_7638),
		cmocka_unit_test(p256_of_rfc_7515),
		cmocka_unit_test(coordinates_have_full_width),
		cmocka_unit_test(big_rsa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
