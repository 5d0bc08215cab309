/* SPDX-License-Identifier: ISC */
/* acme/account_payload.h - what newAccount is sent (RFC 8555, 7.3), and consent to terms. Pure. */
#ifndef ACME_ACCOUNT_PAYLOAD_H
#define ACME_ACCOUNT_PAYLOAD_H

#include <stdbool.h>

#include <acmems/error.h>
#include "acme/client.h"
#include "acme/directory.h"

typedef struct evp_pkey_st EVP_PKEY;

/* Whether the operator has accepted what the directory names; true when it names none. */
bool account_accepts(const struct acme_config *config, const struct directory *directory);

/* The payload, with the external account's MAC over the key if there is one configured. To be freed
 * by the caller; NULL and *err. */
char *account_payload(const struct acme_config *config, const struct directory *directory,
	EVP_PKEY *key, struct acmems_error *err);

#endif
