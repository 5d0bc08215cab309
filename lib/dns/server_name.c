/* SPDX-License-Identifier: ISC */
/* server_name.c - names of servers: text to host and port. */
#include "dns/server_name.h"

#include <stdio.h>
#include <string.h>

#include <acmems/dns.h>

#include "net/address.h"

static bool is_address(const char *host)
{
	struct acmems_error ignored = {0};
	struct acmems_address address;

	return acmems_address_parse(host, &address, &ignored);
}

/* Letters, digits, hyphens, underscores and dots; no label is empty but that behind the last dot. */
static bool is_host(const char *host)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t len = strlen(host);

	return len > 0 && host[0] != '.' && host[0] != '-' && strspn(host, allowed) == len &&
	       !strstr(host, "..");
}

/* What is in front of the port; *ret_port is the text behind it, NULL for none. */
static bool cut(const char *text, const char **host, size_t *len, const char **ret_port)
{
	const char *colon = strchr(text, ':');
	const char *end;

	*host = text;
	*ret_port = NULL;
	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return false;
		*host = text + 1;
		*len = (size_t)(end - *host);
		*ret_port = end[1] == ':' ? end + 2 : NULL;
		return true;
	}
	*len = strlen(text);
	/* more than one colon: an IPv6 address without brackets */
	if (colon && !strchr(colon + 1, ':')) {
		*len = (size_t)(colon - text);
		*ret_port = colon + 1;
	}
	return true;
}

bool server_name_parse(const char *text, struct server_name *server, struct acmems_error *err)
{
	const char *host, *port;
	size_t len = 0;

	server->port = SERVER_NAME_PORT;
	if (!cut(text, &host, &len, &port) || len >= sizeof(server->host))
		goto wrong;
	memcpy(server->host, host, len);
	server->host[len] = '\0';
	if (text[0] == '[' ? !strchr(server->host, ':') : strchr(server->host, '%') != NULL)
		goto wrong;
	if (port && !address_port_parse(port, &server->port))
		goto wrong;
	if (is_address(server->host) || (text[0] != '[' && is_host(server->host)))
		return true;

wrong:
	return acmems_error_set(err, ACMEMS_CONFIG,
		"\"%.100s\" is not a name server: write 192.0.2.53, [2001:db8::53]:5353 or "
		"ns1.example.net",
		text);
}

const char *server_name_text(const struct acmems_address *address, char out[SERVER_NAME_TEXT_MAX])
{
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	acmems_address_text(address, text);
	snprintf(out, SERVER_NAME_TEXT_MAX, address->family == ACMEMS_IPV6 ? "[%s]:%u" : "%s:%u",
		text, address->port);
	return out;
}

bool acmems_dns_server_check(const char *text, struct acmems_error *err)
{
	struct server_name server;

	return server_name_parse(text, &server, err);
}
