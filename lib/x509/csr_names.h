/* SPDX-License-Identifier: ISC */
/* x509/csr_names.h - all names a CSR asks for, of every kind, CN included. */
#ifndef X509_CSR_NAMES_H
#define X509_CSR_NAMES_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include <acmems/x509.h>

#define CSR_NAMES_MAX 100

struct csr_names {
	struct acmems_name names[CSR_NAMES_MAX];
	size_t count;
};

/* Collects them without duplicates, CN first. False and *err; what was collected is to be freed. */
bool csr_names_read(X509_REQ *req, struct csr_names *names, struct acmems_error *err);
void csr_names_free(struct csr_names *names);

#endif
