/* SPDX-License-Identifier: ISC */
/* net/http_tls.h - connections that TLS is spoken on, for the HTTP library. The only file that knows
 * its glue to OpenSSL. */
#ifndef NET_HTTP_TLS_H
#define NET_HTTP_TLS_H

#include <openssl/ssl.h>

struct bufferevent;
struct event_base;

/* The server's side, without a socket so far; it closes that in the end. NULL without memory. */
struct bufferevent *http_tls_new(struct event_base *base, SSL_CTX *context);

/*
 * Certificates of the client, its own first, the CA's last, all verified: in the handshake, and once
 * more with `now`, whose CAs and revocation lists may be others than then. NULL: it has shown none, or
 * the connection is a plain one; or, if *why says so, what it has shown is not good any more. Valid as
 * long as the connection.
 */
STACK_OF(X509) * http_tls_chain(struct bufferevent *bev, SSL_CTX *now, const char **why);

/* Says good-bye before the connection is closed; what was wrong with it, or NULL. */
const char *http_tls_farewell(struct bufferevent *bev);

#endif
