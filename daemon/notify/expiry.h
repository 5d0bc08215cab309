/* SPDX-License-Identifier: ISC */
/*
 * expiry.h - looks after what the storages keep, and tells of certificates that near their end and
 * that nobody has fetched anew: whose client stopped asking, or asks with another key.
 *
 * The storages of the current generation that offer `next` are looked through one after the other,
 * soon after the generation has opened and every six hours. Nobody is told of the same twice: a file
 * in the state directory says when each storage was looked through last. Without a notifier nothing
 * is looked at.
 */
#ifndef EXPIRY_H
#define EXPIRY_H

#include "generation/generation.h"

/* This generation's storages from now on, instead of those of the one before. */
void expiry_open(const struct generation *generation);

/* The generation ends: what is under way in it is given up. Harmless when another one has opened. */
void expiry_close(const struct generation *generation);

#endif
