/* SPDX-License-Identifier: ISC */
/*
 * storage/file_memory.h - chains that were read, kept in memory: at most 256 of them and 4 MiB, the
 * least recently used giving way. Part of the module storage-file.
 */
#ifndef STORAGE_FILE_MEMORY_H
#define STORAGE_FILE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <acmems/error.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(kept) ((void)(kept))
#include <uthash.h>

#include "file_place.h"

#define DIGEST_LEN PLACE_DIGEST_LEN

/* A chain, known by the SHA-384 of its CSR. */
struct kept {
	unsigned char digest[DIGEST_LEN];
	struct stat info; /* of its file when it was read */
	int64_t seen_ms; /* when that was found to be so last, by acmems_clock_ms() */
	int64_t fresh_until; /* seconds since 1970 */
	char *chain;
	size_t chain_len;
	UT_hash_handle hh;
	TAILQ_ENTRY(kept) link;
};

TAILQ_HEAD(kept_list, kept);

struct memory {
	struct kept *table;
	struct kept_list used; /* last used first */
	size_t bytes;
};

void memory_init(struct memory *memory);
/* Drops all. Safe on a zeroed struct. */
void memory_clear(struct memory *memory);

/* NULL: not in memory. */
struct kept *memory_find(const struct memory *memory, const unsigned char *digest);

/* It was used just now. */
void memory_touch(struct memory *memory, struct kept *kept);

/* Takes kept over, also when it fails; no other of its digest may be there. */
bool memory_add(struct memory *memory, struct kept *kept, struct acmems_error *err);

void memory_drop(struct memory *memory, struct kept *kept);
void memory_forget(struct memory *memory, const unsigned char *digest);

/* One that was never added. */
void kept_free(struct kept *kept);

/* Is this still the file that it was read from? */
bool kept_is(const struct kept *kept, const struct stat *info);

#endif
