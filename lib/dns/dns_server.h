/* SPDX-License-Identifier: ISC */
/* dns/dns_server.h - the name server's whole; what modules see is in acmems/dns_server.h. */
#ifndef DNS_DNS_SERVER_H
#define DNS_DNS_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct acmems_dns_server;

/* Port of its index-th address, in order of the configuration; for tests, which ask for port 0. */
uint16_t dns_server_port(const struct acmems_dns_server *server, size_t index);

/* Connections open now. */
size_t dns_server_connections(void);

/* Cuts every connection, closes every address. For the very end of the process. */
void dns_server_fini(void);

#endif
