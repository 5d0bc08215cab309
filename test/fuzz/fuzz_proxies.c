/* SPDX-License-Identifier: ISC */
/*
 * fuzz_proxies.c - headers that say for whom a proxy asks. Input: the peer's address, then lines
 * "NAME:VALUE". Nothing may be believed from anybody but a proxy, and what a proxy adds at the end
 * must count whatever its client wrote before.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"
#include "net/proxies.h"

#define HEADERS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *trusted[] = {(char *)"192.0.2.0/24", (char *)"2001:db8::/32", NULL};

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

/* Cuts text at the first of the separator; returns what is behind it. */
static char *cut(char *text, char separator)
{
	char *end = strchr(text, separator);

	if (!end)
		return text + strlen(text);
	*end = '\0';
	return end + 1;
}

/* A proxy adds its client to one of the lists: then it is that client, or nobody. */
static void must_count_in_the_end(const struct proxies *proxies, struct acmems_http_header *headers,
	size_t count, const char *name, const char *value)
{
	struct acmems_address peer = {0}, client = {0};
	struct acmems_error err = {0};
	bool forwarded = false;
	const char *why = NULL;

	must(acmems_address_parse("192.0.2.1", &peer, &err));
	must(acmems_address_parse("203.0.113.7", &client, &err));
	headers[count] = (struct acmems_http_header){name, value};
	must(proxies_client(proxies, headers, count + 1, &peer, &forwarded, &why) == 400 ||
		address_equal(&peer, &client));
}

static void look(const struct proxies *proxies, char *text)
{
	struct acmems_http_header headers[HEADERS + 1];
	struct acmems_address peer = {0}, before;
	struct acmems_error err = {0};
	size_t count = 0;
	bool forwarded = false;
	const char *why = NULL;
	char *rest = cut(text, '\n');
	int status;

	if (!acmems_address_parse(text, &peer, &err))
		peer = (struct acmems_address){.family = ACMEMS_LOCAL};
	before = peer;
	while (*rest && count < HEADERS) {
		char *line = rest;

		rest = cut(line, '\n');
		headers[count].name = line;
		headers[count++].value = cut(line, ':');
	}
	status = proxies_client(proxies, headers, count, &peer, &forwarded, &why);
	must(status == 0 || status == 400);
	must(status == 0 || why);
	if (!proxies_trust(proxies, &before))
		must(status == 0 && !forwarded && memcmp(&peer, &before, sizeof(peer)) == 0);
	must_count_in_the_end(proxies, headers, count, "X-Forwarded-For", "203.0.113.7");
	must_count_in_the_end(proxies, headers, count, "Forwarded", "for=203.0.113.7");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxies proxies = {0};
	struct acmems_error err = {0};
	char *text = malloc(size + 1);

	if (text && proxies_parse(&proxies, trusted, &err)) {
		memcpy(text, data, size);
		text[size] = '\0';
		look(&proxies, text);
	}
	proxies_free(&proxies);
	free(text);
	return 0;
}
