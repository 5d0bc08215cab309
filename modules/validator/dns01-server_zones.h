/* SPDX-License-Identifier: ISC */
/*
 * dns01-server_zones.h - the zones of an instance, from its options to what a name server is made of.
 * Names are in lower case, with the last dot.
 */
#ifndef DNS01_SERVER_ZONES_H
#define DNS01_SERVER_ZONES_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/dns.h>
#include <acmems/dns_server.h>
#include <acmems/error.h>
#include <acmems/option.h>

struct dns01_server_zones {
	struct acmems_dns_zone *list;
	size_t count;
};

/*
 * Makes them. The lists, which have to outlive them, are those of the options; mailbox, "a@b" or
 * "a.b", may be NULL for hostmaster of each zone. False and *err (ACMEMS_CONFIG, ACMEMS_NO_MEMORY) on
 * failure. To be given to dns01_server_zones_fini() in any case.
 */
bool dns01_server_zones_init(struct dns01_server_zones *zones, const struct acmems_list *names,
	const struct acmems_list *name_servers, const char *mailbox, struct acmems_error *err);

/* Safe on a zeroed struct and twice. */
void dns01_server_zones_fini(struct dns01_server_zones *zones);

/* Whether a name lies in one of them. */
bool dns01_server_zones_hold(const struct dns01_server_zones *zones, const char *name);

/* Whether `name` is `zone`, or a name in it. Both as above. */
bool dns01_server_is_in(const char *name, const char *zone);

/* A name in lower case, with the last dot. It has to be a name already (acmems_dns_name_check()). */
void dns01_server_name(const char *name, char out[ACMEMS_DNS_NAME_MAX]);

#endif
