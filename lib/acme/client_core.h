/* SPDX-License-Identifier: ISC */
/*
 * acme/client_core.h - the client object as the rooms of the lower half see it: what is signed with,
 * where the CA is, the line of requests, the account's flow and those who wait for it. Orders use
 * acme/client.h and acme/request.h only.
 */
#ifndef ACME_CLIENT_CORE_H
#define ACME_CLIENT_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <acmems/loop.h>
#include "acme/account_decide.h"
#include "acme/client.h"
#include "acme/directory.h"
#include "acme/jwk.h"
#include "acme/nonce_source.h"
#include "base/flow.h"

typedef struct evp_pkey_st EVP_PKEY;

struct request;
TAILQ_HEAD(request_list, request);

/* acme/request.h's side of the client. */
struct request_line {
	struct request_list waiting; /* for a place on the wire and a nonce, in order */
	struct request_list busy; /* on the wire, or pausing before another try */
	size_t on_wire;
	uint64_t last_id;
	struct nonce_source nonces;
	struct acmems_task pump;
};

/* The account's flow: acme/account.h. */
struct account {
	struct flow flow;
	struct account_view view;
	char *url; /* NULL until known */
	char *terms; /* of service, that the operator knows of; NULL: unknown, or none */
	uint64_t request; /* newAccount, or the question what has become of the account */
	int64_t checked_at; /* clock; when that was answered, 0: never */
	bool ended; /* the last newAccount: the CA will not have this key */
	bool out_of_reach; /* the operator has been told that the CA is */
	unsigned failures; /* in a row */
	int64_t again_at; /* clock of the next attempt, while failed */
	struct acmems_error error; /* of the last attempt */
	char told
		[ACMEMS_ERROR_MESSAGE_MAX]; /* the trouble the operator has heard of; "" for none */
	char asked_for[ACMEMS_ERROR_MESSAGE_MAX]; /* the action the operator has heard of */
	struct acmems_timer *timer;
};

struct waiter;
TAILQ_HEAD(waiter_list, waiter);

struct acme_client {
	struct acme_config config;
	EVP_PKEY *key;
	char thumbprint[JWK_THUMBPRINT_LEN + 1];
	struct directory_keeper directory;
	struct request_line line;
	struct account account;
	struct waiter_list waiters;
	uint64_t last_waiter;
	struct acmems_task wake;
};

/* The account's flow has come to an end of some kind (ready, waiting, refused): waiters hear it. */
void client_settled(struct acme_client *client);

/* Tells the owner, who may log it. */
void client_tell(struct acme_client *client, enum acmems_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Has the owner know that something has happened to the account. */
void client_happened(struct acme_client *client, enum acme_happening what, const char *detail);

/* False: no memory. */
bool request_line_init(struct acme_client *client);

/* Requests under way are dropped without a word. Safe on a zeroed struct. */
void request_line_fini(struct acme_client *client);

#endif
