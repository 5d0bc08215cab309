/* SPDX-License-Identifier: ISC */
/*
 * net/resolver.h - host names to addresses, through c-ares on our loop. Honours /etc/hosts and
 * resolv.conf as c-ares does, and reads the latter again when it has changed. The only room that knows
 * c-ares.
 */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>
#include <acmems/error.h>

/* At most 16 addresses, in the order they should be tried; valid during the call. */
typedef void resolver_done(void *arg, const struct acmems_address *addresses, size_t count,
	const struct acmems_error *err);

/*
 * Looks up a name (or an address literal, which is answered without asking anyone). done comes
 * exactly once, from the loop, within timeout_ms, unless it is cancelled. 0 and *err on failure.
 */
uint64_t resolver_start(const char *host, int64_t timeout_ms, resolver_done *done, void *arg,
	struct acmems_error *err);

/* Silent; harmless for numbers that are done. */
void resolver_cancel(uint64_t id);

/* Asks these ("127.0.0.1:5353,...") instead of the system's; for tests. */
bool resolver_set_servers(const char *servers);

/* Looks at this file instead of resolv.conf for whether the system's have changed; for tests. */
void resolver_watch_file(const char *path);

/*
 * The name servers that look-ups go to, the system's as a rule, with their ports, in their order.
 * Returns how many there are, `max` at most; 0 and *err on failure.
 */
size_t resolver_servers(struct acmems_address *servers, size_t max, struct acmems_error *err);

/* Sockets and memory given back; nothing may be under way. */
void resolver_fini(void);

#endif
