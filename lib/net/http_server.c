/* SPDX-License-Identifier: ISC */
/* http_server.c - servers: a handler on some listeners, which share.c keeps. */
#include "net/http_server.h"

#include <stdlib.h>

#include <acmems/http.h>

#include "net/http_evhttp.h"
#include "net/http_request.h"
#include "net/http_terms.h"
#include "net/share.h"

#define MAX_CONNECTIONS 4096
#define MAX_PER_ADDRESS 1024
#define DEADLINE_MS 10000

struct acmems_http_server {
	struct share_server share; /* first */
	struct http_limits limits;
	struct http_terms *terms; /* NULL: takes what the address has */
	acmems_http_handler *handler;
	void *arg;
};

struct http_listener {
	struct share_listener share; /* first */
	struct http_evhttp *http;
	struct http_door door;
};

static const struct share_kind kind;
static struct share all = {.kind = &kind};

static struct acmems_http_server *next_open(const struct http_listener *listener, uint64_t number)
{
	return (struct acmems_http_server *)share_next(&listener->share, number);
}

/* A handler may free servers, its own too: nothing but a number is kept over its call. */
static enum acmems_http_taken offer(
	struct http_listener *listener, struct acmems_http_request *request)
{
	uint64_t id = acmems_http_request_id(request);
	struct acmems_http_server *server = next_open(listener, UINT64_MAX);

	while (server) {
		uint64_t number = server->share.number;

		/* who replies and declines in one has taken it all the same */
		if (server->handler(server->arg, request) == ACMEMS_HTTP_TAKEN ||
			!acmems_http_request_find(id))
			return ACMEMS_HTTP_TAKEN;
		server = next_open(listener, number);
	}
	return ACMEMS_HTTP_DECLINED;
}

static void on_request(void *arg, struct acmems_http_request *request)
{
	uint64_t id = acmems_http_request_id(request);

	if (offer(arg, request) == ACMEMS_HTTP_DECLINED)
		http_evhttp_refuse(id, 404, "there is nothing here");
}

static void on_empty(void *arg)
{
	struct http_listener *listener = arg;

	share_emptied(&listener->share);
}

/* ---- listeners ---- */

static bool begin(
	struct share_listener *share, const struct share_server *first, struct acmems_error *err)
{
	struct http_listener *listener = (struct http_listener *)share;
	const struct acmems_http_server *server = (const struct acmems_http_server *)first;

	listener->door.limits = server->limits;
	listener->door.name = share->socket.place.text;
	listener->door.empty = on_empty;
	listener->door.arg = listener;
	listener->http = http_evhttp_new(share->socket.fd, &listener->door, on_request, err);
	if (!listener->http)
		return false;
	listener->door.terms = http_terms_hold(server->terms);
	return true;
}

static void stop(struct share_listener *share)
{
	http_evhttp_stop(((struct http_listener *)share)->http);
}

static void end(struct share_listener *share)
{
	struct http_listener *listener = (struct http_listener *)share;

	http_evhttp_free(listener->http);
	http_terms_drop(listener->door.terms);
}

static struct http_terms *newest_terms(const struct http_listener *listener)
{
	const struct acmems_http_server *server = next_open(listener, UINT64_MAX);

	while (server && !server->terms)
		server = next_open(listener, server->share.number);
	return server ? server->terms : NULL;
}

static void follow(struct share_listener *share, const struct share_server *newest)
{
	struct http_listener *listener = (struct http_listener *)share;
	struct http_terms *old = listener->door.terms;

	listener->door.limits = ((const struct acmems_http_server *)newest)->limits;
	listener->door.terms = http_terms_hold(newest_terms(listener));
	http_terms_drop(old);
	http_evhttp_update(listener->http);
}

static size_t connections(const struct share_listener *share)
{
	return ((const struct http_listener *)share)->door.count;
}

static const struct share_kind kind = {
	.listener_size = sizeof(struct http_listener),
	.begin = begin,
	.stop = stop,
	.end = end,
	.follow = follow,
	.connections = connections,
};

/* ---- servers ---- */

static struct http_limits limits_of(const struct acmems_http_server_config *config)
{
	return (struct http_limits){
		.max_body = config->max_body,
		.max_connections =
			config->max_connections ? config->max_connections : MAX_CONNECTIONS,
		.max_per_address =
			config->max_per_address ? config->max_per_address : MAX_PER_ADDRESS,
		.deadline_ms = config->deadline_ms > 0 ? config->deadline_ms : DEADLINE_MS,
	};
}

struct acmems_http_server *http_server_new(const struct acmems_http_server_config *config,
	struct http_terms *terms, struct acmems_error *err)
{
	struct acmems_http_server *server = calloc(1, sizeof(*server));

	if (!server) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a listener");
		return NULL;
	}
	server->limits = limits_of(config);
	server->terms = http_terms_hold(terms);
	server->handler = config->handler;
	server->arg = config->arg;
	if (share_enter(&all, &server->share, config->listen, err))
		return server;
	acmems_http_server_free(server);
	return NULL;
}

struct acmems_http_server *acmems_http_server_new(
	const struct acmems_http_server_config *config, struct acmems_error *err)
{
	return http_server_new(config, NULL, err);
}

void acmems_http_server_open(struct acmems_http_server *server)
{
	share_open(&server->share);
}

void acmems_http_server_free(struct acmems_http_server *server)
{
	if (!server)
		return;
	share_leave(&all, &server->share);
	http_terms_drop(server->terms);
	free(server);
}

uint16_t http_server_port(const struct acmems_http_server *server, size_t index)
{
	return share_port(&server->share, index);
}

size_t http_server_pending(void)
{
	return http_request_count();
}

size_t http_server_connections(void)
{
	return share_connections(&all);
}

void http_server_fini(void)
{
	share_fini(&all);
	http_request_fini();
}
