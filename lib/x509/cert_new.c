/* SPDX-License-Identifier: ISC */
/* cert_new.c - what all certificates of our own making have in common. */
#include "x509/cert_new.h"

#include <time.h>

#include <acmems/crypto.h>
#include <acmems/loop.h>

#define SERIAL_LEN 16

static bool set_serial(X509 *cert)
{
	unsigned char bytes[SERIAL_LEN];

	if (!acmems_random(bytes, sizeof(bytes)))
		return false;
	/* positive, and of full length */
	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40);
	return ASN1_STRING_set(X509_get_serialNumber(cert), bytes, sizeof(bytes)) == 1;
}

static bool set_validity(X509 *cert, int days_before, int days_after)
{
	time_t now = (time_t)acmems_clock_wall();

	return X509_time_adj_ex(X509_getm_notBefore(cert), -days_before, 0, &now) &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), days_after, 0, &now);
}

static bool set_names(X509 *cert, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		       (const unsigned char *)common_name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, name) == 1;
}

X509 *cert_new(EVP_PKEY *key, const char *common_name, int days_before, int days_after)
{
	X509 *cert = X509_new();

	if (cert && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
		set_validity(cert, days_before, days_after) && set_names(cert, common_name) &&
		X509_set_pubkey(cert, key) == 1)
		return cert;
	X509_free(cert);
	return NULL;
}
