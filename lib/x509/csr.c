/* SPDX-License-Identifier: ISC */
/* csr.c - one CSR from hostile bytes, cheapest checks first, the signature last. */
#include "x509/csr.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#include "x509/csr_key.h"
#include "x509/csr_names.h"
#include "x509/pem.h"

#define DER_MAX 65536

/* What csr_read() hands out is the first member, so that one free() serves. */
struct csr_whole {
	struct acmems_csr csr;
	unsigned char *der;
	struct csr_names names;
};

/* Signs that curl -d, -F or a web form has been at the body. */
static bool looks_encoded(const char *text, size_t len)
{
	static const char *const signs[] = {
		"BEGIN+", "BEGIN%20", "%0A", "%0a", "Content-Disposition:", "=-----BEGIN"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (memmem(text, len, signs[i], strlen(signs[i])))
			return true;
	}
	return false;
}

/* Exactly one block and nothing but white space around it. */
static bool read_pem(
	struct csr_whole *whole, const char *text, size_t len, struct acmems_error *err)
{
	static const char *const labels[] = {
		"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", NULL};
	size_t der_len = 0;

	if (looks_encoded(text, len))
		return acmems_error_set(err, ACMEMS_BAD_CSR,
			"the body is encoded as a form: with curl, use --data-binary @FILE");
	if (!pem_next(&text, &len, labels, DER_MAX, &whole->der, &der_len, err)) {
		if (err->code != ACMEMS_NO_MEMORY)
			err->code = ACMEMS_BAD_CSR;
		return false;
	}
	for (; len > 0; text++, len--) {
		if (!strchr(" \t\r\n", *text) || *text == '\0')
			return acmems_error_set(err, ACMEMS_BAD_CSR,
				"there is something behind the certificate request");
	}
	whole->csr.der = whole->der;
	whole->csr.der_len = der_len;
	return true;
}

static bool verify(X509_REQ *req, struct acmems_error *err)
{
	if (X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) != 1)
		return acmems_error_set(err, ACMEMS_BAD_CSR,
			"the request's own signature is wrong: it was changed after it was made");
	return true;
}

static bool read_request(struct csr_whole *whole, struct acmems_error *err)
{
	const unsigned char *at = whole->der;
	X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)whole->csr.der_len);
	bool ok = false;

	if (!req || at != whole->der + whole->csr.der_len)
		acmems_error_set(err, ACMEMS_BAD_CSR,
			"this is not a certificate signing request (PKCS #10)");
	else
		ok = csr_key_policy(req, &whole->csr.key_type, &whole->csr.key_bits, err) &&
		     csr_names_read(req, &whole->names, err) && verify(req, err);
	X509_REQ_free(req);
	return ok;
}

static bool digest(struct csr_whole *whole, struct acmems_error *err)
{
	unsigned char bytes[ACMEMS_DIGEST_MAX];

	if (acmems_digest("sha256", whole->der, whole->csr.der_len, bytes) != 32)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "cannot compute a digest");
	acmems_hex(bytes, 32, whole->csr.digest);
	return true;
}

struct acmems_csr *csr_read(const void *body, size_t len, struct acmems_error *err)
{
	struct csr_whole *whole = calloc(1, sizeof(*whole));
	bool ok;

	if (!whole) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request");
		return NULL;
	}
	if (len == 0)
		ok = acmems_error_set(err, ACMEMS_BAD_CSR,
			"the body is empty: post the request with --data-binary @FILE");
	else
		ok = read_pem(whole, body, len, err) &&
		     csr_key_raw(whole->der, whole->csr.der_len, err) && read_request(whole, err) &&
		     digest(whole, err);
	ERR_clear_error();
	if (!ok) {
		csr_free(&whole->csr);
		return NULL;
	}
	whole->csr.names = whole->names.names;
	whole->csr.name_count = whole->names.count;
	return &whole->csr;
}

void csr_free(struct acmems_csr *csr)
{
	struct csr_whole *whole = (struct csr_whole *)csr;

	if (!csr)
		return;
	csr_names_free(&whole->names);
	free(whole->der);
	free(whole);
}
