/* SPDX-License-Identifier: ISC */
/*
 * net/http_request.h - the table of requests that are offered and not yet answered. Everybody but
 * the glue to evhttp knows them by number, as their clients may leave at any time.
 *
 * Life: add -> (on_gone)* -> either detach (it is answered) or gone (the client left, its callback
 * is posted). After either the number finds nothing. Memory is kept and used again.
 */
#ifndef NET_HTTP_REQUEST_H
#define NET_HTTP_REQUEST_H

#include <acmems/http.h>

#include "net/http_check.h"

struct event;
struct stack_st_X509;
struct evhttp_request;
struct http_guard;

struct acmems_http_request {
	uint64_t id;
	const char *method;
	char path[HTTP_CHECK_PATH_MAX + 1];
	struct acmems_http_header headers[HTTP_CHECK_HEADERS_MAX];
	size_t header_count;
	struct acmems_address peer;
	const struct stack_st_X509 *chain; /* of the client's certificate; NULL: none */
	const void *body;
	size_t body_len;
	/* the glue's */
	struct evhttp_request *evhttp;
	struct http_guard *guard;
	struct event *closed; /* tells that the client has left; NULL while nobody asked */
	bool unwatched; /* in the glue's list of those that wait for that event */
	struct acmems_http_request *next_unwatched, *previous_unwatched;
	/* the table's */
	acmems_callback *gone;
	void *gone_arg;
	struct acmems_task task;
	struct acmems_http_request *next_free;
};

/* A request with a number and nothing else; NULL without memory. */
struct acmems_http_request *http_request_add(void);

/* It is answered: the number is no more. */
void http_request_detach(struct acmems_http_request *request);

/* Its client is gone: the number is no more, and who asked for it is told from the loop. */
void http_request_gone(struct acmems_http_request *request);

/* Requests in the table. */
size_t http_request_count(void);

/* Frees the table, which must be empty; notices that are still posted are dropped. */
void http_request_fini(void);

#endif
