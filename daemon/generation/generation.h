/* SPDX-License-Identifier: ISC */
/*
 * generation.h - one configuration, made into modules' instances, accounts and auth blocks.
 *
 * Built from settings (modules loaded, instances made, options filled, checks; touches nothing
 * outside), then brought to life and ended by life.h, then freed. Requests, flights and orders hold
 * it (hold/drop) as long as they use its parts. It knows nothing of who does.
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
#include "registry/registry.h"
#include "settings/settings.h"

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
	struct life *life; /* life.h's own; NULL when it is not alive */
	acmems_callback *idle; /* called when the last hold is dropped; NULL: nobody waits */
	void *idle_arg;
};

/*
 * Builds from settings, which it takes over in any case. module_dir overrides that of the file when
 * not NULL. NULL on any fault; each is a line then.
 */
struct generation *generation_build(
	struct settings *take_settings, const char *module_dir, struct conf_faults *faults);

/* Frees one that is not alive. NULL is allowed. */
void generation_free(struct generation *generation);

void generation_hold(struct generation *generation);
void generation_drop(struct generation *generation);

/*
 * Fills config for the client library; texts stay the settings', but for *ret_eab_key, which is the
 * caller's to free, with the function below. False and *err: the key's file can not be read.
 */
bool generation_account_config(const struct settings_account *account, struct acme_config *config,
	char **ret_eab_key, struct acmems_error *err);

void generation_account_key_free(char *key); /* wipes it; NULL is allowed */

/* Whether the client library would take it. */
bool generation_account_check(const struct settings_account *account, struct acmems_error *err);

#endif
