/* SPDX-License-Identifier: ISC */
/*
 * net/tls_context.h - how OpenSSL is set up for every server of ours: TLS 1.2 or newer, forward
 * secrecy, nothing resumed (clients come once a day, and keys of tickets would have to be changed),
 * nothing renegotiated, nothing compressed.
 */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include <acmems/error.h>

typedef struct ssl_ctx_st SSL_CTX;

/* Without certificate. Free with SSL_CTX_free(). NULL and *err without memory. */
SSL_CTX *tls_context_new(struct acmems_error *err);

#endif
