/* SPDX-License-Identifier: ISC */
/* storage/file_memory.c - a table of chains by the digest of their CSR, the least used dropped. */
#include "file_memory.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 256
#define BYTES_MAX (4u << 20)

void memory_init(struct memory *memory)
{
	*memory = (struct memory){0};
	TAILQ_INIT(&memory->used);
}

void memory_clear(struct memory *memory)
{
	struct kept *kept, *next;

	HASH_ITER(hh, memory->table, kept, next)
	{
		memory_drop(memory, kept);
	}
}

void memory_touch(struct memory *memory, struct kept *kept)
{
	TAILQ_REMOVE(&memory->used, kept, link);
	TAILQ_INSERT_HEAD(&memory->used, kept, link);
}

static unsigned hash_of(const unsigned char *digest)
{
	unsigned hash;

	memcpy(&hash, digest, sizeof(hash));
	return hash;
}

struct kept *memory_find(const struct memory *memory, const unsigned char *digest)
{
	struct kept *kept;

	HASH_FIND_BYHASHVALUE(hh, memory->table, digest, DIGEST_LEN, hash_of(digest), kept);
	return kept;
}

static size_t size_of(const struct kept *kept)
{
	return sizeof(*kept) + kept->chain_len;
}

void kept_free(struct kept *kept)
{
	free(kept->chain);
	free(kept);
}

void memory_drop(struct memory *memory, struct kept *kept)
{
	HASH_DEL(memory->table, kept);
	TAILQ_REMOVE(&memory->used, kept, link);
	memory->bytes -= size_of(kept);
	kept_free(kept);
}

void memory_forget(struct memory *memory, const unsigned char *digest)
{
	struct kept *kept = memory_find(memory, digest);

	if (kept)
		memory_drop(memory, kept);
}

bool memory_add(struct memory *memory, struct kept *kept, struct acmems_error *err)
{
	HASH_ADD_KEYPTR_BYHASHVALUE(
		hh, memory->table, kept->digest, DIGEST_LEN, hash_of(kept->digest), kept);
	if (!kept->hh.tbl) {
		kept_free(kept);
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to keep a chain");
	}
	TAILQ_INSERT_HEAD(&memory->used, kept, link);
	memory->bytes += size_of(kept);
	while (HASH_COUNT(memory->table) > KEPT_MAX || memory->bytes > BYTES_MAX)
		memory_drop(memory, TAILQ_LAST(&memory->used, kept_list));
	return true;
}

bool kept_is(const struct kept *kept, const struct stat *info)
{
	const struct stat *a = &kept->info, *b = info;

	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}
