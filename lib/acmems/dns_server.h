/* SPDX-License-Identifier: ISC */
/*
 * dns_server.h - a small authoritative name server, over UDP and TCP, for what a module publishes.
 *
 * A server answers for its zones only: the SOA and NS of each, and the TXT values that its handler
 * knows. Everything else is refused. Answers over UDP never exceed 512 bytes, whatever EDNS (RFC 6891)
 * allows, and are cut (TC) otherwise; so are those to somebody who asks very often, as the sender may
 * be forged. They repeat the question's letters as they came. Connections are bounded: 256, 64 from
 * one address, 10 seconds of silence.
 */
#ifndef ACMEMS_DNS_SERVER_H
#define ACMEMS_DNS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>
#include <acmems/error.h>

struct acmems_dns_server;
struct acmems_dns_reply;

/*
 * Adds one TXT value (255 bytes at most) to the answer; one that is there already is not repeated.
 * False when there is no room, or TXT is not what is asked for.
 */
bool acmems_dns_reply_txt(struct acmems_dns_reply *reply, const char *value);

/*
 * Asked for the TXT values of a name inside a zone (lower case, with the last dot). Whether the name
 * exists: false is NXDOMAIN, true without a value is an empty answer. Name, peer and reply are valid during
 * the call. It may not free servers.
 */
typedef bool acmems_dns_handler(void *arg, const char *name, const struct acmems_address *peer,
	struct acmems_dns_reply *reply);

struct acmems_dns_zone {
	const char
		*name; /* of its apex, absolute with or without the last dot, as all names here */
	char *const
		*name_servers; /* at least one, NULL at the end; the first is the SOA's primary */
	const char *mailbox; /* the SOA's RNAME (RFC 1035, 3.3.13), "hostmaster.example.org." */
};

/* All of it is copied. */
struct acmems_dns_server_config {
	const char *room; /* for the log; 31 bytes of it count */
	char *const *listen; /* "192.0.2.1:53", "[::]:53", NULL at the end; no Unix sockets */
	const struct acmems_dns_zone *zones; /* none may be the root */
	size_t zone_count;
	uint32_t ttl; /* seconds; of TXT records, and of their absence */
	acmems_dns_handler *handler;
	void *arg; /* handler's; not copied */
};

/*
 * Binds both protocols on every address. Addresses are shared as those of HTTP servers: during a
 * reload the newest server that has a question's zone says what the zone is, and values come from
 * all that have it. The caller's to free. NULL and *err (which address or zone, why) on failure.
 */
struct acmems_dns_server *acmems_dns_server_new(
	const struct acmems_dns_server_config *config, struct acmems_error *err);

/* From now on questions are offered to it. */
void acmems_dns_server_open(struct acmems_dns_server *server);

/*
 * When anybody was told last what lies at a name (lower case, with the last dot) or one above it, at
 * these addresses and by whichever server shares them, of acmems_clock_ms(); 0: never. For the time
 * to live from then on, resolvers may remember that there was nothing: at the name, or below one
 * that did not exist (RFC 8020).
 */
int64_t acmems_dns_server_told(const struct acmems_dns_server *server, const char *name);

/* Closes addresses that no other server holds, and frees it. NULL is allowed. */
void acmems_dns_server_free(struct acmems_dns_server *server);

#endif
