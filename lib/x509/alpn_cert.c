/* SPDX-License-Identifier: ISC */
/*
 * alpn_cert.c - the certificate that answers a tls-alpn-01 challenge (RFC 8737, 3). It proves nothing
 * by its signature: all that counts is who shows it, and the digest in it.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/address.h>
#include <acmems/crypto.h>

#include "base/tls_identity.h"
#include "x509/cert_new.h"
#include "x509/key.h"
#include "x509/name.h"

#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31" /* id-pe-acmeIdentifier (RFC 8737, 6.1) */
#define SUBJECT "acmems tls-alpn-01"
#define DIGEST_LEN 32
/* Clocks differ; and an order is over long before. */
#define DAYS_BEFORE 1
#define DAYS_AFTER 7

static bool add_identifier(X509 *cert, int type, const void *data, size_t len)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value =
		ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
	bool done = names && name && value && ASN1_STRING_set(value, data, (int)len) == 1;

	if (done) {
		GENERAL_NAME_set0_value(name, type, value);
		value = NULL;
		done = sk_GENERAL_NAME_push(names, name) > 0;
	}
	if (done) {
		name = NULL;
		done = X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND) ==
		       1;
	}
	ASN1_STRING_free(value);
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	return done;
}

/* The extension's value is itself an OCTET STRING, in DER. */
static bool add_digest(X509 *cert, const char *key_authorization)
{
	unsigned char digest[ACMEMS_DIGEST_MAX];
	unsigned char der[2 + DIGEST_LEN] = {V_ASN1_OCTET_STRING, DIGEST_LEN};
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *oid = OBJ_txt2obj(ACME_IDENTIFIER, 1);
	X509_EXTENSION *extension = NULL;
	bool done = false;

	if (value && oid &&
		acmems_digest("sha256", key_authorization, strlen(key_authorization), digest) ==
			DIGEST_LEN) {
		memcpy(der + 2, digest, DIGEST_LEN);
		done = ASN1_OCTET_STRING_set(value, der, sizeof(der)) == 1;
	}
	if (done)
		extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
	done = extension && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	ASN1_OBJECT_free(oid);
	ASN1_OCTET_STRING_free(value);
	return done;
}

static bool add_name(X509 *cert, const char *identifier, struct acmems_error *err)
{
	struct acmems_error none = {0};
	struct acmems_address address;
	char name[NAME_DNS_MAX];
	bool wildcard = false;
	bool done;

	if (acmems_address_parse(identifier, &address, &none)) {
		done = add_identifier(cert, GEN_IPADD, address.bytes,
			address.family == ACMEMS_IPV4 ? 4 : sizeof(address.bytes));
	} else {
		if (!name_dns(identifier, strlen(identifier), name, &wildcard, err))
			return false;
		if (wildcard)
			return acmems_error_set(err, ACMEMS_BAD_CSR,
				"a certificate for tls-alpn-01 can not have the wildcard name "
				"\"%s\"",
				name);
		done = add_identifier(cert, GEN_DNS, name, strlen(name));
	}
	return done || acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a certificate");
}

static bool fill(struct acmems_tls_identity *identity, const char *identifier,
	const char *key_authorization, struct acmems_error *err)
{
	identity->key = key_new(err);
	if (!identity->key)
		return false;
	identity->cert = cert_new(identity->key, SUBJECT, DAYS_BEFORE, DAYS_AFTER);
	if (identity->cert && !add_name(identity->cert, identifier, err))
		return false;
	if (identity->cert && add_digest(identity->cert, key_authorization) &&
		X509_sign(identity->cert, identity->key, EVP_sha256()) > 0)
		return true;
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "cannot make a certificate");
}

struct acmems_tls_identity *acmems_tls_identity_new(
	const char *identifier, const char *key_authorization, struct acmems_error *err)
{
	struct acmems_tls_identity *identity = calloc(1, sizeof(*identity));
	bool done =
		identity ? fill(identity, identifier, key_authorization, err)
			 : acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a certificate");

	ERR_clear_error();
	if (done)
		return identity;
	acmems_tls_identity_free(identity);
	return NULL;
}

void acmems_tls_identity_free(struct acmems_tls_identity *identity)
{
	if (!identity)
		return;
	X509_free(identity->cert);
	key_free(identity->key);
	free(identity);
}
