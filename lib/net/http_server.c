/* SPDX-License-Identifier: ISC */
/* http_server.c - servers: a handler on some listeners. The newest that is open is asked first. */
#include "net/http_server.h"

#include <stdlib.h>

#include <acmems/http.h>

#include "net/http_listener.h"
#include "net/http_request.h"

#define MAX_CONNECTIONS 4096
#define MAX_PER_ADDRESS 1024
#define DEADLINE_MS 10000

struct acmems_http_server {
	struct acmems_http_server *next; /* older */
	uint64_t number; /* higher is newer; never used again */
	struct http_listener **listeners;
	size_t count;
	struct http_limits limits;
	acmems_http_handler *handler;
	void *arg;
	bool open;
};

static struct acmems_http_server *servers; /* newest first */
static uint64_t last_number;

static bool listens_on(
	const struct acmems_http_server *server, const struct http_listener *listener)
{
	for (size_t i = 0; i < server->count; i++) {
		if (server->listeners[i] == listener)
			return true;
	}
	return false;
}

/* The newest that is open there and older than `number`. */
static struct acmems_http_server *next_open(const struct http_listener *listener, uint64_t number)
{
	for (struct acmems_http_server *server = servers; server; server = server->next) {
		if (server->open && server->number < number && listens_on(server, listener))
			return server;
	}
	return NULL;
}

/* A handler may free servers, its own too: nothing but a number is kept over its call. */
static enum acmems_http_taken offer(
	struct http_listener *listener, struct acmems_http_request *request)
{
	uint64_t id = acmems_http_request_id(request);
	uint64_t number = UINT64_MAX;
	struct acmems_http_server *server = next_open(listener, number);

	while (server) {
		number = server->number;
		/* who replies and declines in one has taken it all the same */
		if (server->handler(server->arg, request) == ACMEMS_HTTP_TAKEN ||
			!acmems_http_request_find(id))
			return ACMEMS_HTTP_TAKEN;
		server = next_open(listener, number);
	}
	return ACMEMS_HTTP_DECLINED;
}

/* The bounds of an address are those of the newest open server on it. */
static void follow_newest(struct http_listener *listener)
{
	const struct acmems_http_server *server = next_open(listener, UINT64_MAX);

	if (server)
		http_listener_limit(listener, &server->limits);
}

static bool listen_on(struct acmems_http_server *server, const char *text, struct acmems_error *err)
{
	struct address_place places[ADDRESS_PLACES_MAX];
	size_t count = address_places_parse(text, places, err);

	for (size_t i = 0; i < count; i++) {
		struct http_listener *listener =
			http_listener_get(&places[i], &server->limits, offer, err);

		if (!listener)
			return false;
		server->listeners[server->count++] = listener;
	}
	return count > 0;
}

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

struct acmems_http_server *acmems_http_server_new(
	const struct acmems_http_server_config *config, struct acmems_error *err)
{
	struct acmems_http_server *server = calloc(1, sizeof(*server));
	size_t texts = 0;

	while (config->listen && config->listen[texts])
		texts++;
	if (server)
		server->listeners =
			calloc(texts * ADDRESS_PLACES_MAX + 1, sizeof(*server->listeners));
	if (!server || !server->listeners) {
		free(server);
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a listener");
		return NULL;
	}
	server->limits = limits_of(config);
	server->handler = config->handler;
	server->arg = config->arg;
	server->number = ++last_number;
	server->next = servers;
	servers = server;
	for (size_t i = 0; i < texts; i++) {
		if (!listen_on(server, config->listen[i], err)) {
			acmems_http_server_free(server);
			return NULL;
		}
	}
	return server;
}

void acmems_http_server_open(struct acmems_http_server *server)
{
	server->open = true;
	for (size_t i = 0; i < server->count; i++)
		follow_newest(server->listeners[i]);
}

void acmems_http_server_free(struct acmems_http_server *server)
{
	struct acmems_http_server **link = &servers;

	if (!server)
		return;
	while (*link && *link != server)
		link = &(*link)->next;
	if (*link)
		*link = server->next;
	for (size_t i = 0; i < server->count; i++) {
		follow_newest(server->listeners[i]);
		http_listener_put(server->listeners[i]);
	}
	free(server->listeners);
	free(server);
}

uint16_t http_server_port(const struct acmems_http_server *server, size_t index)
{
	return index < server->count ? http_listener_port(server->listeners[index]) : 0;
}

size_t http_server_pending(void)
{
	return http_request_count();
}

size_t http_server_connections(void)
{
	return http_listener_connections();
}

void http_server_fini(void)
{
	http_listener_fini();
}
