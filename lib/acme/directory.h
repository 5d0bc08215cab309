/* SPDX-License-Identifier: ISC */
/*
 * acme/directory.h - the CA's list of its own URLs (RFC 8555, 7.1.1), and the keeper that fetches it.
 *
 * The keeper is asked for the first copy; from then on it refreshes it by itself once a day, and when
 * a resource turned out to be gone. An old copy stays in use until a new one is there.
 */
#ifndef ACME_DIRECTORY_H
#define ACME_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/loop.h>
#include "acme/transport.h"

struct acmems_json;

struct directory {
	char *new_nonce;
	char *new_account;
	char *new_order;
	char *terms; /* of service; any printable text, most often a URL; NULL: none */
	bool external_account_required;
	char **issuers; /* the CA's names in TXT and CAA records (acme/persist.h); NULL: none */
	char *account_hash_prefix; /* of dns-persist-01 since draft 02; NULL: none */
};

/* Checks and copies what is used; unknown members are ignored. NULL and ACMEMS_BAD_ANSWER. */
struct directory *directory_parse(const struct acmems_json *json, struct acmems_error *err);
void directory_free(struct directory *directory);

/*
 * err NULL: current is new. Otherwise there is still none, and the fetch that was asked for has
 * failed. Called from the loop.
 */
typedef void directory_done(void *arg, const struct acmems_error *err);

struct directory_keeper {
	const char *url; /* borrowed, as ca_file and transport */
	const char *ca_file; /* or NULL */
	const struct acme_transport *transport;
	directory_done *done;
	void *arg;

	struct directory *current; /* NULL until the first fetch succeeded */
	uint64_t call; /* of the transport, 0: none */
	int64_t asked_at; /* clock of the last fetch's start */
	struct acmems_timer *timer;
};

/* The first five members are set by the caller. False: no memory. */
bool directory_keeper_init(struct directory_keeper *keeper);
void directory_keeper_fini(struct directory_keeper *keeper);

/* Fetches; does nothing while a fetch is under way. False: it could not even be started. */
bool directory_keeper_fetch(struct directory_keeper *keeper, struct acmems_error *err);

/* A resource was gone (404, 410): fetch again, but at most once a minute. */
void directory_keeper_suspect(struct directory_keeper *keeper);

#endif
