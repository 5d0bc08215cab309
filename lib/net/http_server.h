/* SPDX-License-Identifier: ISC */
/* net/http_server.h - the HTTP server's whole; what modules see is in acmems/http.h. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

struct acmems_http_request;
struct acmems_http_server;
struct acmems_http_server_config;
struct http_terms;
struct stack_st_X509;

/*
 * acmems_http_server_new() on terms of its own, which it holds; those of the newest open server that
 * has any are those of an address. NULL: none.
 */
struct acmems_http_server *http_server_new(const struct acmems_http_server_config *config,
	struct http_terms *terms, struct acmems_error *err);

/* Verified certificates of the client (STACK_OF(X509)), its own first, the CA's last. NULL: it has shown
 * none. Valid during the handler's call. */
const struct stack_st_X509 *http_request_chain(const struct acmems_http_request *request);

/* Port of its index-th address, in order of the configuration; for tests, which ask for port 0. */
uint16_t http_server_port(const struct acmems_http_server *server, size_t index);

/* Requests that were offered and are not answered yet; for draining. */
size_t http_server_pending(void);

/* Connections open now. */
size_t http_server_connections(void);

/* Cuts every connection, closes every listener. For the very end of the process. */
void http_server_fini(void);

#endif
