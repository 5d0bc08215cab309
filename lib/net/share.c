/* SPDX-License-Identifier: ISC */
/* share.c - the tables of servers and of listening addresses. */
#include "net/share.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- listeners ---- */

static void listener_free(struct share_listener *listener)
{
	struct share_listener **link = &listener->share->listeners;

	while (*link && *link != listener)
		link = &(*link)->next;
	if (*link)
		*link = listener->next;
	if (listener->users > 0) {
		listen_remove(&listener->socket);
		listener->share->kind->stop(listener);
	}
	listener->share->kind->end(listener);
	/* posted by the last connection on its way out */
	acmems_task_cancel(&listener->over);
	free(listener);
}

static void on_over(void *arg)
{
	listener_free(arg);
}

void share_emptied(struct share_listener *listener)
{
	if (listener->users == 0)
		acmems_task_post(&listener->over, on_over, listener);
}

static struct share_listener *find_open(
	const struct share *share, const struct address_place *place)
{
	for (struct share_listener *listener = share->listeners; listener;
		listener = listener->next) {
		/* port 0 is nobody's true one, and so asks for a port of one's own each time */
		if (listener->users > 0 && strcmp(listener->socket.place.text, place->text) == 0)
			return listener;
	}
	return NULL;
}

static struct share_listener *listener_new(struct share *share, const struct share_server *server,
	const struct address_place *place, struct acmems_error *err)
{
	struct share_listener *listener = calloc(1, share->kind->listener_size);

	if (!listener) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to listen on %s", place->text);
		return NULL;
	}
	listener->share = share;
	listener->users = 1;
	if (!listen_open(place, &listener->socket, err)) {
		free(listener);
		return NULL;
	}
	if (!share->kind->begin(listener, server, err)) {
		listen_remove(&listener->socket);
		close(listener->socket.fd);
		free(listener);
		return NULL;
	}
	listener->next = share->listeners;
	share->listeners = listener;
	return listener;
}

static void listener_put(struct share_listener *listener)
{
	const struct share_kind *kind = listener->share->kind;

	if (--listener->users > 0)
		return;
	listen_remove(&listener->socket);
	kind->stop(listener);
	if (kind->connections(listener) == 0)
		share_emptied(listener);
}

/* ---- servers ---- */

static bool listens_on(const struct share_server *server, const struct share_listener *listener)
{
	for (size_t i = 0; i < server->count; i++) {
		if (server->listeners[i] == listener)
			return true;
	}
	return false;
}

struct share_server *share_next(const struct share_listener *listener, uint64_t number)
{
	for (struct share_server *server = listener->share->servers; server;
		server = server->next) {
		if (server->open && server->number < number && listens_on(server, listener))
			return server;
	}
	return NULL;
}

static void follow_newest(struct share_listener *listener)
{
	const struct share_server *server = share_next(listener, UINT64_MAX);

	if (server)
		listener->share->kind->follow(listener, server);
}

static bool listen_on(struct share *share, struct share_server *server, const char *text,
	struct acmems_error *err)
{
	struct address_place places[ADDRESS_PLACES_MAX];
	size_t count = address_places_parse(text, places, err);

	for (size_t i = 0; i < count; i++) {
		struct share_listener *listener = find_open(share, &places[i]);

		if (listener)
			listener->users++;
		else
			listener = listener_new(share, server, &places[i], err);
		if (!listener)
			return false;
		server->listeners[server->count++] = listener;
	}
	return count > 0;
}

bool share_enter(struct share *share, struct share_server *server, char *const *listen,
	struct acmems_error *err)
{
	size_t texts = 0;

	server->number = ++share->last_number;
	server->next = share->servers;
	share->servers = server;
	while (listen && listen[texts])
		texts++;
	server->listeners = calloc(texts * ADDRESS_PLACES_MAX + 1, sizeof(*server->listeners));
	if (!server->listeners)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a listener");
	for (size_t i = 0; i < texts; i++) {
		if (!listen_on(share, server, listen[i], err))
			return false;
	}
	return true;
}

void share_open(struct share_server *server)
{
	server->open = true;
	for (size_t i = 0; i < server->count; i++)
		follow_newest(server->listeners[i]);
}

void share_leave(struct share *share, struct share_server *server)
{
	struct share_server **link = &share->servers;

	while (*link && *link != server)
		link = &(*link)->next;
	if (*link)
		*link = server->next;
	for (size_t i = 0; i < server->count; i++) {
		follow_newest(server->listeners[i]);
		listener_put(server->listeners[i]);
	}
	free(server->listeners);
	server->listeners = NULL;
	server->count = 0;
}

uint16_t share_port(const struct share_server *server, size_t index)
{
	return index < server->count ? listen_port(&server->listeners[index]->socket) : 0;
}

size_t share_connections(const struct share *share)
{
	size_t count = 0;

	for (const struct share_listener *listener = share->listeners; listener;
		listener = listener->next)
		count += share->kind->connections(listener);
	return count;
}

void share_fini(struct share *share)
{
	while (share->listeners)
		listener_free(share->listeners);
}
