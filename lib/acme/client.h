/* SPDX-License-Identifier: ISC */
/*
 * acme/client.h - one account at one CA (RFC 8555).
 *
 * Life: new (reads or makes the key; disk only) -> start (directory, and unless the account is known
 * from disk, find or register it; keeps trying with back-off while the CA is down) -> any number of
 * orders -> free. Everything an order needs - signed requests, nonces, the directory - hangs on this
 * object.
 *
 * State directory, as the Python ACMEMS keeps it: account.pem (PKCS#8; RSA, P-256, P-384, P-521) and
 * registration.json (an object with "uri", the account's URL, and "body", the account object).
 *
 * Libraries do not log above debug, so account events that matter to an operator are told through a
 * callback; it is called from the loop and from acme_client_new(), and must not free the client.
 */
#ifndef ACME_CLIENT_H
#define ACME_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/log.h>
#include <acmems/option.h>
#include "acme/transport.h"

/* Something that has changed with an account. */
enum acme_happening {
	ACME_CA_UNREACHABLE, /* or overloaded, or talking nonsense; it is tried again */
	ACME_CA_RECOVERED,
	ACME_ACCOUNT_REGISTERED, /* anew, or found by its key; detail: its URL */
	ACME_ACCOUNT_TERMS_CHANGED, /* other terms of service, or some to be agreed to by hand */
	ACME_ACCOUNT_DEACTIVATED, /* or revoked, or its key may not be used */
	ACME_ACCOUNT_NEEDS_HAND, /* it can not be registered until somebody does something */
};

struct acme_config {
	const char *name; /* of the account, for logs */
	const char *directory; /* URL */
	const char *dir; /* state directory; made if missing, mode 0700 */
	const char *ca_file; /* extra trust anchors or NULL */
	struct acmems_list contact;
	bool accept_any_terms;
	struct acmems_list accept_terms; /* URLs of the terms that are accepted */
	const char *eab_kid; /* external account binding (RFC 8555, 7.3.4), or NULL */
	const char *eab_key; /* base64url MAC key */
	const char *eab_algorithm; /* "HS256", "HS384", "HS512" */
	const struct acme_transport *transport;
	/* What an operator wants to know: registered, CA out of reach, back again. Optional. */
	void (*told)(void *arg, enum acmems_log_level level, const char *text);
	void *told_arg;
	/* What a program wants to know, beside the words; with told_arg. Optional. */
	void (*happened)(void *arg, const char *name, enum acme_happening what, const char *detail);
};

struct acme_client;

/* Copies the configuration; makes the state directory and the key if there are none. */
struct acme_client *acme_client_new(const struct acme_config *config, struct acmems_error *err);

/* Begins to get ready in the background; returns at once. */
void acme_client_start(struct acme_client *client);

/* All orders must be gone. NULL is allowed. */
void acme_client_free(struct acme_client *client);

/* Ready for orders? If not, *err says why: still trying, or why it failed and (retry_after) when it
 * tries again. */
bool acme_client_ready(const struct acme_client *client, struct acmems_error *err);

/*
 * Calls done(arg, NULL) from the loop as soon as the account is ready, or done(arg, err) when the
 * present attempt has failed. Waits at most until then. Number for cancel, or 0 and *err.
 */
typedef void acme_ready_done(void *arg, const struct acmems_error *err);
uint64_t acme_client_wait(
	struct acme_client *client, acme_ready_done *done, void *arg, struct acmems_error *err);
void acme_client_wait_cancel(struct acme_client *client, uint64_t id);

/* The CA said accountDoesNotExist: forget the registration and find or register again. */
void acme_client_lost(struct acme_client *client);

/*
 * The CA said unauthorized to a new order, which may be about the account (RFC 8555, 7.3.6): asks what
 * has become of it. True: wait for the client, then try again. False: it has been asked just now.
 */
bool acme_client_doubt(struct acme_client *client);

/* The CA said userActionRequired (RFC 8555, 7.3.3): the operator is told, once for each text. */
void acme_client_action(struct acme_client *client, const struct acmems_error *err);

const char *acme_client_name(const struct acme_client *client);
const char *acme_client_account_url(const struct acme_client *client); /* NULL until known */
const char *acme_client_new_order_url(const struct acme_client *client); /* NULL until known */

/*
 * For dns-persist-01 (acme/persist.h). The names that the CA goes by in records, as its directory
 * has them: NULL-terminated, or NULL when it has none or is not known.
 */
char *const *acme_client_issuers(const struct acme_client *client);

/* Whether the CA takes accounts by hash; the account's for a domain name, into PERSIST_URI_MAX bytes. */
bool acme_client_hashes_accounts(const struct acme_client *client);
bool acme_client_account_hash(const struct acme_client *client, const char *name, char *out);

/* token "." base64url(SHA-256(JWK thumbprint)) into out (RFC 8555, 8.1); false if it does not fit. */
bool acme_client_key_authorization(
	const struct acme_client *client, const char *token, char *out, size_t room);

#endif
