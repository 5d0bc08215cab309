/* SPDX-License-Identifier: ISC */
/*
 * dns01-rfc2136_leftover.h - values that could not be taken away when they should have been: of a
 * process that has crashed, or while the name servers were down. They are tried one at a time in the
 * background, each again after 5 seconds at first and an hour at most.
 */
#ifndef DNS01_RFC2136_LEFTOVER_H
#define DNS01_RFC2136_LEFTOVER_H

#include "dns01-rfc2136.h"

/* Nobody holds the entry any more: from now on it is tried. */
void rfc2136_leftover(struct rfc2136 *rfc2136, struct rfc2136_entry *entry);

/* Tries what is due, and sets the timer for the rest. */
void rfc2136_leftover_go_on(struct rfc2136 *rfc2136);

/* Stops trying; the entries stay. */
void rfc2136_leftover_stop(struct rfc2136 *rfc2136);

#endif
