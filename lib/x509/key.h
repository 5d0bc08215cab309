/* SPDX-License-Identifier: ISC */
/* x509/key.h - private keys of accounts: make, load, save; and what JWS needs to know of them. */
#ifndef X509_KEY_H
#define X509_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>

typedef struct evp_pkey_st EVP_PKEY;

enum key_kind { KEY_RSA, KEY_P256, KEY_P384, KEY_P521 };

/* A new P-256 key. Free with key_free(). */
EVP_PKEY *key_new(struct acmems_error *err);

/*
 * Reads an unencrypted private key, PKCS#8 or traditional PEM; RSA 2048..8192 bits, P-256, P-384,
 * P-521; anything else, an empty file or a public key is an error that says what it is.
 */
EVP_PKEY *key_load(const char *path, struct acmems_error *err);
EVP_PKEY *key_parse(const char *pem, size_t len, struct acmems_error *err);

/* Writes PKCS#8 PEM, mode 0600, atomically and durably. Refuses to replace an existing file. */
bool key_save(EVP_PKEY *key, const char *path, struct acmems_error *err);

bool key_kind(EVP_PKEY *key, enum key_kind *kind, struct acmems_error *err);
void key_free(EVP_PKEY *key);

#endif
