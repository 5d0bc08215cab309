/* SPDX-License-Identifier: ISC */
/* expiry_walk.c - from one entry to the next, twice. */
#include "notify/expiry_walk.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

#include "base/op_core.h"
#include "x509/cert.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(find) ((find)->lost = true)
#include <uthash.h>

#define NEXT_MS 30000
#define PAUSE_MS 2
/* More than any storage of ours has: one that never ends is wrong. */
#define ENTRIES_MAX 2000000

struct find {
	char *names;
	int64_t not_after;
	enum expiry_stage stage;
	bool lost; /* no memory for its place in the table */
	UT_hash_handle hh;
};

struct expiry_walk {
	struct expiry_question question;
	expiry_walk_done *done;
	void *arg;
	struct acmems_timer *timer;
	uint64_t op;
	bool second; /* round */
	unsigned entries; /* of this round */
	char *csr; /* of the last entry; NULL: begins */
	size_t csr_len;
	struct find *finds; /* by names */
	struct find *taken;
};

static void find_free(struct find *find)
{
	if (find)
		free(find->names);
	free(find);
}

static void remove_find(struct expiry_walk *walk, struct find *find)
{
	HASH_DEL(walk->finds, find);
	find_free(find);
}

static void finish(struct expiry_walk *walk, const struct acmems_error *err)
{
	walk->done(walk->arg, err);
}

/* ---- one entry ---- */

static bool add_find(struct expiry_walk *walk, char *take_names, const struct acmems_cert *cert,
	enum expiry_stage stage, struct acmems_error *err)
{
	struct find *find = calloc(1, sizeof(*find));

	if (find) {
		find->names = take_names;
		find->not_after = cert->not_after;
		find->stage = stage;
		HASH_ADD_KEYPTR(hh, walk->finds, find->names, strlen(find->names), find);
		if (!find->lost)
			return true;
		free(find);
	}
	free(take_names);
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to note a certificate");
}

/* What can not be read is of no use to anybody, and `get` warns of it. */
static bool unreadable(const struct acmems_error *why, struct acmems_error *err)
{
	if (why->code != ACMEMS_NO_MEMORY)
		return true;
	*err = *why;
	return false;
}

/* Round one: notes it, unless a later one for its names is noted. */
static bool collect(struct expiry_walk *walk, const char *chain, size_t len,
	const struct acmems_cert *cert, struct acmems_error *err)
{
	const struct expiry_question *question = &walk->question;
	enum expiry_stage stage =
		expiry_stage(cert, question->within, question->last, question->now);
	struct acmems_error why = {0};
	struct find *other = NULL;
	char *names;

	if (stage == EXPIRY_QUIET)
		return true;
	names = cert_names(chain, len, &why);
	if (!names)
		return unreadable(&why, err);
	HASH_FIND_STR(walk->finds, names, other);
	if (other && other->not_after >= cert->not_after) {
		free(names);
		return true;
	}
	if (other)
		remove_find(walk, other);
	return add_find(walk, names, cert, stage, err);
}

/* Round two: drops what this one has taken the place of. */
static bool supersede(struct expiry_walk *walk, const char *chain, size_t len,
	const struct acmems_cert *cert, struct acmems_error *err)
{
	struct acmems_error why = {0};
	struct find *find = NULL;
	char *names;

	if (cert->not_after <= walk->question.now)
		return true;
	names = cert_names(chain, len, &why);
	if (!names)
		return unreadable(&why, err);
	HASH_FIND_STR(walk->finds, names, find);
	if (find && find->not_after < cert->not_after)
		remove_find(walk, find);
	free(names);
	return true;
}

static bool take(struct expiry_walk *walk, const char *data, size_t len, struct acmems_error *err)
{
	const char *end = memchr(data, '\0', len);
	struct acmems_error why = {0};
	struct acmems_cert cert;
	const char *chain;

	free(walk->csr);
	walk->csr = NULL;
	if (!end || end == data || ++walk->entries > ENTRIES_MAX)
		return acmems_error_set(
			err, ACMEMS_FAULT, "its entries have no end, or are no entries");
	walk->csr_len = (size_t)(end - data);
	walk->csr = strndup(data, walk->csr_len);
	if (!walk->csr)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a CSR");
	chain = end + 1;
	len -= walk->csr_len + 1;
	if (!acmems_cert_read(chain, len, &cert, &why))
		return unreadable(&why, err);
	return walk->second ? supersede(walk, chain, len, &cert, err)
			    : collect(walk, chain, len, &cert, err);
}

/* ---- from one to the next ---- */

static void on_next(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct expiry_walk *walk = arg;
	struct acmems_error own = {0};

	walk->op = 0;
	if (err) {
		finish(walk, err);
	} else if (len > 0 && take(walk, data, len, &own)) {
		acmems_timer_start(walk->timer, PAUSE_MS);
	} else if (len > 0) {
		finish(walk, &own);
	} else if (!walk->second && walk->finds) {
		walk->second = true;
		expiry_walk_start(walk);
	} else {
		finish(walk, NULL);
	}
}

static bool start_next(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct expiry_walk *walk = ctx;
	const struct instance *storage = walk->question.storage;
	struct acmems_entry entry = {.csr = walk->csr, .csr_len = walk->csr_len};

	return storage->ops.storage.next(storage->data, op, &entry, err);
}

static void on_timer(void *arg)
{
	struct expiry_walk *walk = arg;
	struct acmems_error err = {0};
	struct op_spec spec = {
		.owner = walk->question.storage->module->owner,
		.what = "next",
		.deadline_ms = NEXT_MS,
		.start = start_next,
		.ctx = walk,
		.done = on_next,
		.arg = walk,
	};

	walk->op = op_run(&spec, &err);
	if (!walk->op)
		finish(walk, &err);
}

/* ---- life ---- */

struct expiry_walk *expiry_walk_new(
	const struct expiry_question *question, expiry_walk_done *done, void *arg)
{
	struct expiry_walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return NULL;
	walk->question = *question;
	walk->done = done;
	walk->arg = arg;
	walk->timer = acmems_timer_new(on_timer, walk);
	if (walk->timer)
		return walk;
	free(walk);
	return NULL;
}

void expiry_walk_start(struct expiry_walk *walk)
{
	free(walk->csr);
	walk->csr = NULL;
	walk->csr_len = 0;
	walk->entries = 0;
	acmems_timer_start(walk->timer, 0);
}

void expiry_walk_free(struct expiry_walk *walk)
{
	struct find *find, *next;

	if (!walk)
		return;
	op_cancel(walk->op);
	acmems_timer_free(walk->timer);
	HASH_ITER(hh, walk->finds, find, next)
	{
		remove_find(walk, find);
	}
	find_free(walk->taken);
	free(walk->csr);
	free(walk);
}

bool expiry_walk_next(struct expiry_walk *walk, struct expiry_find *ret_find)
{
	struct find *find = walk->finds;

	find_free(walk->taken);
	walk->taken = find;
	if (!find)
		return false;
	HASH_DEL(walk->finds, find);
	*ret_find = (struct expiry_find){
		.names = find->names, .not_after = find->not_after, .stage = find->stage};
	return true;
}
