/* SPDX-License-Identifier: ISC */
/* x509/cert_new.h - the beginning of certificates that we sign ourselves. */
#ifndef X509_CERT_NEW_H
#define X509_CERT_NEW_H

#include <openssl/x509.h>

/*
 * Version 3, a random serial number, valid from days_before ago for days_after from now, subject and
 * issuer with that common name, the key's public half. What is missing are extensions and
 * X509_sign(). NULL without memory.
 */
X509 *cert_new(EVP_PKEY *key, const char *common_name, int days_before, int days_after);

#endif
