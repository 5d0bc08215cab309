/* SPDX-License-Identifier: ISC */
/*
 * acme/persist.h - what a standing record of dns-persist-01 may say, in both spellings that are in
 * use (draft-ietf-acme-dns-persist).
 *
 * Up to draft 01 a challenge has "issuer-domain-names", and the record names the account by its URL.
 * Since draft 02 it has "issuerDomainNames", and a CA whose directory has an "accountHashPrefix" takes
 * accounts by a hash over name, key and URL.
 */
#ifndef ACME_PERSIST_H
#define ACME_PERSIST_H

#include <stdbool.h>

#include <acmems/error.h>
#include "acme/challenge.h"
#include "acme/client.h"
#include "acme/jwk.h"
#include "acme/json.h"

#define PERSIST_TYPE "dns-persist-01"
#define PERSIST_ISSUERS_MAX 10
#define PERSIST_URI_MAX (2 * JSON_URL_MAX)
#define PERSIST_ANY_NAME "*"

/*
 * Reads the member, a list of domain names; *ret is one piece of memory with NULL at its end, the
 * names in lower case without last dot, or NULL when the member is absent or empty.
 */
bool persist_issuers_read(
	const struct acmems_json *object, const char *name, char ***ret, struct acmems_error *err);

/*
 * The account URI of draft 02: PREFIX "sha-256/" base64url(SHA-256(length of name, name, thumbprint,
 * URL)). name is a domain name of at most 253 bytes, or PERSIST_ANY_NAME. False: no memory, or too
 * long.
 */
bool persist_hash_uri(const char *prefix, const char *name, const char *thumbprint, const char *url,
	char out[PERSIST_URI_MAX]);

/* Lists with NULL at the end, as struct acmems_challenge has them. */
struct persist_offer {
	char **issuers; /* or NULL */
	const char *uris[3]; /* best first */
	char texts[2][PERSIST_URI_MAX];
};

/* For one challenge, to be freed; its issuers are its own. NULL and *err. */
struct persist_offer *persist_offer_new(const struct acme_client *client,
	const struct acme_challenge *challenge, const char *name, struct acmems_error *err);
void persist_offer_free(struct persist_offer *offer);

#endif
