/* SPDX-License-Identifier: ISC */
/*
 * net/proxies.h - the proxies that are believed when they say for whom they ask, and what they say in
 * HTTP headers. Pure: knows no sockets.
 */
#ifndef NET_PROXIES_H
#define NET_PROXIES_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/address.h>
#include <acmems/http.h>

struct proxies {
	struct acmems_network *networks;
	size_t count;
	bool local; /* whoever may open a Unix socket of ours is one */
};

/*
 * Parses "192.0.2.1", "2001:db8::/32" or "unix:", NULL at the end, into a zeroed struct. False and *err
 * on failure; to be freed all the same.
 */
bool proxies_parse(struct proxies *proxies, char *const *texts, struct acmems_error *err);
void proxies_free(struct proxies *proxies);

/* False without proxies. */
bool proxies_trust(const struct proxies *proxies, const struct acmems_address *address);

/*
 * Replaces *peer, whom the connection is from, by whom the request is from: if it is a trusted proxy
 * and says so in X-Forwarded-For or Forwarded (RFC 7239), the rightmost address there that is not a
 * trusted proxy's; the leftmost if all are. A client that the proxy does not know the address of, or
 * leaves out, becomes a local one, which is inside of no network.
 *
 * Clients can send these headers, too, and proxies add to one of them only: two that contradict
 * each other are malformed. *ret_forwarded tells whether the request is another's than the peer's,
 * even if that has the same address. Returns 0, or 400 for malformed headers and a constant text in *why.
 */
int proxies_client(const struct proxies *proxies, const struct acmems_http_header *headers,
	size_t count, struct acmems_address *peer, bool *ret_forwarded, const char **why);

#endif
