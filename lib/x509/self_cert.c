/* SPDX-License-Identifier: ISC */
/* self_cert.c - a server's own request and its first certificate. */
#include "x509/self_cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "x509/cert_new.h"

#define SUBJECT "acmems, until its certificate is signed"
#define DAYS_BEFORE 1
#define DAYS_AFTER 90

static bool no_memory(struct acmems_error *err)
{
	ERR_clear_error();
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a certificate");
}

static bool add_name(GENERAL_NAMES *generals, const char *text)
{
	GENERAL_NAME *general = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	if (general && value && ASN1_STRING_set(value, text, -1) == 1) {
		GENERAL_NAME_set0_value(general, GEN_DNS, value);
		if (sk_GENERAL_NAME_push(generals, general) > 0)
			return true;
		value = NULL;
	}
	ASN1_IA5STRING_free(value);
	GENERAL_NAME_free(general);
	return false;
}

/* NULL without memory. */
static X509_EXTENSION *names_extension(char *const *names)
{
	GENERAL_NAMES *generals = GENERAL_NAMES_new();
	X509_EXTENSION *extension = NULL;
	bool ok = generals != NULL;

	for (; ok && *names; names++)
		ok = add_name(generals, *names);
	if (ok)
		extension = X509V3_EXT_i2d(NID_subject_alt_name, 0, generals);
	GENERAL_NAMES_free(generals);
	return extension;
}

/* Takes over the text of a BIO. */
static bool to_text(BIO *bio, char **ret_pem, size_t *ret_len)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	*ret_pem = len > 0 ? strndup(data, (size_t)len) : NULL;
	*ret_len = len > 0 ? (size_t)len : 0;
	return *ret_pem != NULL;
}

static bool fill_request(X509_REQ *request, EVP_PKEY *key, char *const *names)
{
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *extension = names_extension(names);
	bool ok = extensions && extension && sk_X509_EXTENSION_push(extensions, extension) > 0;

	if (!ok)
		X509_EXTENSION_free(extension);
	ok = ok && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
	     X509_REQ_set_pubkey(request, key) == 1 &&
	     X509_REQ_add_extensions(request, extensions) == 1 &&
	     X509_REQ_sign(request, key, EVP_sha256()) > 0;
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return ok;
}

bool self_cert_request(EVP_PKEY *key, char *const *names, char **ret_pem, size_t *ret_len,
	struct acmems_error *err)
{
	X509_REQ *request = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = request && bio && fill_request(request, key, names) &&
		  PEM_write_bio_X509_REQ(bio, request) == 1 && to_text(bio, ret_pem, ret_len);

	BIO_free(bio);
	X509_REQ_free(request);
	return ok || no_memory(err);
}

bool self_cert_make(EVP_PKEY *key, char *const *names, char **ret_pem, size_t *ret_len,
	struct acmems_error *err)
{
	X509 *cert = cert_new(key, SUBJECT, DAYS_BEFORE, DAYS_AFTER);
	X509_EXTENSION *extension = names_extension(names);
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = cert && extension && bio && X509_add_ext(cert, extension, -1) == 1 &&
		  X509_sign(cert, key, EVP_sha256()) > 0 && PEM_write_bio_X509(bio, cert) == 1 &&
		  to_text(bio, ret_pem, ret_len);

	BIO_free(bio);
	X509_EXTENSION_free(extension);
	X509_free(cert);
	return ok || no_memory(err);
}

bool self_cert_is(const char *pem, size_t len)
{
	BIO *bio = len <= INT32_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool is = cert && X509_self_signed(cert, 0) == 1;

	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
	return is;
}
