/* SPDX-License-Identifier: ISC */
/*
 * dns/server_name.h - texts that name a server: "192.0.2.53", "[2001:db8::53]:5353",
 * "ns1.example.net:5353".
 */
#ifndef DNS_SERVER_NAME_H
#define DNS_SERVER_NAME_H

#include <stdint.h>

#include <acmems/address.h>

#define SERVER_NAME_MAX 256
#define SERVER_NAME_PORT 53
#define SERVER_NAME_TEXT_MAX (ACMEMS_ADDRESS_TEXT_MAX + 8)

struct server_name {
	char host[SERVER_NAME_MAX]; /* a name, or an address without brackets */
	uint16_t port;
};

/* False and *err (ACMEMS_CONFIG) for what is not one. Nothing is looked up. */
bool server_name_parse(const char *text, struct server_name *server, struct acmems_error *err);

/* An address with its port: "192.0.2.53:53", "[2001:db8::53]:53". Returns out. */
const char *server_name_text(const struct acmems_address *address, char out[SERVER_NAME_TEXT_MAX]);

#endif
