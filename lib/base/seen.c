/* SPDX-License-Identifier: ISC */
/* seen.c - challenges whose answer somebody may fetch, by number. */
#include "base/seen.h"

#include <stdlib.h>

#define uthash_nonfatal_oom(added) ((added)->id = 0)
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <acmems/validator.h>

struct watched {
	uint64_t id;
	acmems_callback *callback;
	void *arg;
	struct acmems_task task;
	UT_hash_handle hh;
};

static struct watched *table;
static uint64_t last_id;

static struct watched *find(uint64_t id)
{
	struct watched *found;

	HASH_FIND(hh, table, &id, sizeof(id), found);
	return found;
}

static void drop(struct watched *watched)
{
	acmems_task_cancel(&watched->task);
	HASH_DEL(table, watched);
	free(watched);
}

static void on_seen(void *arg)
{
	struct watched *watched = arg;
	acmems_callback *callback = watched->callback;
	void *callback_arg = watched->arg;

	drop(watched);
	callback(callback_arg);
}

uint64_t seen_register(acmems_callback *callback, void *arg)
{
	struct watched *watched = calloc(1, sizeof(*watched));

	if (!watched)
		return 0;
	watched->id = ++last_id;
	watched->callback = callback;
	watched->arg = arg;
	HASH_ADD(hh, table, id, sizeof(watched->id), watched);
	if (watched->id == 0) {
		free(watched);
		return 0;
	}
	return watched->id;
}

void seen_forget(uint64_t id)
{
	struct watched *watched = find(id);

	if (watched)
		drop(watched);
}

void acmems_challenge_seen(uint64_t id)
{
	struct watched *watched = find(id);

	if (watched)
		acmems_task_post(&watched->task, on_seen, watched);
}
