/* SPDX-License-Identifier: ISC */
/*
 * dns_update.h - dynamic updates of a zone (RFC 2136), signed with a shared key (TSIG, RFC 8945).
 * Names, servers and numbers as in dns.h.
 */
#ifndef ACMEMS_DNS_UPDATE_H
#define ACMEMS_DNS_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

struct acmems_tsig_key;

/*
 * A key: its name, algorithm ("hmac-sha256", "hmac-sha1", -sha224, -sha384, -sha512, "hmac-md5", any
 * case) and secret in base64 with padding. All are copied. NULL and *err (which never shows the secret):
 * ACMEMS_CONFIG, ACMEMS_NO_MEMORY.
 */
struct acmems_tsig_key *acmems_tsig_key_new(
	const char *name, const char *algorithm, const char *secret, struct acmems_error *err);

/*
 * A key from the text of a key file as BIND's and Knot's tools write it:
 * key "NAME" { algorithm ALGORITHM; secret "BASE64"; }; with comments, or YAML's "key:" list. Exactly one has to be in it. As
 * acmems_tsig_key_new() otherwise.
 */
struct acmems_tsig_key *acmems_tsig_key_read(
	const char *text, size_t len, struct acmems_error *err);

/* Wipes and frees it; NULL is allowed. */
void acmems_tsig_key_free(struct acmems_tsig_key *key);

/* As it was given; lives as long as the key. */
const char *acmems_tsig_key_name(const struct acmems_tsig_key *key);

/* One value more or less in a TXT RRset. All of it is copied, the key must outlive the update. */
struct acmems_dns_update {
	const char *zone; /* that is updated */
	const char *owner; /* of the RRset, in the zone */
	const char *value; /* one character string (RFC 1035, 3.3), at most 255 bytes */
	bool remove; /* take exactly this value out, instead of adding it */
	uint32_t ttl; /* seconds, when adding */
	char *const *servers; /* tried in turn, 1 to 32, NULL at the end */
	const struct acmems_tsig_key *key; /* NULL: not signed */
	int64_t timeout_ms; /* for all of it; > 0 */
};

/* What has become of an update. */
struct acmems_dns_updated {
	/* Seconds that a server's clock was ahead of ours, when it had to be signed with that; else 0. */
	int64_t skew;
	/*
	 * Whether a server may have applied it. Always without an error; with one, unless each server
	 * said no, or could not be reached at all.
	 */
	bool maybe_applied;
};

/* Both are valid during the call; err NULL: it is applied. */
typedef void acmems_dns_update_done(
	void *arg, const struct acmems_dns_updated *updated, const struct acmems_error *err);

/*
 * Sends the update: over UDP, again over TCP when no answer comes or it was cut, then to the next
 * server. Both directions may be repeated: adding what is there and removing what is not succeed.
 * Answers are believed when their TSIG is right in full (key, algorithm, MAC, time, no error). A
 * clock that differs too much (BADTIME) is tried once more with the server's. The error is a
 * sentence for an operator: NOTAUTH, NOTZONE, REFUSED, BADKEY, BADSIG, BADTIME (both clocks), ...;
 * ACMEMS_CONFIG for what has to be mended at the zone's server or in the options, ACMEMS_UNAVAILABLE or
 * ACMEMS_TIMEOUT for what may be gone later. 0 and *err on failure to start.
 */
uint64_t acmems_dns_update(const struct acmems_dns_update *update, acmems_dns_update_done *done,
	void *arg, struct acmems_error *err);
void acmems_dns_update_cancel(uint64_t id);

#endif
