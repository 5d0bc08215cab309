/* SPDX-License-Identifier: ISC */
/*
 * x509.h - what a module may know of a signing request and of a certificate. Read-only.
 */
#ifndef ACMEMS_X509_H
#define ACMEMS_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

enum acmems_name_kind {
	ACMEMS_NAME_DNS,
	ACMEMS_NAME_IP,
	ACMEMS_NAME_EMAIL,
	ACMEMS_NAME_URI,
	ACMEMS_NAME_OTHER, /* directoryName, otherName, registeredID, x400, ediParty */
};

/* A name as the CSR asks for it. Checked: printable, bounded, DNS names well-formed. */
struct acmems_name {
	enum acmems_name_kind kind;
	char *text; /* DNS: lower-case A-labels, with "*." if wildcard; IP: RFC 5952; else as it stands */
	bool wildcard; /* DNS: the first label is "*" */
};

/*
 * A CSR (RFC 2986) that has passed every check: structure, key, self-signature, names. Valid as
 * long as what it is handed over with.
 */
struct acmems_csr {
	const unsigned char *der;
	size_t der_len; /* bytes */
	char digest[65]; /* SHA-256 of der, lower-case hex */
	const struct acmems_name *names; /* CN included, no duplicates, at least one */
	size_t name_count;
	const char *key_type; /* "rsa", "ec" */
	unsigned key_bits; /* of the modulus, or of the curve's field */
};

#define ACMEMS_SERIAL_HEX_MAX 64

/*
 * The certificate that a client has shown in its TLS handshake, proving that it has the key. It was
 * verified, dates and all, up to one of the CAs in mgmt's client-ca.
 */
struct acmems_client_cert {
	const char *
		subject; /* RFC 4514: "CN=www.example.org,O=Example"; printable ASCII, "" if empty */
	const char *issuer; /* alike */
	char serial[ACMEMS_SERIAL_HEX_MAX]; /* lower-case hex */
	char digest[65]; /* SHA-256 of its DER, lower-case hex */
	int64_t not_after; /* seconds since 1970-01-01 UTC */
	const struct acmems_name
		*names; /* of subjectAltName, at most 100; what is no printable ASCII,
	                                    or of an uncommon kind, is ACMEMS_NAME_OTHER */
	size_t name_count; /* may be 0 */
	const char *chain; /* PEM: it, those on the way, the CA's; NUL-terminated */
	size_t chain_len; /* bytes */
};

/* Facts of the first certificate of a chain. */
struct acmems_cert {
	int64_t not_before; /* seconds since 1970-01-01 UTC */
	int64_t not_after;
	char serial[ACMEMS_SERIAL_HEX_MAX]; /* lower-case hex */
	char digest[65]; /* SHA-256 of the certificate's DER, lower-case hex */
	size_t chain_length; /* certificates in the PEM, the first included */
};

/*
 * Reads a PEM chain, leaf first: every block must be a certificate that parses. At most 256 KiB and
 * 16 certificates. ACMEMS_BAD_ANSWER when it is anything else.
 */
bool acmems_cert_read(
	const char *pem, size_t len, struct acmems_cert *cert, struct acmems_error *err);

#endif
