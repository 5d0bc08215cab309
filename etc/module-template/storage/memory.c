/* SPDX-License-Identifier: ISC */
/*
 * storage/memory.c - keeps chains until the daemon ends:
 *
 *   storage: { quick: { type = "memory"; renew-within = "14d"; max-entries = 1000; }; };
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <acmems/crypto.h>
#include <acmems/loop.h>
#include <acmems/module.h>
#include <acmems/storage.h>
#include <acmems/x509.h>

/* A CSR, known by its digest, and its chain. */
struct kept {
	unsigned char digest[ACMEMS_DIGEST_MAX];
	int64_t not_after; /* seconds since 1970-01-01 UTC */
	char *chain;
	size_t chain_len;
	TAILQ_ENTRY(kept) entry;
};

/* Whatever an instance has to remember lives in here: a module has no static data. */
struct memory {
	struct acmems_instance self;
	int64_t renew_within_ms;
	int64_t max_entries;
	int64_t count;
	bool ready;
	TAILQ_HEAD(kept_list, kept) kept; /* the oldest first */
};

static const struct acmems_option options[] = {
	{.name = "renew-within",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct memory, renew_within_ms),
		.fallback = "14d",
		.unit = "d",
		.min = 0,
		.max = 86400000ll * 365,
		.help = "a chain with less time left is not given back"},
	{.name = "max-entries",
		.type = ACMEMS_INT,
		.offset = offsetof(struct memory, max_entries),
		.fallback = "1000",
		.min = 1,
		.max = 100000,
		.help = "chains to keep; beyond it the oldest is forgotten"},
};

static void drop(struct memory *memory, struct kept *kept)
{
	TAILQ_REMOVE(&memory->kept, kept, entry);
	memory->count--;
	free(kept->chain);
	free(kept);
}

static bool digest_of(const struct acmems_entry *entry, unsigned char digest[ACMEMS_DIGEST_MAX],
	struct acmems_error *err)
{
	memset(digest, 0, ACMEMS_DIGEST_MAX);
	if (acmems_digest("sha512", entry->csr, entry->csr_len, digest) == 0)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a digest");
	return true;
}

static struct kept *find(const struct memory *memory, const unsigned char *digest)
{
	struct kept *kept;

	TAILQ_FOREACH(kept, &memory->kept, entry)
	if (memcmp(kept->digest, digest, ACMEMS_DIGEST_MAX) == 0)
		return kept;
	return NULL;
}

/* Opens what an instance needs. Here nothing is to wait for. */
static bool memory_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct memory *memory = instance;

	(void)err;
	TAILQ_INIT(&memory->kept);
	memory->ready = true;
	acmems_op_finish(op, NULL);
	return true;
}

static bool memory_get(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	const struct memory *memory = instance;
	unsigned char digest[ACMEMS_DIGEST_MAX];
	const struct kept *kept;

	if (!digest_of(entry, digest, err))
		return false;
	kept = find(memory, digest);
	if (kept && kept->not_after - acmems_clock_wall() > memory->renew_within_ms / 1000)
		acmems_op_finish_with(op, kept->chain, kept->chain_len);
	else
		acmems_op_finish_with(op, NULL, 0);
	return true;
}

static bool copy(struct kept *kept, const struct acmems_entry *entry, struct acmems_error *err)
{
	struct acmems_cert cert;

	if (!digest_of(entry, kept->digest, err) ||
		!acmems_cert_read(entry->chain, entry->chain_len, &cert, err))
		return false;
	kept->not_after = cert.not_after;
	kept->chain_len = entry->chain_len;
	kept->chain = malloc(entry->chain_len);
	if (!kept->chain)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a chain");
	memcpy(kept->chain, entry->chain, entry->chain_len);
	return true;
}

static bool memory_put(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	struct memory *memory = instance;
	struct kept *kept = calloc(1, sizeof(*kept));
	struct kept *old;

	if (!kept)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an entry");
	if (!copy(kept, entry, err)) {
		free(kept);
		return false;
	}
	old = find(memory, kept->digest);
	if (!old && memory->count >= memory->max_entries)
		old = TAILQ_FIRST(&memory->kept);
	if (old)
		drop(memory, old);
	TAILQ_INSERT_TAIL(&memory->kept, kept, entry);
	memory->count++;
	acmems_op_finish(op, NULL);
	return true;
}

/* Comes last, also when start was never called. */
static void memory_release(void *instance)
{
	struct memory *memory = instance;

	while (memory->ready && !TAILQ_EMPTY(&memory->kept))
		drop(memory, TAILQ_FIRST(&memory->kept));
}

static const struct acmems_storage_ops ops = {.get = memory_get, .put = memory_put};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_STORAGE, "memory"),
	.version = VERSION,
	.summary = "keeps chains until the daemon ends",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct memory),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.start = memory_start,
	.release = memory_release,
};
