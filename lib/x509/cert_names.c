/* SPDX-License-Identifier: ISC */
/* x509/cert_names.c - the names of a certificate as one text. */
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "x509/cert.h"
#include "x509/name.h"
#include "x509/pem.h"

#define CERT_DER_MAX 65536
#define NAMES_MAX 1000
#define TEXT_MAX (64u * 1024)

/* Room for a DNS name or an address, and a NUL. */
struct name {
	char text[NAME_DNS_MAX];
};

static X509 *read_leaf(const char *chain, size_t len, struct acmems_error *err)
{
	static const char *const labels[] = {"CERTIFICATE", NULL};
	unsigned char *der = NULL;
	const unsigned char *at;
	size_t der_len = 0;
	X509 *leaf;

	if (!pem_next(&chain, &len, labels, CERT_DER_MAX, &der, &der_len, err)) {
		if (err->code != ACMEMS_NO_MEMORY)
			err->code = ACMEMS_BAD_ANSWER;
		return NULL;
	}
	at = der;
	leaf = d2i_X509(NULL, &at, (long)der_len);
	free(der);
	if (!leaf)
		acmems_error_set(err, ACMEMS_BAD_ANSWER, "the certificate cannot be parsed");
	return leaf;
}

/* What is no such name is left out. */
static bool read_name(const GENERAL_NAME *general, struct name *name)
{
	const ASN1_STRING *value = general->d.ia5;
	const unsigned char *bytes;
	size_t len;

	if (general->type != GEN_DNS && general->type != GEN_IPADD)
		return false;
	bytes = ASN1_STRING_get0_data(value);
	len = (size_t)ASN1_STRING_length(value);
	if (general->type == GEN_IPADD)
		return name_ip(bytes, len, name->text);
	if (len == 0 || len >= sizeof(name->text) || memchr(bytes, '\0', len))
		return false;
	for (size_t i = 0; i < len; i++)
		name->text[i] = (char)tolower(bytes[i]);
	name->text[len] = '\0';
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static char *join(const struct name *names, size_t count, struct acmems_error *err)
{
	struct str text;
	char *out;

	if (count == 0) {
		acmems_error_set(err, ACMEMS_BAD_ANSWER, "the certificate has no names");
		return NULL;
	}
	str_init(&text, TEXT_MAX);
	for (size_t i = 0; i < count; i++)
		str_addf(&text, "%s%s", i > 0 ? ", " : "", names[i].text);
	out = str_take(&text);
	if (!out)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for names");
	return out;
}

static char *names_of(const GENERAL_NAMES *generals, struct acmems_error *err)
{
	int all = sk_GENERAL_NAME_num(generals);
	struct name *names;
	size_t count = 0;
	char *out = NULL;

	all = all < 0 ? 0 : all;
	all = all > NAMES_MAX ? NAMES_MAX : all;
	names = calloc((size_t)all + 1, sizeof(*names));
	if (!names) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for names");
		return NULL;
	}
	for (int i = 0; i < all; i++) {
		if (read_name(sk_GENERAL_NAME_value(generals, i), &names[count]))
			count++;
	}
	qsort(names, count, sizeof(*names), compare);
	out = join(names, count, err);
	free(names);
	return out;
}

char *cert_names(const char *chain, size_t len, struct acmems_error *err)
{
	X509 *leaf = read_leaf(chain, len, err);
	GENERAL_NAMES *generals;
	char *out;

	if (!leaf)
		return NULL;
	generals = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	out = names_of(generals, err);
	GENERAL_NAMES_free(generals);
	X509_free(leaf);
	ERR_clear_error();
	return out;
}
