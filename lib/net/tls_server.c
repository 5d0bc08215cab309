/* SPDX-License-Identifier: ISC */
/* tls_server.c - servers: who chooses, on some listeners. The newest that is open is asked first. */
#include "net/tls_server.h"

#include <stdlib.h>

#include <acmems/tls.h>

#include "net/tls_listener.h"

#define MAX_CONNECTIONS 256
#define DEADLINE_MS 10000

struct acmems_tls_server {
	struct acmems_tls_server *next; /* older */
	uint64_t number; /* higher is newer; never used again */
	struct tls_listener **listeners;
	size_t count;
	struct tls_limits limits;
	acmems_tls_choose *choose;
	void *arg;
	bool open;
};

static struct acmems_tls_server *servers; /* newest first */
static uint64_t last_number;

static bool listens_on(const struct acmems_tls_server *server, const struct tls_listener *listener)
{
	for (size_t i = 0; i < server->count; i++) {
		if (server->listeners[i] == listener)
			return true;
	}
	return false;
}

/* The newest that is open there and older than `number`. */
static struct acmems_tls_server *next_open(const struct tls_listener *listener, uint64_t number)
{
	for (struct acmems_tls_server *server = servers; server; server = server->next) {
		if (server->open && server->number < number && listens_on(server, listener))
			return server;
	}
	return NULL;
}

/* Who chooses may free servers, its own too: nothing but a number is kept over the call. */
static const struct acmems_tls_identity *offer(
	struct tls_listener *listener, const char *server_name, const struct acmems_address *peer)
{
	const struct acmems_tls_identity *identity = NULL;
	struct acmems_tls_server *server = next_open(listener, UINT64_MAX);

	while (server && !identity) {
		uint64_t number = server->number;

		identity = server->choose(server->arg, server_name, peer);
		server = next_open(listener, number);
	}
	return identity;
}

/* The bounds of an address are those of the newest open server on it. */
static void follow_newest(struct tls_listener *listener)
{
	const struct acmems_tls_server *server = next_open(listener, UINT64_MAX);

	if (server)
		tls_listener_limit(listener, &server->limits);
}

static bool listen_on(struct acmems_tls_server *server, const char *text, struct acmems_error *err)
{
	struct address_place places[ADDRESS_PLACES_MAX];
	size_t count = address_places_parse(text, places, err);

	for (size_t i = 0; i < count; i++) {
		struct tls_listener *listener =
			tls_listener_get(&places[i], &server->limits, offer, err);

		if (!listener)
			return false;
		server->listeners[server->count++] = listener;
	}
	return count > 0;
}

static struct tls_limits limits_of(const struct acmems_tls_server_config *config)
{
	unsigned max = config->max_connections ? config->max_connections : MAX_CONNECTIONS;

	return (struct tls_limits){
		.max_connections = max,
		.max_per_address =
			config->max_per_address ? config->max_per_address : (max + 3) / 4,
		.deadline_ms = config->deadline_ms > 0 ? config->deadline_ms : DEADLINE_MS,
	};
}

struct acmems_tls_server *acmems_tls_server_new(
	const struct acmems_tls_server_config *config, struct acmems_error *err)
{
	struct acmems_tls_server *server = calloc(1, sizeof(*server));
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
	server->choose = config->choose;
	server->arg = config->arg;
	server->number = ++last_number;
	server->next = servers;
	servers = server;
	for (size_t i = 0; i < texts; i++) {
		if (!listen_on(server, config->listen[i], err)) {
			acmems_tls_server_free(server);
			return NULL;
		}
	}
	return server;
}

void acmems_tls_server_open(struct acmems_tls_server *server)
{
	server->open = true;
	for (size_t i = 0; i < server->count; i++)
		follow_newest(server->listeners[i]);
}

void acmems_tls_server_free(struct acmems_tls_server *server)
{
	struct acmems_tls_server **link = &servers;

	if (!server)
		return;
	while (*link && *link != server)
		link = &(*link)->next;
	if (*link)
		*link = server->next;
	for (size_t i = 0; i < server->count; i++) {
		follow_newest(server->listeners[i]);
		tls_listener_put(server->listeners[i]);
	}
	free(server->listeners);
	free(server);
}

uint16_t tls_server_port(const struct acmems_tls_server *server, size_t index)
{
	return index < server->count ? tls_listener_port(server->listeners[index]) : 0;
}

size_t tls_server_connections(void)
{
	return tls_listener_connections();
}

void tls_server_fini(void)
{
	tls_listener_fini();
}
