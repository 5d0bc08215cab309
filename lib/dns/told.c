/* SPDX-License-Identifier: ISC */
/* told.c - times of answers, by names. */
#include "dns/told.h"

#include <stddef.h>
#include <string.h>

/* FNV-1a. Who makes names share a place delays somebody by a time to live. */
static size_t place_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (hash ^ hash >> 16) % TOLD_PLACES;
}

void told_mark(struct told *told, const char *name, int64_t now_ms)
{
	told->at_ms[place_of(name)] = now_ms;
}

int64_t told_last(const struct told *told, const char *name)
{
	int64_t last = 0;

	while (name && *name != '\0') {
		int64_t at_ms = told->at_ms[place_of(name)];

		if (at_ms > last)
			last = at_ms;
		name = strchr(name, '.');
		name += name != NULL;
	}
	return last;
}
