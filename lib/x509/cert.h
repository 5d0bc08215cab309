/* SPDX-License-Identifier: ISC */
/* x509/cert.h - what the core asks of a chain beyond acmems/x509.h. */
#ifndef X509_CERT_H
#define X509_CERT_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include <acmems/x509.h>

/*
 * Is the first certificate of the chain the one that this CSR asked for: its key, and every DNS name
 * and address of it? ACMEMS_BAD_ANSWER with what is missing.
 */
bool cert_fits_csr(
	const char *chain, size_t len, const struct acmems_csr *csr, struct acmems_error *err);

/*
 * DNS names and addresses of the first certificate, in lower case and in order, "a.example, b.example",
 * so that certificates for the same names have the same text. To be freed. NULL and *err:
 * ACMEMS_BAD_ANSWER for what can not be read or has none, ACMEMS_NO_MEMORY.
 */
char *cert_names(const char *chain, size_t len, struct acmems_error *err);

#endif
