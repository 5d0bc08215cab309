/* SPDX-License-Identifier: ISC */
/*
 * dns01-server_trail.h - where a challenge's name leads: CNAME after CNAME, until a name lies in one of
 * our zones. What is at that name is not looked up: nobody knows better than we.
 *
 * Life: start -> done(), once, from the loop -> gone; or start -> free.
 */
#ifndef DNS01_SERVER_TRAIL_H
#define DNS01_SERVER_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>

#include "dns01-server_zones.h"

/* CNAMEs in a row. */
#define DNS01_SERVER_TRAIL_MAX 8

struct dns01_server_trail;

/* Either the name in our zones or err; the trail is gone when it returns. */
typedef void dns01_server_trail_done(void *arg, const char *name, const struct acmems_error *err);

struct dns01_server_trail_config {
	const char *name; /* lower case, with the last dot; not in a zone itself */
	const struct dns01_server_zones *zones; /* outlive it */
	char *const *resolvers; /* outlive it; NULL: the system's */
	int64_t timeout_ms;
	dns01_server_trail_done *done;
	void *arg;
};

/* NULL and *err on failure. */
struct dns01_server_trail *dns01_server_trail_start(
	const struct dns01_server_trail_config *config, struct acmems_error *err);

/* No done() comes. NULL is allowed. */
void dns01_server_trail_free(struct dns01_server_trail *trail);

#endif
