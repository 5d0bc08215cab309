/* SPDX-License-Identifier: ISC */
/* x509/client_cert.h - what modules may know of a client's certificate, as text. Verifying it was the
 * handshake's part. */
#ifndef X509_CLIENT_CERT_H
#define X509_CLIENT_CERT_H

#include <openssl/x509.h>

#include <acmems/error.h>
#include <acmems/x509.h>

#define CLIENT_CERT_NAMES_MAX 100

struct client_cert;

/* From a verified chain, the client's own first, which is copied. NULL and *err: no memory, or a
 * certificate with facts that cannot be told. */
struct client_cert *client_cert_new(const STACK_OF(X509) * chain, struct acmems_error *err);
const struct acmems_client_cert *client_cert_facts(const struct client_cert *cert);
void client_cert_free(struct client_cert *cert); /* NULL is allowed */

#endif
