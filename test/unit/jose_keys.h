/* SPDX-License-Identifier: ISC */
/* jose_keys.h - the keys of the examples of RFC 7515 and RFC 7638, as OpenSSL's objects. */
#ifndef JOSE_KEYS_H
#define JOSE_KEYS_H

#include <stddef.h>
#include <string.h>

#include <acmems/crypto.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

/* RFC 7638, 3.1 */
#define JOSE_7638_N                                                                                \
	"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"  \
	"BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_" \
	"FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"        \
	"bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"

/* RFC 7515, A.2 */
#define JOSE_A2_N                                                                                  \
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt" \
	"0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHS"  \
	"XndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"  \
	"I5"                                                                                       \
	"IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define JOSE_A2_D                                                                                  \
	"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol" \
	"2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn43" \
	"9X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8" \
	"bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"

/* RFC 7515, A.3 */
#define JOSE_A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define JOSE_A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define JOSE_A3_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"

static inline BIGNUM *jose_number(const char *text)
{
	unsigned char bytes[1024];
	size_t len = sizeof(bytes);

	if (text == NULL || !acmems_unbase64url(text, strlen(text), bytes, &len))
		return NULL;
	return BN_bin2bn(bytes, (int)len, NULL);
}

static inline EVP_PKEY *jose_build(const char *type, OSSL_PARAM_BLD *builder, int what)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, what, params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	return key;
}

/* d NULL: the public half only. Free with EVP_PKEY_free(). */
static inline EVP_PKEY *jose_rsa(const char *n, const char *e, const char *d)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *numbers[3] = {jose_number(n), jose_number(e), jose_number(d)};
	EVP_PKEY *key;

	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, numbers[0]);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, numbers[1]);
	if (d != NULL)
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, numbers[2]);
	key = jose_build("RSA", builder, d != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
	for (size_t i = 0; i < 3; i++)
		BN_free(numbers[i]);
	return key;
}

static inline EVP_PKEY *jose_ec(const char *x, const char *y, const char *d)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	unsigned char point[65] = {4};
	size_t x_len = 32;
	size_t y_len = 32;
	BIGNUM *secret = jose_number(d);
	EVP_PKEY *key;

	acmems_unbase64url(x, strlen(x), point + 1, &x_len);
	acmems_unbase64url(y, strlen(y), point + 33, &y_len);
	OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
	OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, secret);
	key = jose_build("EC", builder, EVP_PKEY_KEYPAIR);
	BN_free(secret);
	return key;
}

#endif
