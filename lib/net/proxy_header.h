/* SPDX-License-Identifier: ISC */
/*
 * net/proxy_header.h - the header that proxies of TCP connections put in front, version 1 (text) and 2
 * (binary) of the PROXY protocol. Pure: knows no sockets.
 */
#ifndef NET_PROXY_HEADER_H
#define NET_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>

/* More than any address and the usual additions need. */
#define PROXY_HEADER_MAX 4096

enum proxy_header_is {
	PROXY_HEADER_WHOLE,
	PROXY_HEADER_PART, /* as far as it goes it is one; more has to come */
	PROXY_HEADER_MALFORMED,
};

struct proxy_header {
	size_t len; /* bytes of it; what follows is the client's */
	bool own; /* the proxy asks for itself, to see whether we are there */
	struct acmems_address client; /* local, so in no network, if the proxy does not know it */
};

/* Looks at the first bytes of a connection. *header is filled when it is whole. */
enum proxy_header_is proxy_header_read(
	const uint8_t *data, size_t len, struct proxy_header *header);

#endif
