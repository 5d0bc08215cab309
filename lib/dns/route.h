/* SPDX-License-Identifier: ISC */
/* dns/route.h - whether packets to an address would find a way out of this machine. Sends none. */
#ifndef DNS_ROUTE_H
#define DNS_ROUTE_H

#include <stdbool.h>

#include <acmems/address.h>

/* False only when the system says that there is no way. */
bool route_exists(const struct acmems_address *address);

#endif
