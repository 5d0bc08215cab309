/* SPDX-License-Identifier: ISC */
/*
 * csr_names.c - names from the subject and from the subjectAltName extension. Nothing may pass
 * unseen: kinds that nobody will ever allow come out as names of their kind, for policy to refuse.
 */
#include "x509/csr_names.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "x509/name.h"

#define SHOWN_MAX 300

static bool add(struct csr_names *names, enum acmems_name_kind kind, const char *text,
	bool wildcard, struct acmems_error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->names[i].kind == kind && strcmp(names->names[i].text, text) == 0)
			return true;
	}
	if (names->count == CSR_NAMES_MAX)
		return acmems_error_set(
			err, ACMEMS_BAD_CSR, "the request has more than %d names", CSR_NAMES_MAX);
	names->names[names->count] =
		(struct acmems_name){.kind = kind, .text = strdup(text), .wildcard = wildcard};
	if (!names->names[names->count].text)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a name");
	names->count++;
	return true;
}

static bool add_dns(struct csr_names *names, const char *text, size_t len, struct acmems_error *err)
{
	char folded[NAME_DNS_MAX];
	bool wildcard = false;

	return name_dns(text, len, folded, &wildcard, err) &&
	       add(names, ACMEMS_NAME_DNS, folded, wildcard, err);
}

static bool add_other(struct csr_names *names, enum acmems_name_kind kind, const ASN1_STRING *value,
	struct acmems_error *err)
{
	char shown[SHOWN_MAX];

	name_printable((const char *)ASN1_STRING_get0_data(value),
		(size_t)ASN1_STRING_length(value), shown, sizeof(shown));
	return add(names, kind, shown, false, err);
}

static bool add_ip(struct csr_names *names, const ASN1_STRING *value, struct acmems_error *err)
{
	char text[64];

	if (!name_ip(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), text))
		return acmems_error_set(err, ACMEMS_BAD_CSR, "an IP address has %d bytes",
			ASN1_STRING_length(value));
	return add(names, ACMEMS_NAME_IP, text, false, err);
}

static bool add_general(
	struct csr_names *names, const GENERAL_NAME *general, struct acmems_error *err)
{
	switch (general->type) {
	case GEN_DNS:
		return add_dns(names, (const char *)ASN1_STRING_get0_data(general->d.dNSName),
			(size_t)ASN1_STRING_length(general->d.dNSName), err);
	case GEN_IPADD:
		return add_ip(names, general->d.iPAddress, err);
	case GEN_EMAIL:
		return add_other(names, ACMEMS_NAME_EMAIL, general->d.rfc822Name, err);
	case GEN_URI:
		return add_other(names, ACMEMS_NAME_URI, general->d.uniformResourceIdentifier, err);
	case GEN_DIRNAME:
		return add(names, ACMEMS_NAME_OTHER, "a directory name", false, err);
	default:
		/* OpenSSL's numbers, not an enum of ours */
		return add(names, ACMEMS_NAME_OTHER, "a name of an uncommon kind", false, err);
	}
}

/* A common name has to be a name like the others: it ends up in the certificate. */
static bool add_common_name(
	struct csr_names *names, const ASN1_STRING *value, struct acmems_error *err)
{
	unsigned char *utf8 = NULL;
	unsigned char address[16];
	int len = ASN1_STRING_to_UTF8(&utf8, value);
	bool ok;

	if (len < 0)
		return acmems_error_set(err, ACMEMS_BAD_CSR, "the common name is malformed");
	/* OpenSSL puts a NUL behind, so a text without one inside is safe to read as such */
	if (strlen((char *)utf8) == (size_t)len &&
		(inet_pton(AF_INET, (char *)utf8, address) == 1 ||
			inet_pton(AF_INET6, (char *)utf8, address) == 1))
		ok = add(names, ACMEMS_NAME_IP, (char *)utf8, false, err);
	else
		ok = add_dns(names, (char *)utf8, (size_t)len, err);
	if (!ok && err->code == ACMEMS_BAD_CSR)
		acmems_error_context(err, "common name");
	OPENSSL_free(utf8);
	return ok;
}

static bool read_subject(X509_REQ *req, struct csr_names *names, struct acmems_error *err)
{
	const X509_NAME *subject = X509_REQ_get_subject_name(req);
	int count = X509_NAME_entry_count(subject);

	if (count > CSR_NAMES_MAX)
		return acmems_error_set(err, ACMEMS_BAD_CSR, "the subject has %d parts", count);
	for (int i = 0; i < count; i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, i);
		const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
		int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));

		if (nid == NID_commonName && !add_common_name(names, value, err))
			return false;
		/* RFC 5280, 4.1.2.6: the old place of an e-mail address */
		if (nid == NID_pkcs9_emailAddress &&
			!add_other(names, ACMEMS_NAME_EMAIL, value, err))
			return false;
	}
	return true;
}

static bool check_ca(const STACK_OF(X509_EXTENSION) * extensions, struct acmems_error *err)
{
	int critical = 0;
	BASIC_CONSTRAINTS *constraints =
		X509V3_get_d2i(extensions, NID_basic_constraints, &critical, NULL);
	bool ca = constraints && constraints->ca;
	bool malformed = !constraints && critical >= 0;

	BASIC_CONSTRAINTS_free(constraints);
	if (critical == -2)
		return acmems_error_set(
			err, ACMEMS_BAD_CSR, "the request has basicConstraints twice");
	if (malformed)
		return acmems_error_set(
			err, ACMEMS_BAD_CSR, "the basicConstraints extension is malformed");
	if (ca)
		return acmems_error_set(
			err, ACMEMS_BAD_CSR, "the request asks for a CA certificate");
	return true;
}

static bool read_alt_names(const STACK_OF(X509_EXTENSION) * extensions, struct csr_names *names,
	struct acmems_error *err)
{
	int critical = 0;
	GENERAL_NAMES *generals = X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, NULL);
	bool ok = true;

	/* -1 means absent; anything else without a result is there and broken */
	if (!generals && critical != -1)
		return acmems_error_set(err, ACMEMS_BAD_CSR,
			critical == -2 ? "the request has subjectAltName twice"
				       : "the subjectAltName extension is malformed");
	if (sk_GENERAL_NAME_num(generals) > 2 * CSR_NAMES_MAX)
		ok = acmems_error_set(err, ACMEMS_BAD_CSR, "the request has %d names, more than %d",
			sk_GENERAL_NAME_num(generals), CSR_NAMES_MAX);
	for (int i = 0; ok && i < sk_GENERAL_NAME_num(generals); i++)
		ok = add_general(names, sk_GENERAL_NAME_value(generals, i), err);
	GENERAL_NAMES_free(generals);
	return ok;
}

/* Two lists of extensions would let checker and issuer look at different ones. */
static bool single_list(const X509_REQ *req, int *ret_lists, struct acmems_error *err)
{
	static const int nids[] = {NID_ext_req, NID_ms_ext_req};
	int lists = 0;

	for (size_t i = 0; i < 2; i++) {
		int at = X509_REQ_get_attr_by_NID(req, nids[i], -1);

		while (at >= 0) {
			int values = X509_ATTRIBUTE_count(X509_REQ_get_attr(req, at));

			lists += values > 0 ? values : 1;
			at = X509_REQ_get_attr_by_NID(req, nids[i], at);
		}
	}
	if (lists > 1)
		return acmems_error_set(
			err, ACMEMS_BAD_CSR, "the request has more than one list of extensions");
	*ret_lists = lists;
	return true;
}

bool csr_names_read(X509_REQ *req, struct csr_names *names, struct acmems_error *err)
{
	STACK_OF(X509_EXTENSION) * extensions;
	int lists = 0;
	bool ok;

	if (!read_subject(req, names, err) || !single_list(req, &lists, err))
		return false;
	extensions = X509_REQ_get_extensions(req);
	/* others might read names where we can not */
	if (!extensions && lists > 0)
		return acmems_error_set(
			err, ACMEMS_BAD_CSR, "the request's list of extensions is malformed");
	ok = check_ca(extensions, err) && read_alt_names(extensions, names, err);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	if (ok && names->count == 0)
		return acmems_error_set(err, ACMEMS_BAD_CSR,
			"the request asks for no name: add -addext subjectAltName=DNS:...");
	return ok;
}

void csr_names_free(struct csr_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i].text);
	names->count = 0;
}
