/* SPDX-License-Identifier: ISC */
/*
 * address.h - addresses of peers and networks to compare them with.
 */
#ifndef ACMEMS_ADDRESS_H
#define ACMEMS_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>

enum acmems_family {
	/* No address at all, never inside any network: of a Unix socket, or of a client that a proxy tells
	 * none of. So nobody is to be trusted for it. */
	ACMEMS_LOCAL,
	ACMEMS_IPV4, /* v4-mapped ones included */
	ACMEMS_IPV6,
};

struct acmems_address {
	enum acmems_family family; /* says what counts of the rest; nothing of a local one */
	uint8_t bytes[16]; /* network order; 4 used for IPv4 */
	uint16_t port; /* host order; 0 if unknown */
	uint32_t scope; /* IPv6 interface index, 0 for none */
};

struct acmems_network {
	struct acmems_address address; /* host bits are zero */
	unsigned prefix; /* 0..32 or 0..128 */
};

#define ACMEMS_ADDRESS_TEXT_MAX 80

/*
 * Parses an address without port, "192.0.2.1" or "2001:db8::1". v4-mapped becomes IPv4. False and *err,
 * ACMEMS_CONFIG.
 */
bool acmems_address_parse(
	const char *text, struct acmems_address *address, struct acmems_error *err);

/* Writes the address without port into out; "local" for ACMEMS_LOCAL. Returns out. */
const char *acmems_address_text(
	const struct acmems_address *address, char out[ACMEMS_ADDRESS_TEXT_MAX]);

/*
 * Parses "192.0.2.0/24", "2001:db8::/32", or a bare address. Set bits behind the prefix are an
 * error, as they are most often a slip. ::ffff:192.0.2.0/120 becomes 192.0.2.0/24. False and
 * *err, ACMEMS_CONFIG.
 */
bool acmems_network_parse(
	const char *text, struct acmems_network *network, struct acmems_error *err);

bool acmems_network_contains(
	const struct acmems_network *network, const struct acmems_address *address);

#endif
