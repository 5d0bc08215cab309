/* SPDX-License-Identifier: ISC */
/*
 * validator.h - modules that prove control of a name to the CA (RFC 8555, 8).
 *
 * For each authorization the core picks the first challenge type of the module's list that the CA
 * offers, asks `present` to publish the answer, tells the CA when that is done, waits for the
 * verdict and asks `cleanup` to take it away again - always, also when present failed halfway, was
 * cancelled, or the order failed. So cleanup must be able to remove what is partly there, and to
 * find nothing without complaint. Several challenges may be under way at once, also for one name.
 */
#ifndef ACMEMS_VALIDATOR_H
#define ACMEMS_VALIDATOR_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/dns.h>
#include <acmems/error.h>

/*
 * One challenge to be solved. All texts are checked, NUL-terminated and valid until the operation is
 * finished or cancelled; cleanup gets the same again.
 */
struct acmems_challenge {
	uint64_t id; /* for acmems_challenge_seen() */
	const char *type; /* "http-01", "dns-01", ... */
	const char *identifier; /* the name without "*.", lower-case A-labels; or an IP address */
	bool wildcard; /* the order is for "*.identifier" */
	const char *token; /* base64url text; "" for types without one */
	const char *key_authorization; /* RFC 8555, 8.1: token "." thumbprint; "" without a token */
	const char *account_url; /* the account's "kid" (RFC 8555, 7.3) */
	/*
	 * For "dns-persist-01", else NULL: what its standing record may say, texts with NULL at the
	 * end. Issuers are lower-case names; there are none when the CA named none.
	 */
	const char *const *issuer_domain_names;
	const char *const *account_uris;
};

struct acmems_validator_ops {
	/* Challenge types it solves, best first, NULL at the end; NULL if types_of says them. */
	const char *const *types;
	/* Operation, within 2 minutes: publish, and finish when the CA can see it. */
	bool (*present)(void *instance, uint64_t op, const struct acmems_challenge *challenge,
		struct acmems_error *err);
	/* Operation, within 30 s: take away what present published. */
	bool (*cleanup)(void *instance, uint64_t op, const struct acmems_challenge *challenge,
		struct acmems_error *err);
	/* Optional: as types, for this instance, when its options choose. Never NULL. */
	const char *const *(*types_of)(void *instance);
};

/*
 * Tells the core that somebody has just fetched the published answer, most likely the CA, so that
 * asking for its verdict soon makes sense. Optional, cheap, harmless for an id that is gone.
 */
void acmems_challenge_seen(uint64_t id);

#define ACMEMS_CHALLENGE_TXT_MAX 44

/*
 * The value of the TXT record that meets a "dns-01" or "dns-account-01" challenge:
 * base64url(SHA-256(key authorization)) (RFC 8555, 8.4). False: no memory.
 */
bool acmems_challenge_txt(
	const struct acmems_challenge *challenge, char out[ACMEMS_CHALLENGE_TXT_MAX]);

/*
 * The name of its TXT record, without a dot at the end: "_acme-challenge.NAME" for "dns-01",
 * "_LABEL._acme-challenge.NAME" with a label of the account's for "dns-account-01"
 * (draft-ietf-acme-dns-account-label), "_validation-persist.NAME" for "dns-persist-01". False when the
 * type has none, or the name would be too long for the DNS.
 */
bool acmems_challenge_txt_name(
	const struct acmems_challenge *challenge, char out[ACMEMS_DNS_NAME_MAX]);

#endif
