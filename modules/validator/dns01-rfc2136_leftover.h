/* SPDX-License-Identifier: ISC */
/*
 * dns01-rfc2136_leftover.h - values that could not be taken away when they should have been: of a
 * process that has crashed, of an instance that a reload has ended, or while the name servers were down.
 * They are tried a few at a time in the background, each again after 5 seconds at first and an hour at
 * most; at such moments, and every hour, journals are looked for that somebody has abandoned meanwhile.
 * The log hears of the first failure of each, and of another only when its cause is of another kind.
 */
#ifndef DNS01_RFC2136_LEFTOVER_H
#define DNS01_RFC2136_LEFTOVER_H

#include "dns01-rfc2136.h"

/* Nobody holds the entry any more: from now on it is tried. */
void rfc2136_leftover(struct rfc2136 *rfc2136, struct rfc2136_entry *entry);

/* Tries what is due, and sets the timer for the rest. */
void rfc2136_leftover_go_on(struct rfc2136 *rfc2136);

/*
 * The same value is published anew, by an entry that is in the journal already: leftovers like it are
 * forgotten, and have stood there before.
 */
void rfc2136_leftover_take(struct rfc2136 *rfc2136, struct rfc2136_entry *entry);

/* Stops trying; the entries stay. */
void rfc2136_leftover_stop(struct rfc2136 *rfc2136);

#endif
