/* SPDX-License-Identifier: ISC */
/*
 * net/http_evhttp.h - evhttp on one listening socket: its requests checked, put into the table and
 * offered; its connections guarded. The only room that knows evhttp; acmems_http_reply() and
 * acmems_http_request_on_gone() are here too. Which server takes a request is http_server's.
 */
#ifndef NET_HTTP_EVHTTP_H
#define NET_HTTP_EVHTTP_H

#include <acmems/error.h>
#include <acmems/http.h>

#include "net/http_guard.h"

struct http_evhttp;

/* Gets a checked request, to be answered now or later by its number. */
typedef void http_evhttp_offer(void *arg, struct acmems_http_request *request);

/*
 * Serves a listening socket, which it owns from then on. `door` has its limits, name, empty and arg
 * set and outlives the result. NULL and *err on failure; the socket stays the caller's then.
 */
struct http_evhttp *http_evhttp_new(
	int fd, struct http_door *door, http_evhttp_offer *offer, struct acmems_error *err);

/* Takes over door->limits after a change. */
void http_evhttp_update(struct http_evhttp *http);

/* Closes the listening socket and idle connections; what is being answered is closed after that. */
void http_evhttp_stop(struct http_evhttp *http);

/* Cuts what is left. Not from inside a handler. NULL is allowed. */
void http_evhttp_free(struct http_evhttp *http);

/* Answers one line of text and closes the connection. */
void http_evhttp_refuse(uint64_t id, int status, const char *text);

#endif
