/* SPDX-License-Identifier: ISC */
/* cert.c - chains that came from a CA or from the disk: parsed, measured, compared with a CSR. */
#include "x509/cert.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <acmems/crypto.h>

#include "x509/name.h"
#include "x509/pem.h"

#define CHAIN_MAX (256u * 1024)
#define CHAIN_CERTS_MAX 16
#define CERT_DER_MAX 65536

static const char *const labels[] = {"CERTIFICATE", NULL};

/* The next certificate; *ret_cert stays NULL at the end of the text. */
static bool next_cert(
	const char **text, size_t *len, X509 **ret_cert, char digest[65], struct acmems_error *err)
{
	unsigned char hash[ACMEMS_DIGEST_MAX], *der = NULL;
	const unsigned char *at;
	size_t der_len = 0;
	struct acmems_error why = {0};
	X509 *cert;

	if (!pem_next(text, len, labels, CERT_DER_MAX, &der, &der_len, &why)) {
		if (why.code == ACMEMS_NOT_FOUND)
			return true;
		*err = why;
		if (err->code == ACMEMS_BAD_REQUEST)
			err->code = ACMEMS_BAD_ANSWER;
		return false;
	}
	at = der;
	cert = d2i_X509(NULL, &at, (long)der_len);
	if (cert && at != der + der_len) {
		X509_free(cert);
		cert = NULL;
	}
	if (digest && acmems_digest("sha256", der, der_len, hash) == 32)
		acmems_hex(hash, 32, digest);
	free(der);
	ERR_clear_error();
	if (!cert)
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "there is a certificate that cannot be parsed");
	*ret_cert = cert;
	return true;
}

static bool to_seconds(const ASN1_TIME *when, int64_t *seconds)
{
	struct tm parts;

	if (ASN1_TIME_to_tm(when, &parts) != 1)
		return false;
	*seconds = (int64_t)timegm(&parts);
	return true;
}

static bool read_facts(const X509 *leaf, struct acmems_cert *cert, struct acmems_error *err)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
	int len = ASN1_STRING_length(serial);

	if (!to_seconds(X509_get0_notBefore(leaf), &cert->not_before) ||
		!to_seconds(X509_get0_notAfter(leaf), &cert->not_after))
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "the certificate's dates cannot be read");
	if (len <= 0 || (size_t)len * 2 >= sizeof(cert->serial))
		return acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"the certificate's serial number has %d bytes", len);
	acmems_hex(ASN1_STRING_get0_data(serial), (size_t)len, cert->serial);
	return true;
}

bool acmems_cert_read(
	const char *pem, size_t len, struct acmems_cert *cert, struct acmems_error *err)
{
	struct acmems_cert facts = {0};

	if (len > CHAIN_MAX)
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "the chain has %zu bytes, too many", len);
	for (;;) {
		X509 *next = NULL;
		bool ok;

		if (!next_cert(&pem, &len, &next, facts.chain_length ? NULL : facts.digest, err))
			return false;
		if (!next)
			break;
		ok = facts.chain_length > 0 || read_facts(next, &facts, err);
		X509_free(next);
		if (!ok)
			return false;
		if (++facts.chain_length > CHAIN_CERTS_MAX)
			return acmems_error_set(err, ACMEMS_BAD_ANSWER,
				"the chain has more than %d certificates", CHAIN_CERTS_MAX);
	}
	if (facts.chain_length == 0)
		return acmems_error_set(err, ACMEMS_BAD_ANSWER, "there is no certificate");
	*cert = facts;
	return true;
}

static bool same_key(X509 *leaf, const struct acmems_csr *csr)
{
	const unsigned char *at = csr->der;
	X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)csr->der_len);
	EVP_PKEY *wanted = req ? X509_REQ_get0_pubkey(req) : NULL;
	EVP_PKEY *got = X509_get0_pubkey(leaf);
	bool same = wanted && got && EVP_PKEY_eq(wanted, got) == 1;

	X509_REQ_free(req);
	return same;
}

static bool is_name(const GENERAL_NAME *general, const struct acmems_name *name)
{
	char text[64];

	if (general->type == GEN_DNS && name->kind == ACMEMS_NAME_DNS) {
		size_t len = strlen(name->text);

		return (size_t)ASN1_STRING_length(general->d.dNSName) == len &&
		       strncasecmp((const char *)ASN1_STRING_get0_data(general->d.dNSName),
			       name->text, len) == 0;
	}
	if (general->type == GEN_IPADD && name->kind == ACMEMS_NAME_IP)
		return name_ip(ASN1_STRING_get0_data(general->d.iPAddress),
			       (size_t)ASN1_STRING_length(general->d.iPAddress), text) &&
		       strcmp(text, name->text) == 0;
	return false;
}

static const struct acmems_name *missing_name(
	const GENERAL_NAMES *generals, const struct acmems_csr *csr)
{
	for (size_t i = 0; i < csr->name_count; i++) {
		bool found = false;

		for (int j = 0; j < sk_GENERAL_NAME_num(generals) && !found; j++)
			found = is_name(sk_GENERAL_NAME_value(generals, j), &csr->names[i]);
		if (!found)
			return &csr->names[i];
	}
	return NULL;
}

bool cert_fits_csr(
	const char *chain, size_t len, const struct acmems_csr *csr, struct acmems_error *err)
{
	const struct acmems_name *missing;
	GENERAL_NAMES *generals;
	X509 *leaf = NULL;
	bool ok = true;

	if (!next_cert(&chain, &len, &leaf, NULL, err))
		return false;
	if (!leaf)
		return acmems_error_set(err, ACMEMS_BAD_ANSWER, "there is no certificate");
	generals = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	missing = missing_name(generals, csr);
	if (!same_key(leaf, csr))
		ok = acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "the CA's certificate is for another key");
	else if (missing)
		ok = acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"the CA's certificate lacks the name \"%s\"", missing->text);
	GENERAL_NAMES_free(generals);
	X509_free(leaf);
	ERR_clear_error();
	return ok;
}
