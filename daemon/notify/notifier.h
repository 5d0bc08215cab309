/* SPDX-License-Identifier: ISC */
/*
 * notifier.h - all deliveries by name, and which of them hear of an event. They outlive generations:
 * a queue belongs to the name of its instance, and the next generation's instance goes on with it.
 */
#ifndef NOTIFIER_H
#define NOTIFIER_H

#include <stdbool.h>

#include "notify/delivery.h"
#include "notify/notice.h"
#include "generation/generation.h"

/* Can what is not delivered be kept? Without any notifier nothing is looked at. */
bool notifier_check(const struct settings *settings, struct acmems_error *err);

/* The generation's instances deliver from now on. */
void notifier_open(struct generation *generation);

/* The generation stops: nothing goes through it; queues that nobody goes on with are closed. */
void notifier_close(struct generation *generation);

/* Gives up what is under way through the generation. */
void notifier_abort(struct generation *generation);

/*
 * Hands the event, which it takes over and which may be NULL, to those that want it: the block's
 * notifiers and, when `all` is set or there is no block, the default ones.
 */
void notifier_offer(const struct generation *generation, const struct block *block, bool all,
	struct notice *take_event);

const struct delivery *notifier_find(const char *name); /* or NULL */

/* Frees all deliveries; what is not delivered stays in the journals. */
void notifier_fini(void);

#endif
