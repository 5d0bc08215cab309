/* SPDX-License-Identifier: ISC */
/*
 * csr_cache.h - signing requests that were read and verified before, by the exact bytes sent.
 *
 * Clients send the same CSR every night, often many at once; reading one costs a signature check.
 * Only good ones are kept, the least recently used go first. An entry in use is never freed: it
 * leaves the cache and lives until its last user has let go.
 */
#ifndef CSR_CACHE_H
#define CSR_CACHE_H

#include <stddef.h>

#include <acmems/error.h>
#include <acmems/x509.h>
#include "sign/etag.h"

struct csr_cache;
struct csr_entry;

/* Keeps at most max_entries of together max_bytes. NULL: no memory. */
struct csr_cache *csr_cache_new(size_t max_entries, size_t max_bytes);

/* Entries in use stay alive. NULL is allowed. */
void csr_cache_free(struct csr_cache *cache);

/*
 * The CSR for these bytes, read and verified now or before, to be given back with csr_entry_drop().
 * NULL and *err as csr_read().
 */
struct csr_entry *csr_cache_get(
	struct csr_cache *cache, const void *body, size_t len, struct acmems_error *err);

const struct acmems_csr *csr_entry_csr(const struct csr_entry *entry);

/* Of the chain that was last answered for it. */
struct etag *csr_entry_etag(struct csr_entry *entry);

void csr_entry_drop(struct csr_entry *entry); /* NULL is allowed */

/* What is kept at present; for tests and the status. */
size_t csr_cache_count(const struct csr_cache *cache);
size_t csr_cache_bytes(const struct csr_cache *cache);

#endif
