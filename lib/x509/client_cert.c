/* SPDX-License-Identifier: ISC */
/* client_cert.c - facts of a client's certificate. */
#include "x509/client_cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "x509/name.h"

struct client_cert {
	struct acmems_client_cert facts;
	char *subject, *issuer, *chain;
	struct acmems_name names[CLIENT_CERT_NAMES_MAX];
	size_t name_count;
};

static bool no_memory(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a client's certificate");
}

/* Takes the text over from a BIO, NUL-terminated. */
static char *to_text(BIO *bio, size_t *ret_len)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	*ret_len = len > 0 ? (size_t)len : 0;
	return strndup(len > 0 ? data : "", *ret_len);
}

static char *name_text(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	size_t len;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		text = to_text(bio, &len);
	BIO_free(bio);
	return text;
}

static bool read_chain(struct client_cert *cert, const STACK_OF(X509) * chain)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = bio != NULL;

	for (int i = 0; ok && i < sk_X509_num(chain); i++)
		ok = PEM_write_bio_X509(bio, sk_X509_value(chain, i)) == 1;
	if (ok)
		cert->chain = to_text(bio, &cert->facts.chain_len);
	BIO_free(bio);
	cert->facts.chain = cert->chain;
	return cert->chain != NULL;
}

/* ---- names ---- */

static bool add_name(struct client_cert *cert, enum acmems_name_kind kind, const char *text)
{
	struct acmems_name *name = &cert->names[cert->name_count];

	*name = (struct acmems_name){.kind = kind,
		.text = strdup(text),
		.wildcard = kind == ACMEMS_NAME_DNS && strncmp(text, "*.", 2) == 0};
	if (!name->text)
		return false;
	cert->name_count++;
	return true;
}

/* Comparing is for text: what has anything else in it may not look like a good name. */
static bool add_text(struct client_cert *cert, enum acmems_name_kind kind, const ASN1_STRING *value)
{
	const unsigned char *data = ASN1_STRING_get0_data(value);
	int len = ASN1_STRING_length(value);
	char text[1024];

	if (len <= 0 || (size_t)len >= sizeof(text))
		return add_name(cert, ACMEMS_NAME_OTHER, "a name of uncommon length");
	for (int i = 0; i < len; i++) {
		if (data[i] <= ' ' || data[i] > '~')
			return add_name(cert, ACMEMS_NAME_OTHER, "a name that is not printable");
		text[i] = (char)data[i];
		if (kind == ACMEMS_NAME_DNS && text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
	}
	text[len] = '\0';
	return add_name(cert, kind, text);
}

static bool add_ip(struct client_cert *cert, const ASN1_STRING *value)
{
	char text[64];

	if (name_ip(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), text))
		return add_name(cert, ACMEMS_NAME_IP, text);
	return add_name(cert, ACMEMS_NAME_OTHER, "an address of uncommon length");
}

static bool add_general(struct client_cert *cert, const GENERAL_NAME *general)
{
	switch (general->type) {
	case GEN_DNS:
		return add_text(cert, ACMEMS_NAME_DNS, general->d.dNSName);
	case GEN_IPADD:
		return add_ip(cert, general->d.iPAddress);
	case GEN_EMAIL:
		return add_text(cert, ACMEMS_NAME_EMAIL, general->d.rfc822Name);
	case GEN_URI:
		return add_text(cert, ACMEMS_NAME_URI, general->d.uniformResourceIdentifier);
	default:
		/* OpenSSL's numbers, not an enum of ours */
		return add_name(cert, ACMEMS_NAME_OTHER, "a name of an uncommon kind");
	}
}

/* Beyond the most there can be, names are left out, which can only mean a no. */
static bool read_names(struct client_cert *cert, const X509 *leaf)
{
	GENERAL_NAMES *generals = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool ok = true;

	for (int i = 0; ok && i < sk_GENERAL_NAME_num(generals); i++)
		ok = cert->name_count == CLIENT_CERT_NAMES_MAX ||
		     add_general(cert, sk_GENERAL_NAME_value(generals, i));
	GENERAL_NAMES_free(generals);
	cert->facts.names = cert->names;
	cert->facts.name_count = cert->name_count;
	return ok;
}

/* ---- the whole ---- */

static bool read_rest(struct client_cert *cert, struct acmems_error *err)
{
	struct acmems_cert rest;

	if (!acmems_cert_read(cert->chain, cert->facts.chain_len, &rest, err))
		return acmems_error_context(err, "client's certificate");
	memcpy(cert->facts.serial, rest.serial, sizeof(cert->facts.serial));
	memcpy(cert->facts.digest, rest.digest, sizeof(cert->facts.digest));
	cert->facts.not_after = rest.not_after;
	return true;
}

static bool read_all(
	struct client_cert *cert, const STACK_OF(X509) * chain, struct acmems_error *err)
{
	X509 *leaf = sk_X509_value(chain, 0);

	if (!leaf)
		return acmems_error_set(err, ACMEMS_REFUSED, "there is no certificate");
	cert->subject = name_text(X509_get_subject_name(leaf));
	cert->issuer = name_text(X509_get_issuer_name(leaf));
	cert->facts.subject = cert->subject;
	cert->facts.issuer = cert->issuer;
	if (!cert->subject || !cert->issuer || !read_names(cert, leaf) || !read_chain(cert, chain))
		return no_memory(err);
	return read_rest(cert, err);
}

struct client_cert *client_cert_new(const STACK_OF(X509) * chain, struct acmems_error *err)
{
	struct client_cert *cert = calloc(1, sizeof(*cert));
	bool ok = cert ? read_all(cert, chain, err) : no_memory(err);

	ERR_clear_error();
	if (ok)
		return cert;
	client_cert_free(cert);
	return NULL;
}

const struct acmems_client_cert *client_cert_facts(const struct client_cert *cert)
{
	return &cert->facts;
}

void client_cert_free(struct client_cert *cert)
{
	if (!cert)
		return;
	for (size_t i = 0; i < cert->name_count; i++)
		free(cert->names[i].text);
	free(cert->subject);
	free(cert->issuer);
	free(cert->chain);
	free(cert);
}
