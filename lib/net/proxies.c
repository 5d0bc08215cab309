/* SPDX-License-Identifier: ISC */
/* proxies.c - whom to believe, and what they say. */
#include "net/proxies.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/address.h"

#define LOCAL "unix:"

bool proxies_parse(struct proxies *proxies, char *const *texts, struct acmems_error *err)
{
	size_t count = 0;

	while (texts[count])
		count++;
	proxies->networks = calloc(count + 1, sizeof(*proxies->networks));
	if (!proxies->networks)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for %zu proxies", count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(texts[i], LOCAL) == 0) {
			proxies->local = true;
			continue;
		}
		if (!acmems_network_parse(texts[i], &proxies->networks[proxies->count], err))
			return acmems_error_context(err, "entry %zu, \"%s\"", i + 1, texts[i]);
		proxies->count++;
	}
	return true;
}

void proxies_free(struct proxies *proxies)
{
	free(proxies->networks);
	*proxies = (struct proxies){0};
}

bool proxies_trust(const struct proxies *proxies, const struct acmems_address *address)
{
	if (!proxies)
		return false;
	if (address->family == ACMEMS_LOCAL)
		return proxies->local;
	for (size_t i = 0; i < proxies->count; i++) {
		if (acmems_network_contains(&proxies->networks[i], address))
			return true;
	}
	return false;
}

/* ---- what they say ---- */

/* Somewhere in a chain of proxies. */
struct station {
	enum { MALFORMED, UNKNOWN, KNOWN } is;
	struct acmems_address address;
};

/* The one that counts so far, from the left. */
struct chain {
	const struct proxies *proxies;
	bool any;
	struct station client;
};

/* The rightmost that is not trusted, or else the leftmost. */
static void pass(struct chain *chain, const struct station *station)
{
	if (chain->any && station->is == KNOWN && proxies_trust(chain->proxies, &station->address))
		return;
	chain->any = true;
	chain->client = *station;
}

/* A piece of a header's value. */
struct piece {
	const char *text;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Of names and ports that stand for something hidden (RFC 7239, 6.3). */
static bool is_obscure(struct piece piece)
{
	if (piece.len < 2 || piece.text[0] != '_')
		return false;
	for (size_t i = 1; i < piece.len; i++) {
		char c = piece.text[i];

		if (!is_alpha(c) && !is_digit(c) && !(c && strchr("._-", c)))
			return false;
	}
	return true;
}

static bool is_port(struct piece piece)
{
	unsigned long port = 0;

	if (is_obscure(piece))
		return true;
	if (piece.len == 0 || piece.len > 5)
		return false;
	for (size_t i = 0; i < piece.len; i++) {
		if (!is_digit(piece.text[i]))
			return false;
		port = port * 10 + (unsigned long)(piece.text[i] - '0');
	}
	return port <= 65535;
}

static bool to_address(struct piece piece, struct acmems_address *address)
{
	char text[ACMEMS_ADDRESS_TEXT_MAX];
	struct acmems_error none = {0};

	if (piece.len == 0 || piece.len >= sizeof(text) || memchr(piece.text, '\0', piece.len) ||
		memchr(piece.text, '%', piece.len))
		return false;
	memcpy(text, piece.text, piece.len);
	text[piece.len] = '\0';
	return acmems_address_parse(text, address, &none);
}

/* Splits "[2001:db8::1]:80", "192.0.2.1:80", "name:80"; a bare IPv6 address stays whole. */
static bool split_port(struct piece whole, struct piece *host, struct piece *port)
{
	const char *end = whole.text + whole.len;
	const char *colon;

	*host = whole;
	*port = (struct piece){end, 0};
	if (whole.len > 0 && whole.text[0] == '[') {
		const char *bracket = memchr(whole.text, ']', whole.len);

		if (!bracket)
			return false;
		*host = (struct piece){whole.text + 1, (size_t)(bracket - whole.text - 1)};
		colon = bracket + 1;
		if (colon == end)
			return memchr(host->text, ':', host->len) != NULL;
		if (*colon != ':' || !memchr(host->text, ':', host->len))
			return false;
	} else {
		colon = memchr(whole.text, ':', whole.len);
		if (!colon || memchr(colon + 1, ':', (size_t)(end - colon - 1)))
			return true;
		host->len = (size_t)(colon - whole.text);
	}
	*port = (struct piece){colon + 1, (size_t)(end - colon - 1)};
	return is_port(*port);
}

static struct station read_station(struct piece whole)
{
	struct station station = {.is = MALFORMED};
	struct piece host, port;

	if (!split_port(whole, &host, &port))
		return station;
	if (to_address(host, &station.address))
		station.is = KNOWN;
	else if ((host.len == 7 && strncasecmp(host.text, "unknown", 7) == 0) || is_obscure(host))
		station.is = UNKNOWN;
	return station;
}

/* ---- X-Forwarded-For ---- */

static const struct station nobody = {.is = UNKNOWN};

static void read_list(struct chain *chain, const char *value)
{
	bool any = false;

	while (*value) {
		size_t len = strcspn(value, ",");
		struct piece piece = {value, len};
		struct station station;

		value += len + (value[len] == ',');
		while (piece.len > 0 && is_blank(piece.text[0])) {
			piece.text++;
			piece.len--;
		}
		while (piece.len > 0 && is_blank(piece.text[piece.len - 1]))
			piece.len--;
		if (piece.len == 0)
			continue;
		station = read_station(piece);
		pass(chain, &station);
		any = true;
	}
	if (!any)
		pass(chain, &nobody);
}

/* ---- Forwarded (RFC 7239, 4) ---- */

static bool is_token(char c)
{
	return is_alpha(c) || is_digit(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct piece take_token(const char **at)
{
	struct piece token = {*at, 0};

	while (is_token((*at)[token.len]))
		token.len++;
	*at += token.len;
	return token;
}

/* No value we look for has anything to be escaped in it. */
static bool take_quoted(const char **at, struct piece *value)
{
	const char *c = *at + 1;

	*value = (struct piece){c, 0};
	for (; *c != '"'; c++) {
		if (*c == '\\' && c[1])
			c++;
		else if (!*c || *c == '\\')
			return false;
	}
	value->len = (size_t)(c - value->text);
	*at = c + 1;
	return true;
}

static void skip_blanks(const char **at)
{
	while (is_blank(**at))
		(*at)++;
}

static bool take_pair(const char **at, struct piece *name, struct piece *value)
{
	*name = take_token(at);
	if (name->len == 0 || **at != '=')
		return false;
	(*at)++;
	if (**at == '"')
		return take_quoted(at, value);
	*value = take_token(at);
	return value->len > 0;
}

/* "for=192.0.2.1;proto=https", up to the comma or the end. */
static bool take_element(const char **at, struct station *station, bool *empty)
{
	bool named = false;

	*station = (struct station){.is = UNKNOWN};
	*empty = true;
	for (;;) {
		struct piece name, value;

		skip_blanks(at);
		if (is_token(**at)) {
			*empty = false;
			if (!take_pair(at, &name, &value))
				return false;
			if (name.len == 3 && strncasecmp(name.text, "for", 3) == 0) {
				if (named)
					return false;
				named = true;
				*station = read_station(value);
			}
			skip_blanks(at);
		}
		if (**at != ';')
			return station->is != MALFORMED && (!**at || **at == ',');
		(*at)++;
	}
}

static bool read_forwarded(struct chain *chain, const char *value)
{
	bool any = false;

	while (*value) {
		struct station station;
		bool empty;

		if (!take_element(&value, &station, &empty))
			return false;
		if (!empty)
			pass(chain, &station);
		any = any || !empty;
		value += *value == ',';
	}
	if (!any)
		pass(chain, &nobody);
	return true;
}

/* ---- both ---- */

static bool same(const struct station *one, const struct station *other)
{
	return one->is == other->is &&
	       (one->is != KNOWN || address_equal(&one->address, &other->address));
}

int proxies_client(const struct proxies *proxies, const struct acmems_http_header *headers,
	size_t count, struct acmems_address *peer, bool *ret_forwarded, const char **why)
{
	struct chain list = {.proxies = proxies}, forwarded = {.proxies = proxies};
	const struct chain *chain;

	*ret_forwarded = false;
	if (!proxies_trust(proxies, peer))
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(headers[i].name, "X-Forwarded-For") == 0)
			read_list(&list, headers[i].value);
		*why = "the Forwarded header is malformed";
		if (strcasecmp(headers[i].name, "Forwarded") == 0 &&
			!read_forwarded(&forwarded, headers[i].value))
			return 400;
	}
	*why = "Forwarded and X-Forwarded-For contradict each other";
	if (list.any && forwarded.any && !same(&list.client, &forwarded.client))
		return 400;
	chain = forwarded.any ? &forwarded : &list;
	*why = "the X-Forwarded-For header is malformed";
	if (chain->any && chain->client.is == MALFORMED)
		return 400;
	*ret_forwarded = chain->any;
	if (chain->any)
		*peer = chain->client.is == KNOWN ? chain->client.address
						  : (struct acmems_address){.family = ACMEMS_LOCAL};
	return 0;
}
