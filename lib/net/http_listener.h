/* SPDX-License-Identifier: ISC */
/*
 * net/http_listener.h - one listening address, shared by all servers that want it. What is spoken on
 * it is http_evhttp's business.
 *
 * Life: get (opened, or one more user of it) -> requests are offered -> put by the last user: it
 * accepts no more, idle connections are cut, requests under way are still answered, and when the
 * last connection is gone it frees itself.
 */
#ifndef NET_HTTP_LISTENER_H
#define NET_HTTP_LISTENER_H

#include <stdint.h>

#include <acmems/http.h>

#include "net/address.h"
#include "net/http_guard.h"

struct http_listener;

/* Whom a checked request is offered to; DECLINED becomes a 404. */
typedef enum acmems_http_taken http_listener_offer(
	struct http_listener *listener, struct acmems_http_request *request);

/* Opens the address or shares the one that is open. NULL and *err on failure. */
struct http_listener *http_listener_get(const struct address_place *place,
	const struct http_limits *limits, http_listener_offer *offer, struct acmems_error *err);
void http_listener_put(struct http_listener *listener);

/* From now on these bounds hold. */
void http_listener_limit(struct http_listener *listener, const struct http_limits *limits);

uint16_t http_listener_port(const struct http_listener *listener);

/* Connections of all listeners. */
size_t http_listener_connections(void);

/* Cuts and frees everything, at the very end of the process. */
void http_listener_fini(void);

#endif
