/* SPDX-License-Identifier: ISC */
/* jwk.c - see jwk.h. */
#include "acme/jwk.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/str.h"
#include "x509/key.h"

#define NUMBER_MAX 1024 /* bytes: RSA of 8192 bits */
#define JWK_MAX 4096

/* Appends a number of the key as base64url, left-padded to width bytes (0: as short as it is). */
static bool add_number(struct str *out, EVP_PKEY *key, const char *param, int width)
{
	unsigned char bytes[NUMBER_MAX];
	char text[ACMEMS_BASE64URL_LEN(NUMBER_MAX) + 1];
	BIGNUM *number = NULL;
	int len;

	if (EVP_PKEY_get_bn_param(key, param, &number) != 1)
		return false;
	len = width != 0 ? width : BN_num_bytes(number);
	if (len > NUMBER_MAX || BN_bn2binpad(number, bytes, len) != len)
		len = -1;
	BN_free(number);
	if (len <= 0)
		return false;
	acmems_base64url(bytes, (size_t)len, text);
	str_add(out, text);
	return true;
}

static bool add_rsa(struct str *out, EVP_PKEY *key)
{
	str_add(out, "{\"e\":\"");
	if (!add_number(out, key, OSSL_PKEY_PARAM_RSA_E, 0))
		return false;
	str_add(out, "\",\"kty\":\"RSA\",\"n\":\"");
	if (!add_number(out, key, OSSL_PKEY_PARAM_RSA_N, 0))
		return false;
	str_add(out, "\"}");
	return true;
}

static bool add_ec(struct str *out, EVP_PKEY *key, const char *curve, int width)
{
	str_addf(out, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"", curve);
	if (!add_number(out, key, OSSL_PKEY_PARAM_EC_PUB_X, width))
		return false;
	str_add(out, "\",\"y\":\"");
	if (!add_number(out, key, OSSL_PKEY_PARAM_EC_PUB_Y, width))
		return false;
	str_add(out, "\"}");
	return true;
}

static bool add_key(struct str *out, EVP_PKEY *key, enum key_kind kind)
{
	switch (kind) {
	case KEY_RSA:
		return add_rsa(out, key);
	case KEY_P256:
		return add_ec(out, key, "P-256", 32);
	case KEY_P384:
		return add_ec(out, key, "P-384", 48);
	case KEY_P521:
		return add_ec(out, key, "P-521", 66);
	}
	return false;
}

char *jwk_public(EVP_PKEY *key, struct acmems_error *err)
{
	enum key_kind kind;
	struct str out;
	char *text;

	if (!key_kind(key, &kind, err))
		return NULL;
	str_init(&out, JWK_MAX);
	if (!add_key(&out, key, kind)) {
		str_fini(&out);
		ERR_clear_error();
		acmems_error_set(err, ACMEMS_FAULT, "cannot write the account key's public half");
		return NULL;
	}
	text = str_take(&out);
	if (text == NULL)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a public key");
	return text;
}

bool jwk_thumbprint(EVP_PKEY *key, char out[JWK_THUMBPRINT_LEN + 1], struct acmems_error *err)
{
	unsigned char digest[ACMEMS_DIGEST_MAX];
	char *text = jwk_public(key, err);
	size_t len;

	if (text == NULL)
		return false;
	len = acmems_digest("sha256", text, strlen(text), digest);
	free(text);
	if (len == 0)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "cannot hash the account key");
	acmems_base64url(digest, len, out);
	return true;
}
