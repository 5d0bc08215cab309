/* SPDX-License-Identifier: ISC */
/*
 * base/tls_identity.h - what is inside of acmems/tls.h's identity. lib/x509 makes it and lib/net shows
 * it; neither knows the other.
 */
#ifndef BASE_TLS_IDENTITY_H
#define BASE_TLS_IDENTITY_H

#include <acmems/tls.h>

typedef struct x509_st X509;
typedef struct evp_pkey_st EVP_PKEY;

struct acmems_tls_identity {
	X509 *cert;
	EVP_PKEY *key;
};

#endif
