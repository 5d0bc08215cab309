/* SPDX-License-Identifier: ISC */
/*
 * expiry_walk.h - looks through a storage for certificates that somebody has to be told of.
 *
 * One entry at a time, with a rest behind each, so that 100,000 entries are a matter of minutes in
 * which nobody else notices. A first round collects; if it found any, a second one drops those whose
 * names a later certificate has, as they were renewed with another key.
 *
 * Life: new -> start -> done comes once, from the loop -> free. Freed before that, it is over and
 * done does not come.
 */
#ifndef EXPIRY_WALK_H
#define EXPIRY_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>
#include "notify/expiry_decide.h"
#include "registry/registry.h"

struct expiry_question {
	const struct instance *storage; /* offers `next` */
	int64_t within; /* seconds */
	int64_t last; /* wall; 0: never */
	int64_t now; /* wall */
};

/* Of certificates for the same names only the one that ends last. */
struct expiry_find {
	const char *names;
	int64_t not_after;
	enum expiry_stage stage;
};

/* err NULL: all was looked at, and expiry_walk_next() has what was found. */
typedef void expiry_walk_done(void *arg, const struct acmems_error *err);

struct expiry_walk;

/* NULL: no memory. */
struct expiry_walk *expiry_walk_new(
	const struct expiry_question *question, expiry_walk_done *done, void *arg);
void expiry_walk_start(struct expiry_walk *walk);
void expiry_walk_free(struct expiry_walk *walk); /* NULL is allowed */

/* Takes out one that was found, valid until the next call; false: there are no more. */
bool expiry_walk_next(struct expiry_walk *walk, struct expiry_find *ret_find);

#endif
