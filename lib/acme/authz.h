/* SPDX-License-Identifier: ISC */
/*
 * acme/authz.h - one authorization (RFC 8555, 7.1.4): what the CA says of it, the challenge chosen,
 * and what we did about it.
 */
#ifndef ACME_AUTHZ_H
#define ACME_AUTHZ_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include <acmems/x509.h>
#include "acme/challenge.h"
#include "acme/status.h"

#define AUTHZ_CHALLENGES_MAX 32
#define AUTHZ_RESPONSES_MAX 4

enum authz_response {
	AUTHZ_RESPONSE_OPEN, /* not sent, or sent in vain */
	AUTHZ_RESPONSE_LOST, /* sent; whether it arrived is unknown */
	AUTHZ_RESPONSE_TAKEN,
};

struct authz {
	/* what the CA says */
	char *url;
	bool fetched;
	enum acme_status status;
	char *name; /* without "*."; NULL until fetched */
	bool wildcard;
	struct acme_challenge challenge; /* the chosen one; type NULL: none fits, or not needed */
	char *why; /* why it is invalid, in the CA's words, or why no challenge fits; or NULL */
	char problem[ACMEMS_ERROR_PROBLEM_MAX];

	/* what we did */
	bool published;
	enum authz_response response;
	unsigned responses;
};

/*
 * Reads an authorization object, the first time or again. types as struct acme_solver has them. The
 * identifier must be one of the CSR's names, so that a CA can not make us prove anything else.
 * False and *err: nothing is changed.
 */
bool authz_read(struct authz *authz, const struct acmems_json *json, const char *const *types,
	const struct acmems_csr *csr, struct acmems_error *err);

/* Answered for, and the CA has not given its verdict. */
bool authz_undecided(const struct authz *authz);

void authz_fini(struct authz *authz);

#endif
