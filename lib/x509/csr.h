/* SPDX-License-Identifier: ISC */
/*
 * x509/csr.h - reads a certificate signing request that nobody has vouched for.
 *
 * Cheap and structural checks come first (size, one PEM block, DER consumed whole, key type and
 * size, extensions, names), the self-signature last, so that malice costs little. What comes out is
 * safe to log, compare and send on.
 */
#ifndef X509_CSR_H
#define X509_CSR_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include <acmems/x509.h>

/*
 * Parses and checks the bytes a client has sent. NULL and *err (ACMEMS_BAD_CSR with a sentence that
 * tells the client what to mend, or ACMEMS_NO_MEMORY). Names of every kind come out; which kinds are
 * allowed is the caller's policy. Free with csr_free().
 */
struct acmems_csr *csr_read(const void *body, size_t len, struct acmems_error *err);
void csr_free(struct acmems_csr *csr);

#endif
