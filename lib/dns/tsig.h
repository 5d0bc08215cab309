/* SPDX-License-Identifier: ISC */
/*
 * dns/tsig.h - messages signed with a shared key, and signatures of answers checked in full (RFC
 * 8945). ldns can do the first with the time of now only, and leaves most of the second to others,
 * so both are here; reading the files in which keys come is in tsig_file.c.
 */
#ifndef DNS_TSIG_H
#define DNS_TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/crypto.h>
#include <acmems/dns_update.h>

#include "dns/message.h"
#include "dns/wire.h"

#define TSIG_FUDGE 300 /* seconds that clocks may differ by (RFC 8945, 10) */

/* TSIG's own errors (RFC 8945, 3). */
enum { TSIG_BADSIG = 16, TSIG_BADKEY = 17, TSIG_BADTIME = 18, TSIG_BADTRUNC = 22 };

/* A request's MAC, which its answer's MAC depends on. */
struct tsig_mac {
	uint8_t bytes[ACMEMS_DIGEST_MAX];
	size_t len;
};

/* What an answer's TSIG says, and whether that is to be believed. */
struct tsig_seen {
	bool present;
	bool authentic; /* key, algorithm, MAC and time are right; the error may be any */
	const char *why; /* static: what is wrong, when present and not authentic */
	unsigned error;
	int64_t server_time; /* with TSIG_BADTIME: the server's clock, seconds since 1970; else 0 */
};

/* Signs a message as of `now` (seconds since 1970), which makes it longer. False and *err: no memory. */
bool tsig_sign(const struct acmems_tsig_key *key, int64_t now, struct message *message,
	struct tsig_mac *ret_mac, struct acmems_error *err);

/* Checks the answer to a request with this MAC; our clock says `now`. */
void tsig_check(const struct acmems_tsig_key *key, const struct tsig_mac *mac, int64_t now,
	const struct wire_view *answer, struct tsig_seen *seen);

/* "hmac-sha256" */
const char *tsig_algorithm(const struct acmems_tsig_key *key);

#endif
