/* SPDX-License-Identifier: ISC */
/* address.c - addresses, networks and places to listen on: text, bytes and sockaddr. */
#include "net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const uint8_t bytes[16])
{
	return memcmp(bytes, mapped, sizeof(mapped)) == 0;
}

static void unmap(struct acmems_address *address)
{
	if (address->family != ACMEMS_IPV6 || !is_mapped(address->bytes))
		return;
	memmove(address->bytes, address->bytes + 12, 4);
	memset(address->bytes + 4, 0, 12);
	address->family = ACMEMS_IPV4;
	address->scope = 0;
}

/* As inet_pton, with the kind found by looking; no unmapping. */
static bool parse_raw(const char *text, struct acmems_address *address)
{
	char plain[INET6_ADDRSTRLEN];
	const char *zone = strchr(text, '%');
	size_t len = zone ? (size_t)(zone - text) : strlen(text);

	*address = (struct acmems_address){.family = ACMEMS_IPV4};
	if (len == 0 || len >= sizeof(plain))
		return false;
	memcpy(plain, text, len);
	plain[len] = '\0';
	if (!zone && inet_pton(AF_INET, plain, address->bytes) == 1)
		return true;
	address->family = ACMEMS_IPV6;
	if (inet_pton(AF_INET6, plain, address->bytes) != 1)
		return false;
	if (zone)
		address->scope = if_nametoindex(zone + 1);
	return !zone || address->scope != 0;
}

bool acmems_address_parse(
	const char *text, struct acmems_address *address, struct acmems_error *err)
{
	struct acmems_address parsed;

	if (!parse_raw(text, &parsed))
		return acmems_error_set(
			err, ACMEMS_CONFIG, "\"%.100s\" is not an IP address", text);
	unmap(&parsed);
	*address = parsed;
	return true;
}

const char *acmems_address_text(
	const struct acmems_address *address, char out[ACMEMS_ADDRESS_TEXT_MAX])
{
	int family = address->family == ACMEMS_IPV4 ? AF_INET : AF_INET6;
	char zone[IF_NAMESIZE];

	if (address->family == ACMEMS_LOCAL) {
		snprintf(out, ACMEMS_ADDRESS_TEXT_MAX, "local");
		return out;
	}
	if (!inet_ntop(family, address->bytes, out, ACMEMS_ADDRESS_TEXT_MAX))
		out[0] = '\0';
	if (address->scope != 0) {
		size_t len = strlen(out);

		if (if_indextoname(address->scope, zone))
			snprintf(out + len, ACMEMS_ADDRESS_TEXT_MAX - len, "%%%s", zone);
	}
	return out;
}

/* Decimal digits only, at most `max`. */
static bool parse_number(const char *text, unsigned max, unsigned *number)
{
	unsigned value = 0;

	if (*text == '\0' || strlen(text) > 5)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
	}
	*number = value;
	return value <= max;
}

static bool bits_behind(const uint8_t *bytes, unsigned prefix, unsigned width)
{
	for (unsigned bit = prefix; bit < width; bit++)
		if (bytes[bit / 8] & (0x80u >> (bit % 8)))
			return true;
	return false;
}

bool acmems_network_parse(
	const char *text, struct acmems_network *network, struct acmems_error *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct acmems_network parsed = {0};
	char address[64];
	unsigned width;

	if (len >= sizeof(address))
		return acmems_error_set(err, ACMEMS_CONFIG, "\"%.100s\" is not a network", text);
	memcpy(address, text, len);
	address[len] = '\0';
	if (strchr(address, '%') || !parse_raw(address, &parsed.address))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"\"%.100s\" is not a network: write it like 192.0.2.0/24 or 2001:db8::/32",
			text);
	width = parsed.address.family == ACMEMS_IPV4 ? 32 : 128;
	parsed.prefix = width;
	if (slash && !parse_number(slash + 1, width, &parsed.prefix))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"\"%.100s\": the prefix length is not a number up to %u", text, width);
	if (bits_behind(parsed.address.bytes, parsed.prefix, width))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"\"%.100s\" has bits set behind its prefix of %u", text, parsed.prefix);
	if (width == 128 && parsed.prefix >= 96 && is_mapped(parsed.address.bytes)) {
		unmap(&parsed.address);
		parsed.prefix -= 96;
	}
	*network = parsed;
	return true;
}

bool acmems_network_contains(
	const struct acmems_network *network, const struct acmems_address *address)
{
	struct acmems_address peer = *address;
	unsigned whole = network->prefix / 8;
	unsigned rest = network->prefix % 8;

	unmap(&peer);
	if (peer.family == ACMEMS_LOCAL || peer.family != network->address.family)
		return false;
	if (whole > 0 && memcmp(peer.bytes, network->address.bytes, whole) != 0)
		return false;
	return rest == 0 ||
	       ((peer.bytes[whole] ^ network->address.bytes[whole]) >> (8 - rest)) == 0;
}

void address_from_sockaddr(struct acmems_address *address, const struct sockaddr *sockaddr)
{
	*address = (struct acmems_address){.family = ACMEMS_LOCAL};
	if (sockaddr->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sockaddr, sizeof(in));
		address->family = ACMEMS_IPV4;
		memcpy(address->bytes, &in.sin_addr, 4);
		address->port = ntohs(in.sin_port);
	} else if (sockaddr->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sockaddr, sizeof(in6));
		address->family = ACMEMS_IPV6;
		memcpy(address->bytes, &in6.sin6_addr, 16);
		address->port = ntohs(in6.sin6_port);
		address->scope = in6.sin6_scope_id;
		unmap(address);
	}
}

socklen_t address_to_sockaddr(
	const struct acmems_address *address, struct sockaddr_storage *sockaddr)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
		.sin6_port = htons(address->port),
		.sin6_scope_id = address->scope};

	memset(sockaddr, 0, sizeof(*sockaddr));
	switch (address->family) {
	case ACMEMS_LOCAL:
		return 0;
	case ACMEMS_IPV4:
		memcpy(&in.sin_addr, address->bytes, 4);
		memcpy(sockaddr, &in, sizeof(in));
		return sizeof(in);
	case ACMEMS_IPV6:
		memcpy(&in6.sin6_addr, address->bytes, 16);
		memcpy(sockaddr, &in6, sizeof(in6));
		return sizeof(in6);
	}
	return 0;
}

void address_place_name(struct address_place *place)
{
	struct acmems_address address;
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	if (place->sockaddr.ss_family == AF_UNIX) {
		struct sockaddr_un un;

		memcpy(&un, &place->sockaddr, sizeof(un));
		snprintf(place->text, sizeof(place->text), "unix:%s", un.sun_path);
		return;
	}
	address_from_sockaddr(&address, (const struct sockaddr *)&place->sockaddr);
	acmems_address_text(&address, text);
	snprintf(place->text, sizeof(place->text),
		place->sockaddr.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, address.port);
}

static bool parse_unix(const char *path, struct address_place *place, struct acmems_error *err)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (path[0] != '/' || len >= sizeof(un.sun_path))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"\"unix:%.120s\": a socket needs an absolute path shorter than %zu bytes",
			path, sizeof(un.sun_path));
	memcpy(un.sun_path, path, len + 1);
	memset(place, 0, sizeof(*place));
	memcpy(&place->sockaddr, &un, sizeof(un));
	place->len = sizeof(un);
	address_place_name(place);
	return true;
}

static bool make_place(const char *host, unsigned port, struct address_place *place)
{
	struct acmems_address address;

	if (!parse_raw(host, &address) ||
		(address.family == ACMEMS_IPV6 && is_mapped(address.bytes)))
		return false;
	address.port = (uint16_t)port;
	memset(place, 0, sizeof(*place));
	place->len = address_to_sockaddr(&address, &place->sockaddr);
	address_place_name(place);
	return true;
}

/* Cuts "HOST:PORT" in two; host has room for 64 bytes. */
static bool cut_port(const char *text, char *host, bool *bracketed, unsigned *port)
{
	const char *colon = strrchr(text, ':');
	size_t len;

	if (!colon || !parse_number(colon + 1, 65535, port))
		return false;
	len = (size_t)(colon - text);
	*bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
	if (*bracketed) {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= 64)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return *bracketed == (strchr(host, ':') != NULL);
}

size_t address_places_parse(
	const char *text, struct address_place *places, struct acmems_error *err)
{
	char host[64];
	bool bracketed = false;
	unsigned port = 0;

	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, places, err) ? 1 : 0;
	if (cut_port(text, host, &bracketed, &port)) {
		if (strcmp(host, "localhost") == 0)
			return make_place("127.0.0.1", port, &places[0]) +
			       make_place("::1", port, &places[1]);
		if (strcmp(host, "*") == 0)
			return make_place("0.0.0.0", port, &places[0]) +
			       make_place("::", port, &places[1]);
		if (make_place(host, port, &places[0]))
			return 1;
	}
	acmems_error_set(err, ACMEMS_CONFIG,
		"cannot listen on \"%.100s\": write 192.0.2.1:80, [2001:db8::1]:80, *:80, "
		"localhost:80 "
		"or unix:/path; other names are not looked up",
		text);
	return 0;
}

bool address_port_parse(const char *text, uint16_t *port)
{
	unsigned number;

	if (!parse_number(text, 65535, &number) || number == 0)
		return false;
	*port = (uint16_t)number;
	return true;
}

void address_resolve_text(const char *host, const char *port,
	const struct acmems_address *addresses, size_t count, char out[ADDRESS_RESOLVE_MAX])
{
	const size_t room = ADDRESS_RESOLVE_MAX;
	size_t len = (size_t)snprintf(out, room, "%s:%s:", host, port);

	for (size_t i = 0; i < count && len < room; i++) {
		bool six = addresses[i].family == ACMEMS_IPV6;
		char one[ACMEMS_ADDRESS_TEXT_MAX];

		acmems_address_text(&addresses[i], one);
		len += (size_t)snprintf(out + len, room - len, "%s%s%s%s", i ? "," : "",
			six ? "[" : "", one, six ? "]" : "");
	}
}

bool address_equal(const struct acmems_address *one, const struct acmems_address *other)
{
	size_t len = one->family == ACMEMS_IPV4 ? 4 : 16;

	return one->family == other->family &&
	       (one->family == ACMEMS_LOCAL || memcmp(one->bytes, other->bytes, len) == 0);
}

void address_key(const struct acmems_address *address, uint8_t key[ADDRESS_KEY_LEN])
{
	memset(key, 0, ADDRESS_KEY_LEN);
	key[0] = (uint8_t)address->family;
	memcpy(key + 1, address->bytes, address->family == ACMEMS_IPV4 ? 4 : 8);
}
