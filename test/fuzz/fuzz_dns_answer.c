/* SPDX-License-Identifier: ISC */
/*
 * fuzz_dns_answer.c - questions to the name server of ours, from anybody who reaches the port. What it
 * says has to be a message that may be sent, and nothing that could be answered again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/dns.h>

#include "dns/answer.h"
#include "dns/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "example.org" and "_acme-challenge.example.org", as parsing them would make them. */
static struct zone_name servers[] = {{"\x02ns\x07"
				      "example\x03net",
	16}};
static struct zone zones[] = {
	{.name = {"\x07"
		  "example\x03org",
		 13},
		.mailbox = {"\x02hm\x07"
			    "example\x03org",
			16},
		.servers = servers,
		.server_count = 1,
		.ttl = 1},
	{.name = {"\x0f_acme-challenge\x07"
		  "example\x03org",
		 29},
		.mailbox = {"", 1},
		.servers = servers,
		.server_count = 1,
		.ttl = 1},
};

static const struct zone *zone_of(
	void *arg, const struct zone_name *name, const struct acmems_address *peer)
{
	(void)arg;
	(void)peer;
	return zone_around(zones, 2, name->bytes, name->len);
}

static bool values_of(void *arg, const struct acmems_address *peer, struct acmems_dns_reply *reply)
{
	char value[] = "0123456789012345678901234567890123456789000";
	char text[ACMEMS_DNS_NAME_MAX];

	(void)arg;
	(void)peer;
	wire_name_text(reply->name.bytes, reply->name.len, text);
	for (char i = 0; i < (reply->name.bytes[1] & 15); i++) {
		value[42] = (char)('0' + i);
		acmems_dns_reply_txt(reply, value);
	}
	return reply->name.bytes[1] & 1;
}

static void check(const uint8_t *data, size_t size, size_t max)
{
	const struct answer_house house = {.zone_of = zone_of, .values_of = values_of};
	const struct acmems_address peer = {.family = ACMEMS_IPV4};
	struct wire_view view;
	const char *why;
	/* its own allocation, so that a sanitizer sees the end of it */
	uint8_t *out = malloc(max);
	size_t len;

	if (!out)
		return;
	len = answer_make(&house, &peer, data, size, out, max);
	if (len > max)
		__builtin_trap();
	if (len > 0 &&
		(!wire_look(&view, out, len, &why) || !view.response || memcmp(out, data, 2) != 0 ||
			answer_make(&house, &peer, out, len, out, max) != 0))
		__builtin_trap();
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > WIRE_MAX)
		return 0;
	check(data, size, ANSWER_UDP_MAX);
	check(data, size, WIRE_MAX);
	/* to somebody who asks too often */
	if (size >= WIRE_HEADER_LEN)
		check(data, size, size);
	return 0;
}
