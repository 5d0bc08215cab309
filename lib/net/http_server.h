/* SPDX-License-Identifier: ISC */
/* net/http_server.h - the HTTP server's whole; what modules see is in acmems/http.h. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct acmems_http_server;

/* Port of its index-th address, in order of the configuration; for tests, which ask for port 0. */
uint16_t http_server_port(const struct acmems_http_server *server, size_t index);

/* Requests that were offered and are not answered yet; for draining. */
size_t http_server_pending(void);

/* Connections open now. */
size_t http_server_connections(void);

/* Cuts every connection, closes every listener. For the very end of the process. */
void http_server_fini(void);

#endif
