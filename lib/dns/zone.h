/* SPDX-License-Identifier: ISC */
/* dns/zone.h - a zone that a server answers for: its names in wire form. Its values are others'. */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/dns_server.h>
#include <acmems/error.h>

#include "dns/wire.h"

/* In lower case. */
struct zone_name {
	uint8_t bytes[WIRE_NAME_MAX];
	size_t len;
};

struct zone {
	struct zone_name name;
	struct zone_name mailbox;
	struct zone_name *servers; /* the first is the primary */
	size_t server_count;
	uint32_t ttl; /* of values, and for how long their absence may be remembered; seconds */
};

/* False and *err on failure. To be given to zone_fini() in any case. */
bool zone_init(struct zone *zone, const struct acmems_dns_zone *from, uint32_t ttl,
	struct acmems_error *err);

/* Safe on a zeroed struct and twice. */
void zone_fini(struct zone *zone);

/* The closest of these zones around a name in wire form and lower case; NULL: it is in none. */
const struct zone *zone_around(
	const struct zone *zones, size_t count, const uint8_t *name, size_t len);

#endif
