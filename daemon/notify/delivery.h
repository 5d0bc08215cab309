/* SPDX-License-Identifier: ISC */
/*
 * delivery.h - everything on its way to one receiver, whatever generation it belongs to.
 *
 * Life: new (reads what an earlier process left) -> attach (an instance of a generation; the next
 * generation's takes its place) -> put, any number -> detach -> free. One send at a time, of an event or,
 * when a digest is due, of several, which holds the generation whose instance it goes through; a
 * receiver that fails is tried again after 5 s, 10 s ... 10 min; what is three days old is dropped.
 * Nothing of this ever waits for the receiver.
 */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "notify/notice.h"
#include "generation/generation.h"

struct delivery;

/* name and dir (of the journals; NULL: none) are copied. NULL: no memory. */
struct delivery *delivery_new(const char *name, const char *dir);

/* What is under way is cancelled; what is not delivered stays in the journal. NULL is allowed. */
void delivery_free(struct delivery *delivery);

/* Sends go through this instance of this generation, as its settings say, from now on. */
void delivery_attach(struct delivery *delivery, struct generation *generation,
	const struct instance *instance, const struct settings_instance *settings);

/* The generation goes: nothing is sent through it any more. Whether it was attached. */
bool delivery_detach(struct delivery *delivery, const struct generation *generation);

/* Gives up what is under way through the generation; it is sent again later. */
void delivery_abort(struct delivery *delivery, const struct generation *generation);

const char *delivery_name(const struct delivery *delivery);
bool delivery_attached(const struct delivery *delivery);
bool delivery_wants(const struct delivery *delivery, enum notice_kind kind);

/* Queues the event, folded if it can be. */
void delivery_put(struct delivery *delivery, struct notice *event);

struct delivery_counts {
	size_t queued; /* entries now */
	uint64_t delivered;
	uint64_t dropped; /* events: too old, refused for good, no memory */
	uint64_t held_back; /* events that became part of a summary */
};

struct delivery_counts delivery_counts(const struct delivery *delivery);

#endif
