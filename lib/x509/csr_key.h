/* SPDX-License-Identifier: ISC */
/* x509/csr_key.h - the key of a CSR: looked at in the raw before OpenSSL decodes it, then judged. */
#ifndef X509_CSR_KEY_H
#define X509_CSR_KEY_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>

/*
 * Walks the DER to the public key and refuses, for a few comparisons, what is dangerous or slow to
 * decode: explicit curve parameters, unknown algorithms, RSA numbers of the wrong size.
 */
bool csr_key_raw(const unsigned char *der, size_t len, struct acmems_error *err);

/* RSA 2048, 3072, 4096 or P-256, P-384, P-521; a signature with SHA-256 or better. */
bool csr_key_policy(X509_REQ *req, const char **type, unsigned *bits, struct acmems_error *err);

#endif
