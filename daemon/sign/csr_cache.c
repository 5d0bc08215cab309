/* SPDX-License-Identifier: ISC */
/* csr_cache.c - a bounded table of verified CSRs with a list in order of use. */
#include "sign/csr_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "x509/csr.h"

#define uthash_nonfatal_oom(added) ((added)->cached = false)
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct csr_entry {
	void *body; /* the bytes sent, its key */
	size_t body_len;
	struct acmems_csr *csr;
	struct etag etag;
	size_t bytes; /* about what it costs to keep */
	unsigned users;
	bool cached;
	struct csr_entry *newer;
	struct csr_entry *older;
	UT_hash_handle hh;
};

struct csr_cache {
	struct csr_entry *table;
	struct csr_entry *newest;
	struct csr_entry *oldest;
	size_t bytes;
	size_t max_entries;
	size_t max_bytes;
};

struct csr_cache *csr_cache_new(size_t max_entries, size_t max_bytes)
{
	struct csr_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->max_entries = max_entries;
	cache->max_bytes = max_bytes;
	return cache;
}

static void free_unused(struct csr_entry *entry)
{
	if (entry->users > 0 || entry->cached)
		return;
	csr_free(entry->csr);
	etag_fini(&entry->etag);
	free(entry->body);
	free(entry);
}

static void unlink_entry(struct csr_cache *cache, struct csr_entry *entry)
{
	*(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
	entry->newer = NULL;
	entry->older = NULL;
}

static void link_newest(struct csr_cache *cache, struct csr_entry *entry)
{
	entry->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
}

static void evict(struct csr_cache *cache, struct csr_entry *entry)
{
	HASH_DEL(cache->table, entry);
	unlink_entry(cache, entry);
	cache->bytes -= entry->bytes;
	entry->cached = false;
	free_unused(entry);
}

void csr_cache_free(struct csr_cache *cache)
{
	if (!cache)
		return;
	while (cache->oldest)
		evict(cache, cache->oldest);
	free(cache);
}

/* What the tag remembers comes later, and is about as long as the CSR. */
static size_t cost(const struct acmems_csr *csr, size_t body_len)
{
	size_t bytes = sizeof(struct csr_entry) + sizeof(*csr) + csr->der_len + 2 * body_len;

	for (size_t i = 0; i < csr->name_count; i++)
		bytes += sizeof(csr->names[i]) + strlen(csr->names[i].text) + 32;
	return bytes;
}

/* Keeps a new entry if it can be kept at all; that it can not is no fault. */
static void keep(struct csr_cache *cache, struct csr_entry *entry)
{
	if (entry->bytes > cache->max_bytes || cache->max_entries == 0)
		return;
	while (cache->oldest && (HASH_COUNT(cache->table) >= cache->max_entries ||
					cache->bytes > cache->max_bytes - entry->bytes))
		evict(cache, cache->oldest);
	entry->cached = true;
	HASH_ADD_KEYPTR(hh, cache->table, entry->body, entry->body_len, entry);
	if (!entry->cached)
		return;
	cache->bytes += entry->bytes;
	link_newest(cache, entry);
}

static struct csr_entry *read_entry(const void *body, size_t len, struct acmems_error *err)
{
	struct csr_entry *entry = calloc(1, sizeof(*entry));

	if (entry)
		entry->body = malloc(len > 0 ? len : 1);
	if (!entry || !entry->body) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a CSR");
		free(entry);
		return NULL;
	}
	memcpy(entry->body, body, len);
	entry->body_len = len;
	entry->csr = csr_read(body, len, err);
	if (!entry->csr) {
		free(entry->body);
		free(entry);
		return NULL;
	}
	entry->bytes = cost(entry->csr, len);
	entry->users = 1;
	return entry;
}

struct csr_entry *csr_cache_get(
	struct csr_cache *cache, const void *body, size_t len, struct acmems_error *err)
{
	struct csr_entry *entry;

	HASH_FIND(hh, cache->table, body, len, entry);
	if (entry) {
		entry->users++;
		unlink_entry(cache, entry);
		link_newest(cache, entry);
		return entry;
	}
	entry = read_entry(body, len, err);
	if (entry)
		keep(cache, entry);
	return entry;
}

const struct acmems_csr *csr_entry_csr(const struct csr_entry *entry)
{
	return entry->csr;
}

struct etag *csr_entry_etag(struct csr_entry *entry)
{
	return &entry->etag;
}

void csr_entry_drop(struct csr_entry *entry)
{
	if (!entry)
		return;
	entry->users--;
	free_unused(entry);
}

size_t csr_cache_count(const struct csr_cache *cache)
{
	return HASH_COUNT(cache->table);
}

size_t csr_cache_bytes(const struct csr_cache *cache)
{
	return cache->bytes;
}
