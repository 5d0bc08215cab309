/* SPDX-License-Identifier: ISC */
/* generation_life.h - the moving parts of a generation. Between generation.c and generation_*.c. */
#ifndef GENERATION_LIFE_H
#define GENERATION_LIFE_H

#include <stdint.h>

#include "acme/client.h"
#include "base/flow.h"
#include "front.h"
#include "generation.h"
#include "generation_decide.h"

/* How long a start or a stop of one instance may take. */
#define GENERATION_START_MS 30000
#define GENERATION_STOP_MS 10000

/* An instance's operation under way. */
struct generation_part {
	struct generation *generation;
	struct instance *instance;
	uint64_t op; /* 0: none */
};

struct generation_life {
	struct flow flow;
	struct generation_view view;
	struct generation_part *parts; /* as many as instances */
	struct front *front;
	struct acmems_error err; /* why it could not start: a line for each part */
	generation_done *started;
	void *started_arg;
	acmems_callback *gone;
	void *gone_arg;
	struct acmems_timer *drain;
	int64_t drain_end; /* clock */
};

/* False: no memory. On success generation->life is set. */
bool generation_life_new(struct generation *generation);
void generation_life_free(struct generation *generation);

/* The view has changed. */
void generation_step(struct generation *generation);

/* Begins everything; what ends at once or later is noted in the view. */
void generation_launch_starts(struct generation *generation);

/* Lets the accounts register, now that all the rest has begun. */
void generation_start_accounts(struct generation *generation);

/* Cancels starts under way and asks everything that has begun to stop. */
void generation_launch_stops(struct generation *generation);

/* Shuts the listeners; harmless when they are. */
void generation_shut(struct generation *generation);

/*
 * Fills config for the client library; texts stay the settings', but for eab_key, which the caller
 * wipes and frees. False and *err: the key's file can not be read.
 */
bool generation_account_config(const struct settings_account *account, struct acme_config *config,
	char **ret_eab_key, struct acmems_error *err);

/* Whether the client library would take it. */
bool generation_account_check(const struct settings_account *account, struct acmems_error *err);

/* Reads or makes the key; touches the disk. NULL and *err. */
struct acme_client *generation_account_new(struct generation *generation,
	const struct settings_account *account, struct acmems_error *err);

#endif
