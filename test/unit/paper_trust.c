/* SPDX-License-Identifier: ISC */
/* paper_trust.c - see paper_trust.h. */
#include "paper_trust.h"

#include "unit.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* A certificate of one day; the issuer NULL means by itself. */
static X509 *make_cert(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *cert = X509_new();
	X509_NAME *subject;
	int64_t serial = 0;

	assert_non_null(cert);
	assert_int_equal(RAND_bytes((unsigned char *)&serial, 7), 1);
	assert_int_equal(X509_set_version(cert, 2), 1);
	assert_int_equal(ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), serial | 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -3600));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 86400));
	subject = X509_get_subject_name(cert);
	assert_int_equal(X509_NAME_add_entry_by_txt(
				 subject, "CN", MBSTRING_ASC, (const void *)name, -1, -1, 0),
		1);
	assert_int_equal(
		X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject), 1);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	if (issuer)
		add_extension(cert, NID_subject_alt_name,
			"DNS:localhost,DNS:*.paper.test,IP:127.0.0.1,IP:::1");
	else
		add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(cert, issuer_key, EVP_sha256()) > 0);
	return cert;
}

void paper_trust_init(struct paper_trust *trust, const char *ca_file)
{
	char name[32];
	unsigned char number[4];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert;
	FILE *file;

	assert_int_equal(RAND_bytes(number, sizeof(number)), 1);
	snprintf(name, sizeof(name), "paper %02x%02x%02x%02x", number[0], number[1], number[2],
		number[3]);
	trust->key = EVP_EC_gen("P-256");
	assert_non_null(trust->key);
	assert_non_null(key);
	trust->root = make_cert(name, trust->key, NULL, trust->key);
	cert = make_cert("server", key, trust->root, trust->key);
	trust->server = SSL_CTX_new(TLS_server_method());
	assert_non_null(trust->server);
	assert_int_equal(SSL_CTX_use_certificate(trust->server, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(trust->server, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	if (!ca_file)
		return;
	file = fopen(ca_file, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, trust->root), 1);
	assert_int_equal(fclose(file), 0);
}

void paper_trust_fini(struct paper_trust *trust)
{
	SSL_CTX_free(trust->server);
	X509_free(trust->root);
	EVP_PKEY_free(trust->key);
}
