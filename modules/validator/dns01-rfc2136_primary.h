/* SPDX-License-Identifier: ISC */
/*
 * dns01-rfc2136_primary.h - the addresses of the server that a zone's SOA calls its primary (RFC 2136,
 * 4.3), for those who do not say which server takes updates.
 */
#ifndef DNS01_RFC2136_PRIMARY_H
#define DNS01_RFC2136_PRIMARY_H

#include "dns01-rfc2136.h"

struct rfc2136_primary;

typedef void rfc2136_primary_done(void *arg, const struct acmems_error *err);

/*
 * Looks up IPv4 and IPv6 addresses of a name and adds them to the entry's servers. done comes once,
 * from the loop, and frees what start has returned, unless it is cancelled. NULL and *err.
 */
struct rfc2136_primary *rfc2136_primary_start(const struct rfc2136 *rfc2136, const char *name,
	struct rfc2136_entry *entry, int64_t timeout_ms, rfc2136_primary_done *done, void *arg,
	struct acmems_error *err);

/* Silent; NULL is allowed. */
void rfc2136_primary_cancel(struct rfc2136_primary *primary);

#endif
