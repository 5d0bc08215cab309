/* SPDX-License-Identifier: ISC */
/*
 * base/seen.h - hands "somebody has fetched the answer of challenge N" (acmems/validator.h) from the
 * module that noticed to the order that waits for it.
 */
#ifndef BASE_SEEN_H
#define BASE_SEEN_H

#include <stdint.h>

#include <acmems/loop.h>

/* A new number for a challenge; callback(arg) comes from the loop, once, when it was seen. 0: no
 * memory, and nothing is registered. */
uint64_t seen_register(acmems_callback *callback, void *arg);

/* Forgets it; harmless for 0 or numbers that are gone. */
void seen_forget(uint64_t id);

#endif
