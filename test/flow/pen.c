/* SPDX-License-Identifier: ISC */
/* pen.c - writes a CSR and chains for a scenario. */
#include "paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "x509/csr.h"

struct pen {
	struct acmems_csr *csr;
	char *chain;
	char *other;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "can not make %s\n", what);
	exit(1);
}

static X509_EXTENSION *names_extension(char *const *names, size_t count)
{
	char text[2048] = "";
	size_t used = 0;
	X509_EXTENSION *made;

	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%s",
			i > 0 ? "," : "",
			strspn(names[i], "0123456789.") == strlen(names[i]) || strchr(names[i], ':')
				? "IP"
				: "DNS",
			names[i]);
	made = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	must(made != NULL, "a list of names");
	return made;
}

static char *take_text(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *made = strndup(data, (size_t)len);

	must(made != NULL, "text");
	BIO_free(bio);
	return made;
}

static char *make_csr(EVP_PKEY *key, char *const *names, size_t count)
{
	X509_REQ *request = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	BIO *bio = BIO_new(BIO_s_mem());

	sk_X509_EXTENSION_push(list, names_extension(names, count));
	must(X509_REQ_set_pubkey(request, key) && X509_REQ_add_extensions(request, list) &&
			X509_REQ_sign(request, key, EVP_sha256()) > 0 &&
			PEM_write_bio_X509_REQ(bio, request),
		"a CSR");
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_REQ_free(request);
	return take_text(bio);
}

static char *make_chain(EVP_PKEY *key, char *const *names, size_t count)
{
	X509 *cert = X509_new();
	X509_EXTENSION *list = names_extension(names, count);
	BIO *bio = BIO_new(BIO_s_mem());

	must(X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 7) &&
			X509_gmtime_adj(X509_getm_notBefore(cert), 0) &&
			X509_gmtime_adj(X509_getm_notAfter(cert), 86400) &&
			X509_set_pubkey(cert, key) && X509_add_ext(cert, list, -1) &&
			X509_sign(cert, key, EVP_sha256()) > 0 && PEM_write_bio_X509(bio, cert),
		"a certificate");
	X509_EXTENSION_free(list);
	X509_free(cert);
	return take_text(bio);
}

struct pen *pen_new(char *const *names, size_t count)
{
	struct pen *pen = calloc(1, sizeof(*pen));
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY *other = EVP_EC_gen("P-256");
	struct acmems_error err = {0};
	char *text;

	must(pen && key && other, "keys");
	text = make_csr(key, names, count);
	pen->csr = csr_read(text, strlen(text), &err);
	must(pen->csr != NULL, err.message);
	pen->chain = make_chain(key, names, count);
	pen->other = make_chain(other, names, count);
	free(text);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return pen;
}

void pen_free(struct pen *pen)
{
	csr_free(pen->csr);
	free(pen->chain);
	free(pen->other);
	free(pen);
}

const struct acmems_csr *pen_csr(const struct pen *pen)
{
	return pen->csr;
}

const char *pen_chain(const struct pen *pen)
{
	return pen->chain;
}

const char *pen_other_chain(const struct pen *pen)
{
	return pen->other;
}
