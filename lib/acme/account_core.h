/* SPDX-License-Identifier: ISC */
/* acme/account_core.h - an account's flow as its files see it. Between account.c and account_*.c. */
#ifndef ACME_ACCOUNT_CORE_H
#define ACME_ACCOUNT_CORE_H

#include "acme/client_core.h"

struct acmems_json;

/* How long the CA may take for a question about the account. */
#define ACCOUNT_CHECK_MS 30000

/* Whether an account object is of a valid account; ACMEMS_CONFIG and what somebody has to do. */
bool account_is_valid(const struct acmems_json *json, struct acmems_error *err);

/* What the states do on entry; subject is the client. */
void account_enter_check(void *subject);
void account_enter_closed(void *subject);

/* The directory is new: tells the operator of terms of service that are not those known of. */
void account_look_at_terms(struct acme_client *client);

#endif
