/* SPDX-License-Identifier: ISC */
/*
 * acme/account.h - how a client comes to its account: directory -> (known from disk | newAccount) ->
 * ready, with pauses that double up to five minutes whenever something fails. The states and what
 * leads to them are in acme/account_decide.h.
 *
 * A registration from disk is trusted as it is, without asking the CA, as long as its URL has the
 * same origin as the CA's newAccount. newAccount with a known key finds the account (RFC 8555,
 * 7.3.1), so a lost registration needs no path of its own.
 *
 * When the CA turns an order away as unauthorized, it is asked for the account. One that it has
 * deactivated is the end of the flow: only the operator knows what to do then.
 */
#ifndef ACME_ACCOUNT_H
#define ACME_ACCOUNT_H

#include <stdbool.h>

#include <acmems/error.h>

struct acme_client;

/* Takes url (allocated, or NULL), the account's URL from disk. False: no memory. */
bool account_init(struct acme_client *client, char *url);
void account_fini(struct acme_client *client);

void account_start(struct acme_client *client);

/* The directory keeper's directory_done; arg is the client. */
void account_on_directory(void *arg, const struct acmems_error *err);

/* As acme_client_doubt() and acme_client_action(). */
bool account_doubt(struct acme_client *client);
void account_action(struct acme_client *client, const struct acmems_error *err);

/* The account's URL is worth nothing at the CA: find or register again. */
void account_lost(struct acme_client *client);

bool account_ready(const struct acme_client *client, struct acmems_error *err);

/* An attempt is under way, so that waiting makes sense. */
bool account_trying(const struct acme_client *client);

#endif
