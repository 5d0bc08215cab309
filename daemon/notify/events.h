/* SPDX-License-Identifier: ISC */
/*
 * events.h - what happened in the daemon made into events, and offered to those who want to know.
 * Cheap when nobody does. One function for each place that something happens at.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdint.h>

#include <acmems/address.h>
#include <acmems/error.h>
#include <acmems/x509.h>
#include "generation/generation.h"

/* All names of a CSR, "a.example, b.example", to be freed. NULL: no memory. */
char *events_names(const struct acmems_csr *csr);

/* What is known of an issuance. */
struct events_issue {
	const struct block *block;
	const char *names;
	const struct acmems_address *peer; /* of the first who asked; NULL: unknown */
	int64_t duration_ms;
};

/* A chain was issued. old: the one the storage had, or NULL. */
void events_issued(const struct events_issue *issue, const char *chain, size_t len,
	const struct acmems_cert *old);

/* An issuance ended with an error: "failed", or "rate-limited". status: as clients are told. */
void events_failed(const struct events_issue *issue, const struct acmems_error *err, int status);

/* A request was answered from the storage. */
void events_cached(const struct block *block, const struct acmems_csr *csr,
	const struct acmems_address *peer, const char *chain, size_t len);

/* A request was refused before any CA was asked. csr NULL: not readable. */
void events_rejected(const struct generation *generation, const struct acmems_csr *csr,
	const struct acmems_address *peer, const struct acmems_error *err, int status);

/* Something has changed with an account or its CA; down_since: wall, 0 if it was up. */
void events_account(const struct generation *generation, const struct settings_account *account,
	enum acme_happening what, const char *detail, int64_t down_since);

/* A kept certificate is near its end, or has ended (not_after is past), and was not renewed. */
void events_expiring(const struct generation *generation, const char *storage, const char *names,
	int64_t not_after);

/* A reload was refused; err or its details say why. */
void events_config(const struct generation *generation, const char *file, const char *detail);

#endif
