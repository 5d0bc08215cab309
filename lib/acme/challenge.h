/* SPDX-License-Identifier: ISC */
/*
 * acme/challenge.h - challenge objects (RFC 8555, 8): reading one, and the CA's words when it was
 * not met. Chooses nothing and sends nothing.
 */
#ifndef ACME_CHALLENGE_H
#define ACME_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include "acme/status.h"

/* What a challenge is answered with (RFC 8555, 7.5.1). */
#define CHALLENGE_RESPONSE "{}"

#define CHALLENGE_TYPE_MAX 64
#define CHALLENGE_TOKEN_MAX 512

struct acme_challenge {
	char *type;
	char *url;
	char *token; /* base64url text; "" for a type that has none */
	char **issuers; /* of dns-persist-01 (acme/persist.h), lower-case names; or NULL */
	char *account_uri; /* of dns-persist-01 up to draft 01, or NULL */
	enum acme_status status;
};

/* Whether the object is a challenge of this type. */
bool challenge_is(const struct acmems_json *json, const char *type);

/* Fills *challenge; free it with challenge_fini(). False and *err: nothing to free. */
bool challenge_read(
	const struct acmems_json *json, struct acme_challenge *challenge, struct acmems_error *err);
void challenge_fini(struct acme_challenge *challenge);

/*
 * The "error" member of a challenge or an order in the CA's own words, "DETAIL (TYPE)", into *err's
 * message, with code and problem type. False: the object has none.
 */
bool challenge_problem(const struct acmems_json *json, struct acmems_error *err);

#endif
