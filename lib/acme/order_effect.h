/* SPDX-License-Identifier: ISC */
/*
 * acme/order_effect.h - the record of what an order has had published. Each entry is made before its
 * publishing starts and stays until it is taken away again, whatever becomes of the order, so that
 * clean-up undoes what was done and not what should have been done.
 */
#ifndef ACME_ORDER_EFFECT_H
#define ACME_ORDER_EFFECT_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include "acme/authz.h"
#include "acme/client.h"
#include "acme/order.h"

struct effect;

struct effect_list {
	struct effect *first;
	const struct acme_solver *solver;
	unsigned failures; /* of clean-ups */
	char id[24]; /* the order's, for the log */
	void (*cleaned)(void *arg); /* the last clean-up has ended */
	void *arg;
};

/* url (the authorization's) says which; err NULL when it can be seen. */
typedef void effect_published(void *arg, const char *url, const struct acmems_error *err);

/* Somebody has fetched the answer. */
typedef void effect_seen(void *arg, const char *url);

/* Publishes the chosen challenge. False and *err: published() will not come. */
bool effect_publish(struct effect_list *list, struct acme_client *client, const struct authz *authz,
	effect_published *published, effect_seen *seen, struct acmems_error *err);

/* Whether there is a record for this authorization. */
bool effect_is_known(const struct effect_list *list, const char *url);

/* The authorizations are gone; what was published for them is not, and stays on record. */
void effect_orphan(struct effect_list *list);

/*
 * Stops what is being published and takes all away; cleaned() comes when that has ended, from the
 * loop. False: there is nothing to take away, and cleaned() does not come.
 */
bool effect_clean_up(struct effect_list *list);

/* Gives up what is still there; it counts as failed. */
void effect_give_up(struct effect_list *list);

#endif
