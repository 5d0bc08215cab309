/* SPDX-License-Identifier: ISC */
/* test_jws.c - signatures against RFC 7515, and messages taken apart again. */
#include "unit.h"

#include <stdio.h>

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "acme/json.h"
#include "acme/jwk.h"
#include "acme/jws.h"
#include "jose_keys.h"

#define PAYLOAD_A                                                                                  \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
	"cnVlfQ"

/* RFC 7515, A.2: RS256 is deterministic, so ours must be the very same */
static void rs256_of_rfc_7515(void **state)
{
	static const char input[] = "eyJhbGciOiJSUzI1NiJ9." PAYLOAD_A;
	static const char expected[] =
		"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5Y"
		"Kt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6x"
		"BArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6"
		"BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_I"
		"oypGlUPQGe77Rw";
	EVP_PKEY *key = jose_rsa(JOSE_A2_N, "AQAB", JOSE_A2_D);
	struct acmems_error err = {0};
	unsigned char *signature;
	char text[400];
	size_t len;

	(void)state;
	assert_non_null(key);
	assert_string_equal(jws_algorithm(key, &err), "RS256");
	assert_true(jws_signature(key, input, strlen(input), &signature, &len, &err));
	assert_int_equal(len, 256);
	acmems_base64url(signature, len, text);
	assert_string_equal(text, expected);
	free(signature);
	EVP_PKEY_free(key);
}

/* Verifies r and s over text with OpenSSL's own means. */
static bool verify_raw(EVP_PKEY *key, const EVP_MD *digest, const char *text, size_t text_len,
	const unsigned char *raw, size_t len)
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	int der_len;
	bool ok;

	ECDSA_SIG_set0(parts, BN_bin2bn(raw, (int)len / 2, NULL),
		BN_bin2bn(raw + len / 2, (int)len / 2, NULL));
	der_len = i2d_ECDSA_SIG(parts, &der);
	ok = EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key) == 1 &&
	     EVP_DigestVerify(ctx, der, (size_t)der_len, (const unsigned char *)text, text_len) ==
		     1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ECDSA_SIG_free(parts);
	return ok;
}

/* RFC 7515, A.3: the example's signature and ours pass the same verification */
static void es256_of_rfc_7515(void **state)
{
	static const char input[] = "eyJhbGciOiJFUzI1NiJ9." PAYLOAD_A;
	static const char example[] =
		"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6"
		"NU1Q";
	EVP_PKEY *key = jose_ec(JOSE_A3_X, JOSE_A3_Y, JOSE_A3_D);
	struct acmems_error err = {0};
	unsigned char raw[64];
	unsigned char *signature;
	size_t len = sizeof(raw);

	(void)state;
	assert_true(acmems_unbase64url(example, strlen(example), raw, &len));
	assert_int_equal(len, 64);
	assert_true(verify_raw(key, EVP_sha256(), input, strlen(input), raw, len));
	assert_true(jws_signature(key, input, strlen(input), &signature, &len, &err));
	assert_int_equal(len, 64);
	assert_true(verify_raw(key, EVP_sha256(), input, strlen(input), signature, len));
	signature[5] ^= 1;
	assert_false(verify_raw(key, EVP_sha256(), input, strlen(input), signature, len));
	free(signature);
	EVP_PKEY_free(key);
}

static void widths_of_all_curves(void **state)
{
	static const struct {
		const char *curve;
		const char *name;
		size_t len;
	} rows[] = {{"P-256", "ES256", 64}, {"P-384", "ES384", 96}, {"P-521", "ES512", 132}};
	const EVP_MD *digests[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
	struct acmems_error err = {0};

	(void)state;
	for (size_t row = 0; row < 3; row++) {
		EVP_PKEY *key = EVP_EC_gen(rows[row].curve);

		assert_string_equal(jws_algorithm(key, &err), rows[row].name);
		/* often enough that r or s begin with a zero byte now and then */
		for (int i = 0; i < 200; i++) {
			unsigned char *signature;
			size_t len;

			assert_true(jws_signature(key, "text", 4, &signature, &len, &err));
			assert_int_equal(len, rows[row].len);
			assert_true(verify_raw(key, digests[row], "text", 4, signature, len));
			free(signature);
		}
		EVP_PKEY_free(key);
	}
}

/* RFC 7515, A.1, for the primitive behind HS256 */
static void hs256_of_rfc_7515(void **state)
{
	static const char input[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD_A;
	static const char key_text[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
				       "1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CA"
				       "ow";
	unsigned char key[64];
	unsigned char mac[ACMEMS_DIGEST_MAX];
	char text[100];
	size_t len = sizeof(key);

	(void)state;
	assert_true(acmems_unbase64url(key_text, strlen(key_text), key, &len));
	len = acmems_hmac("sha256", key, len, input, strlen(input), mac);
	acmems_base64url(mac, len, text);
	assert_string_equal(text, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

/* A part of a message, decoded; valid until the next call. */
static const char *part(const struct acmems_json *message, const char *name, size_t *ret_len)
{
	static unsigned char bytes[4096];
	struct acmems_error err = {0};
	const char *text;
	size_t len = sizeof(bytes) - 1;

	assert_true(acmems_json_need_text(message, name, 4096, &text, &err));
	assert_true(acmems_unbase64url(text, strlen(text), bytes, &len));
	bytes[len] = '\0';
	if (ret_len != NULL)
		*ret_len = len;
	return (const char *)bytes;
}

static struct acmems_json *sign(const struct jws *jws)
{
	struct acmems_error err = {0};
	char *text = jws_sign(jws, &err);
	struct acmems_json *json;

	assert_non_null(text);
	json = json_parse(text, strlen(text), &err);
	assert_non_null(json);
	free(text);
	return json;
}

static void message_with_kid(void **state)
{
	EVP_PKEY *key = jose_ec(JOSE_A3_X, JOSE_A3_Y, JOSE_A3_D);
	struct acmems_json *json = sign(&(struct jws){.key = key,
		.kid = "https://ca.example/acct/1",
		.nonce = "abc-_",
		.url = "https://ca.example/order/1",
		.payload = "{\"a\":1}"});
	struct acmems_error err = {0};
	const char *protected;
	const char *payload;
	unsigned char raw[64];
	char input[1000];
	size_t len;

	(void)state;
	assert_string_equal(part(json, "protected", NULL),
		"{\"alg\":\"ES256\",\"kid\":\"https://ca.example/acct/1\",\"nonce\":\"abc-_\","
		"\"url\":\"https://ca.example/order/1\"}");
	assert_string_equal(part(json, "payload", NULL), "{\"a\":1}");
	memcpy(raw, part(json, "signature", &len), 64);
	assert_int_equal(len, 64);
	assert_true(acmems_json_need_text(json, "protected", 900, &protected, &err));
	assert_true(acmems_json_need_text(json, "payload", 90, &payload, &err));
	snprintf(input, sizeof(input), "%s.%s", protected, payload);
	assert_true(verify_raw(key, EVP_sha256(), input, strlen(input), raw, 64));
	acmems_json_free(json);
	EVP_PKEY_free(key);
}

static void message_with_key(void **state)
{
	EVP_PKEY *key = jose_ec(JOSE_A3_X, JOSE_A3_Y, JOSE_A3_D);
	struct acmems_json *json =
		sign(&(struct jws){.key = key, .url = "https://ca.example/new", .payload = NULL});
	struct acmems_error err = {0};
	const char *payload;

	(void)state;
	assert_string_equal(part(json, "protected", NULL),
		"{\"alg\":\"ES256\",\"jwk\":{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" JOSE_A3_X
		"\",\"y\":\"" JOSE_A3_Y "\"},\"url\":\"https://ca.example/new\"}");
	assert_true(acmems_json_need_text(json, "payload", 10, &payload, &err));
	assert_string_equal(payload, "");
	acmems_json_free(json);
	EVP_PKEY_free(key);
}

static void mac_of_external_account(void **state)
{
	struct jws_mac mac = {
		.algorithm = "HS256",
		.key = "secret",
		.key_len = 6,
		.kid = "kid \"1\"",
		.url = "https://ca.example/new-acct",
		.payload = "{}",
	};
	struct acmems_error err = {0};
	char *text = jws_mac(&mac, &err);
	struct acmems_json *json;
	unsigned char expected[ACMEMS_DIGEST_MAX];
	const char *protected;
	char input[500];
	size_t len;

	(void)state;
	assert_non_null(text);
	json = json_parse(text, strlen(text), &err);
	assert_non_null(json);
	assert_string_equal(part(json, "protected", NULL),
		"{\"alg\":\"HS256\",\"kid\":\"kid "
		"\\\"1\\\"\",\"url\":\"https://ca.example/new-acct\"}");
	assert_true(acmems_json_need_text(json, "protected", 400, &protected, &err));
	snprintf(input, sizeof(input), "%s.e30", protected);
	assert_int_equal(acmems_hmac("sha256", "secret", 6, input, strlen(input), expected), 32);
	assert_memory_equal(part(json, "signature", &len), expected, 32);
	assert_int_equal(len, 32);
	acmems_json_free(json);
	free(text);
}

static void mac_algorithms(void **state)
{
	struct jws_mac mac = {.algorithm = "HS512",
		.key = "k",
		.key_len = 1,
		.kid = "k",
		.url = "https://ca.example/",
		.payload = "{}"};
	struct acmems_error err = {0};
	struct acmems_json *json;
	char *text;
	size_t len;

	(void)state;
	text = jws_mac(&mac, &err);
	assert_non_null(text);
	json = json_parse(text, strlen(text), &err);
	assert_non_null(json);
	part(json, "signature", &len);
	assert_int_equal(len, 64);
	acmems_json_free(json);
	free(text);
	assert_true(jws_mac_known("HS384"));
	assert_false(jws_mac_known("hs256"));
	mac.algorithm = "none";
	assert_null(jws_mac(&mac, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rs256_of_rfc_7515),
		cmocka_unit_test(es256_of_rfc_7515),
		cmocka_unit_test(widths_of_all_curves),
		cmocka_unit_test(hs256_of_rfc_7515),
		cmocka_unit_test(message_with_kid),
		cmocka_unit_test(message_with_key),
		cmocka_unit_test(mac_of_external_account),
		cmocka_unit_test(mac_algorithms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
