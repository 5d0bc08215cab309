/* SPDX-License-Identifier: ISC */
/*
 * x509/self_cert.h - what a server needs that gets its certificate by itself: a request for it, and one
 * signed by itself that serves until the CA's has come.
 */
#ifndef X509_SELF_CERT_H
#define X509_SELF_CERT_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>

typedef struct evp_pkey_st EVP_PKEY;

/*
 * A CSR, PEM, for DNS names (NULL at the end, checked by name_dns()). *ret_pem is NUL-terminated and
 * the caller's to free(). False and *err on failure.
 */
bool self_cert_request(EVP_PKEY *key, char *const *names, char **ret_pem, size_t *ret_len,
	struct acmems_error *err);

/* The same of a certificate that is valid for 90 days. */
bool self_cert_make(EVP_PKEY *key, char *const *names, char **ret_pem, size_t *ret_len,
	struct acmems_error *err);

/* Whether the first certificate of the text was signed by itself; false when there is none, too. */
bool self_cert_is(const char *pem, size_t len);

#endif
