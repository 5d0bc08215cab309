/* SPDX-License-Identifier: ISC */
/*
 * acme/jws.h - signed messages in the flattened JSON form that ACME uses (RFC 7515, 7.2.2; RFC 8555,
 * 6.2), and the MAC that binds an account to an external one (RFC 8555, 7.3.4).
 */
#ifndef ACME_JWS_H
#define ACME_JWS_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>

typedef struct evp_pkey_st EVP_PKEY;

struct jws {
	EVP_PKEY *key;
	const char *kid; /* the account's URL; NULL: the key itself goes along (jwk) */
	const char *nonce; /* NULL: none (inner messages) */
	const char *url;
	const char *payload; /* JSON text; NULL or "" for POST-as-GET */
};

/* The message, to be freed by the caller; NULL and *err. */
char *jws_sign(const struct jws *jws, struct acmems_error *err);

struct jws_mac {
	const char *algorithm; /* "HS256", "HS384", "HS512" */
	const void *key;
	size_t key_len;
	const char *kid;
	const char *url;
	const char *payload;
};

bool jws_mac_known(const char *algorithm);
char *jws_mac(const struct jws_mac *mac, struct acmems_error *err);

/* "RS256", "ES256", "ES384" or "ES512" by the kind of key; NULL and *err for other keys. */
const char *jws_algorithm(EVP_PKEY *key, struct acmems_error *err);

/*
 * Signs exactly these bytes with the key's algorithm, as JWS wants it (RFC 7518, 3.3 and 3.4: ECDSA
 * as r and s of fixed width). *ret is to be freed by the caller.
 */
bool jws_signature(EVP_PKEY *key, const void *data, size_t len, unsigned char **ret,
	size_t *ret_len, struct acmems_error *err);

#endif
