/* SPDX-License-Identifier: ISC */
/* life_core.h - the moving parts of a generation. Between life.c and life_*.c. */
#ifndef LIFE_CORE_H
#define LIFE_CORE_H

#include <stdint.h>

#include "acme/client.h"
#include "base/flow.h"
#include "sign/front.h"
#include "reload/life.h"
#include "reload/life_decide.h"

/* How long a start or a stop of one instance may take. */
#define LIFE_START_MS 30000
#define LIFE_STOP_MS 10000

/* An instance's operation under way. */
struct life_part {
	struct generation *generation;
	struct instance *instance;
	uint64_t op; /* 0: none */
};

struct life {
	struct flow flow;
	struct life_view view;
	struct life_part *parts; /* as many as instances */
	struct front *front;
	struct acmems_error err; /* why it could not start: a line for each part */
	life_done *started;
	void *started_arg;
	acmems_callback *gone;
	void *gone_arg;
	struct acmems_timer *drain;
	int64_t drain_end; /* clock */
};

/* The view has changed. */
void life_step(struct generation *generation);

/* Begins everything; what ends at once or later is noted in the view. */
void life_launch_starts(struct generation *generation);

/* Lets the accounts register, now that all the rest has begun. */
void life_start_accounts(struct generation *generation);

/* Cancels starts under way and asks everything that has begun to stop. */
void life_launch_stops(struct generation *generation);

/* Shuts the listeners; harmless when they are. */
void life_shut(struct generation *generation);

/* Reads or makes the account's key; touches the disk. NULL and *err. */
struct acme_client *life_account_new(struct generation *generation,
	const struct settings_account *account, struct acmems_error *err);

#endif
