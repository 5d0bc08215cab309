/* SPDX-License-Identifier: ISC */
/* proxy_header.c - both versions of the PROXY protocol. Whatever is not quite right is malformed. */
#include "net/proxy_header.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"

/* ---- version 1: a line ---- */

#define LINE_MAX_LEN 107 /* CRLF included */
#define WORDS 6

static const char line_start[] = "PROXY ";

/* 0 to 65535 without zeros in front. */
static bool read_port(const char *text, uint16_t *port)
{
	size_t len = strspn(text, "0123456789");
	unsigned long value = strtoul(text, NULL, 10);

	if (len == 0 || len > 5 || text[len] || (len > 1 && text[0] == '0') || value > 65535)
		return false;
	*port = (uint16_t)value;
	return true;
}

static bool read_address(const char *text, bool ipv6, struct acmems_address *address)
{
	const char *allowed = ipv6 ? "0123456789abcdefABCDEF:." : "0123456789.";
	struct acmems_error none = {0};

	return !text[strspn(text, allowed)] && !ipv6 == !strchr(text, ':') &&
	       acmems_address_parse(text, address, &none);
}

/* Cuts at single spaces; returns how many words, or 0 if there are more than room. */
static size_t split(char *line, char *words[WORDS])
{
	size_t count = 0;

	for (char *word = line; word; count++) {
		char *end = strchr(word, ' ');

		if (count == WORDS)
			return 0;
		words[count] = word;
		if (end)
			*end++ = '\0';
		word = end;
	}
	return count;
}

static bool read_words(char *line, struct acmems_address *client)
{
	char *words[WORDS];
	size_t count = split(line, words);
	struct acmems_address destination;
	uint16_t port;
	bool ipv6;

	if (count != WORDS)
		return false;
	ipv6 = strcmp(words[1], "TCP6") == 0;
	return (ipv6 || strcmp(words[1], "TCP4") == 0) && read_address(words[2], ipv6, client) &&
	       read_address(words[3], ipv6, &destination) && read_port(words[4], &client->port) &&
	       read_port(words[5], &port);
}

static enum proxy_header_is read_line(const uint8_t *data, size_t len, struct proxy_header *header)
{
	static const char unknown[] = "PROXY UNKNOWN";
	size_t room = len < LINE_MAX_LEN ? len : LINE_MAX_LEN;
	const uint8_t *end = memchr(data, '\n', room);
	char line[LINE_MAX_LEN + 1];
	size_t text_len;

	if (!end)
		return len < LINE_MAX_LEN ? PROXY_HEADER_PART : PROXY_HEADER_MALFORMED;
	text_len = (size_t)(end - data);
	if (text_len == 0 || end[-1] != '\r' || memchr(data, '\0', text_len))
		return PROXY_HEADER_MALFORMED;
	header->len = text_len + 1;
	memcpy(line, data, text_len - 1);
	line[text_len - 1] = '\0';
	if (strncmp(line, unknown, strlen(unknown)) == 0 &&
		(!line[strlen(unknown)] || line[strlen(unknown)] == ' '))
		return PROXY_HEADER_WHOLE;
	return read_words(line, &header->client) ? PROXY_HEADER_WHOLE : PROXY_HEADER_MALFORMED;
}

/* ---- version 2: binary ---- */

#define HEAD_LEN 16
#define IPV4_LEN 12
#define IPV6_LEN 36
#define UNIX_LEN 216

static const uint8_t signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static size_t number(const uint8_t bytes[2])
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

/* What follows the addresses: type, length, value. */
static bool additions_fit(const uint8_t *data, size_t len)
{
	while (len > 0) {
		size_t part = len >= 3 ? 3 + number(data + 1) : len + 1;

		if (part > len)
			return false;
		data += part;
		len -= part;
	}
	return true;
}

static void take_ipv4(const uint8_t *data, struct acmems_address *client)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	memcpy(&in.sin_addr, data, sizeof(in.sin_addr));
	memcpy(&in.sin_port, data + 8, sizeof(in.sin_port));
	address_from_sockaddr(client, (const struct sockaddr *)&in);
}

static void take_ipv6(const uint8_t *data, struct acmems_address *client)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6};

	memcpy(&in.sin6_addr, data, sizeof(in.sin6_addr));
	memcpy(&in.sin6_port, data + 32, sizeof(in.sin6_port));
	address_from_sockaddr(client, (const struct sockaddr *)&in);
}

/* How long the addresses are for a family and protocol; -1: none that can be here. */
static int addresses_len(uint8_t family)
{
	switch (family) {
	case 0x00: /* unspecified */
		return 0;
	case 0x11: /* TCP over IPv4 */
		return IPV4_LEN;
	case 0x21: /* TCP over IPv6 */
		return IPV6_LEN;
	case 0x31: /* Unix stream */
		return UNIX_LEN;
	}
	return -1;
}

static enum proxy_header_is read_binary(
	const uint8_t *data, size_t len, struct proxy_header *header)
{
	size_t rest;
	int addresses;

	if (len < HEAD_LEN)
		return PROXY_HEADER_PART;
	rest = number(data + 14);
	if (data[12] >> 4 != 2 || (data[12] & 0x0f) > 1 || HEAD_LEN + rest > PROXY_HEADER_MAX)
		return PROXY_HEADER_MALFORMED;
	if (len < HEAD_LEN + rest)
		return PROXY_HEADER_PART;
	header->len = HEAD_LEN + rest;
	header->own = (data[12] & 0x0f) == 0;
	/* then nothing of what follows counts */
	if (header->own)
		return PROXY_HEADER_WHOLE;
	addresses = addresses_len(data[13]);
	data += HEAD_LEN;
	if (addresses < 0 || rest < (size_t)addresses)
		return PROXY_HEADER_MALFORMED;
	if (addresses == IPV4_LEN)
		take_ipv4(data, &header->client);
	else if (addresses == IPV6_LEN)
		take_ipv6(data, &header->client);
	/* of an unspecified family nothing can be told apart */
	if (addresses > 0 && !additions_fit(data + addresses, rest - (size_t)addresses))
		return PROXY_HEADER_MALFORMED;
	return PROXY_HEADER_WHOLE;
}

/* ---- both ---- */

static bool begins(const uint8_t *data, size_t len, const void *with, size_t with_len)
{
	return memcmp(data, with, len < with_len ? len : with_len) == 0;
}

enum proxy_header_is proxy_header_read(const uint8_t *data, size_t len, struct proxy_header *header)
{
	*header = (struct proxy_header){.client = {.family = ACMEMS_LOCAL}};
	if (len == 0)
		return PROXY_HEADER_PART;
	if (begins(data, len, line_start, strlen(line_start)))
		return read_line(data, len, header);
	if (begins(data, len, signature, sizeof(signature)))
		return read_binary(data, len, header);
	return PROXY_HEADER_MALFORMED;
}
