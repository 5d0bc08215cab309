/* SPDX-License-Identifier: ISC */
/*
 * net/tls_hello.h - how OpenSSL is set up for handshakes that only show a certificate, and what a
 * client's hello is answered with: whoever does not offer "acme-tls/1", or names no server that is
 * known, gets a fatal alert before any cryptography was done.
 */
#ifndef NET_TLS_HELLO_H
#define NET_TLS_HELLO_H

#include <acmems/error.h>
#include <acmems/tls.h>

/* 255 octets of a host name (RFC 6066, 3) and NUL */
#define TLS_HELLO_NAME_MAX 256

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

/* What became of a hello. Lives as long as the SSL. */
struct tls_hello {
	/* NULL: nobody's name. The identity is needed during the call only. */
	const struct acmems_tls_identity *(*choose)(void *arg, const char *server_name);
	void *arg;
	char name[TLS_HELLO_NAME_MAX]; /* asked for, lower case; "" */
	const char *refused; /* why, for the log; NULL: was not */
};

/* TLS 1.2 or newer, nothing resumed, nothing renegotiated. Free with SSL_CTX_free(). */
SSL_CTX *tls_hello_context(struct acmems_error *err);

/* A server's side on that socket, which stays the caller's; NULL without memory. */
SSL *tls_hello_ssl(SSL_CTX *context, struct tls_hello *hello, int fd);

#endif
