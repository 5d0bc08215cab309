/* SPDX-License-Identifier: ISC */
/* acme/jwk.h - public keys as JSON (RFC 7517, 7518) and their thumbprint (RFC 7638). */
#ifndef ACME_JWK_H
#define ACME_JWK_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>

typedef struct evp_pkey_st EVP_PKEY;

#define JWK_THUMBPRINT_LEN 43

/*
 * The public half of an RSA, P-256, P-384 or P-521 key in the form that RFC 7638 hashes: the required
 * members only, sorted, without white space. To be freed by the caller; NULL and *err.
 */
char *jwk_public(EVP_PKEY *key, struct acmems_error *err);

/* base64url(SHA-256(jwk_public())). */
bool jwk_thumbprint(EVP_PKEY *key, char out[JWK_THUMBPRINT_LEN + 1], struct acmems_error *err);

#endif
