/* SPDX-License-Identifier: ISC */
/*
 * net/http_terms.h - how connections of an HTTP server are spoken with: TLS or not, and who may say for
 * whom they ask. Made once, then unchanged; connections that began under some terms keep them.
 */
#ifndef NET_HTTP_TERMS_H
#define NET_HTTP_TERMS_H

#include <stdbool.h>

#include <acmems/error.h>

#include "net/proxies.h"
#include "net/tls_files.h"

struct http_terms {
	struct tls_files *tls; /* NULL: none */
	struct proxies proxies;
	bool proxy_protocol; /* each connection has to begin with its header, from a proxy */
	unsigned holds;
};

/* Held once. tls: NULL for none; trusted: as proxies_parse() has it. NULL and *err on failure. */
struct http_terms *http_terms_new(const struct tls_files_config *tls, char *const *trusted,
	bool proxy_protocol, struct acmems_error *err);

/* NULL is allowed. */
struct http_terms *http_terms_hold(struct http_terms *terms);
void http_terms_drop(struct http_terms *terms);

#endif
