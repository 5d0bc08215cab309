/* SPDX-License-Identifier: ISC */
/* zone.c - zones, from texts to wire form. */
#include "dns/zone.h"

#include <stdlib.h>
#include <string.h>

#include "dns/message.h"

static bool parse(struct zone_name *name, const char *text, struct acmems_error *err)
{
	name->len = message_name(text, name->bytes, err);
	return name->len > 0;
}

static bool parse_servers(
	struct zone *zone, const struct acmems_dns_zone *from, struct acmems_error *err)
{
	size_t count = 0;

	while (from->name_servers && from->name_servers[count])
		count++;
	if (count == 0)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "the zone \"%.100s\" has no name server", from->name);
	zone->servers = calloc(count, sizeof(*zone->servers));
	if (!zone->servers)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a zone");
	for (; zone->server_count < count; zone->server_count++) {
		if (!parse(&zone->servers[zone->server_count],
			    from->name_servers[zone->server_count], err))
			return false;
	}
	return true;
}

bool zone_init(struct zone *zone, const struct acmems_dns_zone *from, uint32_t ttl,
	struct acmems_error *err)
{
	*zone = (struct zone){.ttl = ttl};
	if (!parse(&zone->name, from->name, err) || !parse(&zone->mailbox, from->mailbox, err))
		return false;
	if (zone->name.len == 1)
		return acmems_error_set(err, ACMEMS_CONFIG, "the root can not be a zone of ours");
	return parse_servers(zone, from, err);
}

void zone_fini(struct zone *zone)
{
	free(zone->servers);
	*zone = (struct zone){0};
}

static bool holds(const struct zone *zone, const uint8_t *name, size_t len)
{
	size_t at = 0;

	/* label by label, as a label's bytes may look like another's length */
	while (len - at > zone->name.len)
		at += 1u + name[at];
	return len - at == zone->name.len &&
	       memcmp(name + at, zone->name.bytes, zone->name.len) == 0;
}

const struct zone *zone_around(
	const struct zone *zones, size_t count, const uint8_t *name, size_t len)
{
	const struct zone *closest = NULL;

	for (size_t i = 0; i < count; i++) {
		if (holds(&zones[i], name, len) &&
			(!closest || zones[i].name.len > closest->name.len))
			closest = &zones[i];
	}
	return closest;
}
