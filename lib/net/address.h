/* SPDX-License-Identifier: ISC */
/*
 * net/address.h - between addresses of our own kind and those of the socket interface. Parsing and
 * printing of bare addresses and networks is in acmems/address.h. Never looks up names.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <acmems/address.h>

/* A place to listen on. */
struct address_place {
	struct sockaddr_storage sockaddr;
	socklen_t len;
	char text[128]; /* one spelling per place: "192.0.2.1:80", "[::]:80", "unix:/path" */
};

/* What one text can stand for: "localhost" and "*" are an IPv4 and an IPv6 address. */
#define ADDRESS_PLACES_MAX 2

#define ADDRESS_KEY_LEN 9

/* From the socket interface; IPv4 within IPv6 becomes IPv4, all that is not IP becomes local. */
void address_from_sockaddr(struct acmems_address *address, const struct sockaddr *sockaddr);

/* To the socket interface; returns the length, or 0 for a local address. */
socklen_t address_to_sockaddr(
	const struct acmems_address *address, struct sockaddr_storage *sockaddr);

/*
 * Parses "192.0.2.1:80", "[2001:db8::1]:80", "unix:/path", "localhost:80" or "*:80" into `places`,
 * of ADDRESS_PLACES_MAX. Returns how many; 0 and *err on failure.
 */
size_t address_places_parse(
	const char *text, struct address_place *places, struct acmems_error *err);

/* Rewrites text from sockaddr, as after binding to port 0. */
void address_place_name(struct address_place *place);

/* Decimal, 1 to 65535. */
bool address_port_parse(const char *text, uint16_t *port);

/* Room for what address_resolve_text() makes of a name of up to 254 characters; more is cut off. */
#define ADDRESS_RESOLVE_MAX (254 + 16 * (ACMEMS_ADDRESS_TEXT_MAX + 4))

/*
 * The addresses of a server as curl wants them: "HOST:PORT:ADDRESS,[ADDRESS]". They replace those of an
 * earlier call. With a "+" in front they would grow old, and curl of 2025 loses them while calls wait
 * for a connection.
 */
void address_resolve_text(const char *host, const char *port,
	const struct acmems_address *addresses, size_t count, char out[ADDRESS_RESOLVE_MAX]);

/* Ports and scopes apart. */
bool address_equal(const struct acmems_address *one, const struct acmems_address *other);

/* What connections are counted by: an IPv4 address, or the /64 of an IPv6 address. */
void address_key(const struct acmems_address *address, uint8_t key[ADDRESS_KEY_LEN]);

#endif
