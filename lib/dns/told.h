/* SPDX-License-Identifier: ISC */
/*
 * dns/told.h - when questions about names were answered, since resolvers remember for a while what they
 * were told. Names are texts in lower case, with the last dot.
 */
#ifndef DNS_TOLD_H
#define DNS_TOLD_H

#include <stdint.h>

/* Names share places by chance: then it is thought that one was asked for when another was. */
#define TOLD_PLACES 1024

/* Zeroed by its owner. */
struct told {
	int64_t at_ms[TOLD_PLACES]; /* of acmems_clock_ms(); 0: never */
};

void told_mark(struct told *told, const char *name, int64_t now_ms);

/* The last time for the name or one above it. 0: never. */
int64_t told_last(const struct told *told, const char *name);

#endif
