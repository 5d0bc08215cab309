/* SPDX-License-Identifier: ISC */
/* net/tls_server.h - the TLS server's whole; what modules see is in acmems/tls.h. */
#ifndef NET_TLS_SERVER_H
#define NET_TLS_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct acmems_tls_server;

/* Port of its index-th address, in order of the configuration; for tests, which ask for port 0. */
uint16_t tls_server_port(const struct acmems_tls_server *server, size_t index);

/* Connections open now. */
size_t tls_server_connections(void);

/* Cuts every connection, closes every listener. For the very end of the process. */
void tls_server_fini(void);

#endif
