/* SPDX-License-Identifier: ISC */
/*
 * validator/tlsalpn01.c - answers tls-alpn-01 challenges itself (RFC 8737; addresses: RFC 8738).
 *
 * A small TLS server shows a certificate made for the challenge to whoever asks for the name with
 * "acme-tls/1". One connection can be shown one certificate only, so a name has one answer at a time:
 * who comes second with another key authorization - another account, or another order of the same -
 * waits in present until the first has cleaned up. The core presents all names of an order in one go,
 * so orders wait for older ones only and never for each other in a circle.
 *
 * The queue is the instance's. Behind one address that two generations share, the newest answers a
 * name that both know.
 */
#include <stdio.h>
#include <string.h>

#include <acmems/address.h>
#include <acmems/module.h>
#include <acmems/tls.h>
#include <acmems/validator.h>

#include "tlsalpn01_queue.h"

#define ROOM "tlsalpn01"
/* A DNS name, or the reverse name of an address, and NUL. */
#define TLSALPN01_NAME_MAX 256

struct tlsalpn01 {
	struct acmems_instance self;
	struct acmems_list listen;
	struct acmems_tls_server *server;
	struct tlsalpn01_queue *queue;
};

static const struct acmems_option options[] = {
	{.name = "listen",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct tlsalpn01, listen),
		.fallback = "0.0.0.0:1443, [::]:1443",
		.help = "addresses on which the CA's connections arrive; an empty list: none"},
};

/* "1.2.0.192.in-addr.arpa" for 192.0.2.1 (RFC 8738, 6). */
static void name_ipv4(const uint8_t bytes[4], char out[TLSALPN01_NAME_MAX])
{
	snprintf(out, TLSALPN01_NAME_MAX, "%u.%u.%u.%u.in-addr.arpa", bytes[3], bytes[2], bytes[1],
		bytes[0]);
}

static void name_ipv6(const uint8_t bytes[16], char out[TLSALPN01_NAME_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t len = 0;

	for (int i = 15; i >= 0; i--) {
		out[len++] = digits[bytes[i] & 0x0f];
		out[len++] = '.';
		out[len++] = digits[bytes[i] >> 4];
		out[len++] = '.';
	}
	memcpy(out + len, "ip6.arpa", sizeof("ip6.arpa"));
}

/* The name that the CA asks for when it validates the identifier. */
static void name_of(const char *identifier, char out[TLSALPN01_NAME_MAX])
{
	struct acmems_address address;
	struct acmems_error none = {0};

	if (!acmems_address_parse(identifier, &address, &none))
		snprintf(out, TLSALPN01_NAME_MAX, "%s", identifier);
	else if (address.family == ACMEMS_IPV4)
		name_ipv4(address.bytes, out);
	else
		name_ipv6(address.bytes, out);
}

static bool tlsalpn01_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	struct tlsalpn01 *tlsalpn01 = instance;
	char name[TLSALPN01_NAME_MAX];

	if (!tlsalpn01->server)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"validator \"%s\" has no listener to answer the CA with (listen is empty)",
			tlsalpn01->self.name);
	name_of(challenge->identifier, name);
	return tlsalpn01_queue_add(tlsalpn01->queue, name, challenge, op, err);
}

static bool tlsalpn01_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	struct tlsalpn01 *tlsalpn01 = instance;
	char name[TLSALPN01_NAME_MAX];

	name_of(challenge->identifier, name);
	if (tlsalpn01->queue && !tlsalpn01_queue_remove(tlsalpn01->queue, name, challenge->id))
		return acmems_error_set(
			err, ACMEMS_NO_MEMORY, "no memory to clean a certificate up");
	acmems_op_finish(op, NULL);
	return true;
}

static const struct acmems_tls_identity *on_choose(
	void *arg, const char *server_name, const struct acmems_address *peer)
{
	struct tlsalpn01 *tlsalpn01 = arg;
	const struct acmems_tls_identity *identity =
		tlsalpn01_queue_show(tlsalpn01->queue, server_name, acmems_challenge_seen);
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	if (identity)
		acmems_log(ACMEMS_LOG_DEBUG, ROOM, tlsalpn01->self.name,
			"%s is shown the certificate for \"%s\"", acmems_address_text(peer, text),
			server_name);
	return identity;
}

static bool tlsalpn01_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct tlsalpn01 *tlsalpn01 = instance;
	struct acmems_tls_server_config config = {
		.room = ROOM,
		.listen = tlsalpn01->listen.items,
		.choose = on_choose,
		.arg = tlsalpn01,
	};

	if (tlsalpn01->listen.count > 0) {
		tlsalpn01->queue = tlsalpn01_queue_new();
		if (!tlsalpn01->queue)
			return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to start");
		tlsalpn01->server = acmems_tls_server_new(&config, err);
		if (!tlsalpn01->server)
			return false;
		acmems_tls_server_open(tlsalpn01->server);
	}
	acmems_op_finish(op, NULL);
	return true;
}

static void tlsalpn01_release(void *instance)
{
	struct tlsalpn01 *tlsalpn01 = instance;

	acmems_tls_server_free(tlsalpn01->server);
	tlsalpn01->server = NULL;
	tlsalpn01_queue_free(tlsalpn01->queue);
	tlsalpn01->queue = NULL;
}

static const char *const types[] = {"tls-alpn-01", NULL};

static const struct acmems_validator_ops ops = {
	.types = types, .present = tlsalpn01_present, .cleanup = tlsalpn01_cleanup};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "tlsalpn01"),
	.version = ACMEMS_VERSION,
	.summary = "answers tls-alpn-01 challenges with a small TLS server of its own",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct tlsalpn01),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.start = tlsalpn01_start,
	.release = tlsalpn01_release,
};
