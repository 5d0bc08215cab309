/* SPDX-License-Identifier: ISC */
/*
 * generation.h - one configuration alive.
 *
 * Life: build (modules loaded, instances made, options filled, checks; touches nothing outside) ->
 * start (an operation: every instance's start, accounts, listeners bound) -> current (requests come
 * in) -> retire (listeners shut, requests and orders under way finish, with a deadline) -> every
 * instance's stop -> free. A reload builds and starts a new one beside the current; only when that
 * has worked are they swapped, otherwise the new one is torn down and nothing has changed.
 *
 * Requests, flights and orders hold a generation (hold/drop) as long as they use its parts.
 */
#ifndef GENERATION_H
#define GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/loop.h>
#include "acme/client.h"
#include "conf/conf.h"
#include "registry.h"
#include "settings.h"

struct account {
	const char *name;
	struct acme_client *client;
	int64_t down_since; /* wall; 0: its CA can be reached, for all we know */
};

struct generation;

/* An auth block with everything its names stand for. */
struct block {
	struct generation *generation;
	const char *name;
	struct acmems_list domains;
	bool wildcards;
	struct instance **methods; /* auth instances, in order of the file */
	size_t method_count;
	struct instance *validator;
	struct instance *storage;
	struct account *account;
	struct acmems_list notify; /* names, the settings' own */
	notice_mask notify_events;
};

struct generation {
	unsigned number; /* 1, 2, ... for the log */
	struct settings *settings;
	struct instance **instances; /* all of them, auth methods included */
	size_t instance_count;
	struct account *accounts;
	size_t account_count;
	struct block *blocks;
	size_t block_count;
	struct block *own; /* what the listener's certificate is ordered through; NULL: it is not */
	size_t holds;
	bool draining; /* retired or stopping: requests still offered to it are answered 503 */
	struct generation_life *life; /* generation.c's own */
};

/*
 * Builds from settings, which it takes over in any case. module_dir overrides that of the file when
 * not NULL. NULL on any fault; each is a line then. `for_test` (acmems -t): no account keys are made.
 */
struct generation *generation_build(struct settings *take_settings, const char *module_dir,
	bool for_test, struct conf_faults *faults);

/* done(arg, NULL) when everything has started, done(arg, err) when something has not and all is
 * stopped again. From the loop, exactly once. */
typedef void generation_done(void *arg, const struct acmems_error *err);
void generation_start(struct generation *generation, generation_done *done, void *arg);

/* Requests come to it from now on; only after it has started. */
void generation_open(struct generation *generation);

/* No more requests come; when the last hold is dropped, or after deadline_ms, its instances are
 * stopped, it is freed, and done(arg) called. One that is only starting is taken down, and the done of
 * its start is not called any more. */
void generation_retire(
	struct generation *generation, int64_t deadline_ms, acmems_callback *done, void *arg);

/* What still drains gets at most this long from now. */
void generation_hurry(struct generation *generation, int64_t deadline_ms);

/* Frees one that was built and never started, or whose start failed. */
void generation_free(struct generation *generation);

void generation_hold(struct generation *generation);
void generation_drop(struct generation *generation);

#endif
