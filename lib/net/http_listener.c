/* SPDX-License-Identifier: ISC */
/* http_listener.c - the table of listening addresses. */
#include "net/http_listener.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <acmems/loop.h>

#include "net/http_evhttp.h"
#include "net/http_request.h"
#include "net/listen.h"

struct http_listener {
	struct http_listener *next;
	struct listen_socket socket;
	struct http_evhttp *http;
	struct http_door door;
	struct acmems_task over;
	http_listener_offer *offer;
	unsigned users;
};

static struct http_listener *listeners;

static void listener_free(struct http_listener *listener)
{
	struct http_listener **link = &listeners;

	while (*link && *link != listener)
		link = &(*link)->next;
	if (*link)
		*link = listener->next;
	if (listener->users > 0)
		listen_remove(&listener->socket);
	http_evhttp_free(listener->http);
	/* posted by the last guard on its way out */
	acmems_task_cancel(&listener->over);
	free(listener);
}

static void on_over(void *arg)
{
	listener_free(arg);
}

/* The last connection went: when nobody listens any more, this is the end. */
static void on_empty(void *arg)
{
	struct http_listener *listener = arg;

	if (listener->users == 0)
		acmems_task_post(&listener->over, on_over, listener);
}

static void on_request(void *arg, struct acmems_http_request *request)
{
	struct http_listener *listener = arg;
	uint64_t id = acmems_http_request_id(request);

	if (listener->offer(listener, request) == ACMEMS_HTTP_DECLINED)
		http_evhttp_refuse(id, 404, "there is nothing here");
}

static struct http_listener *find_open(const struct address_place *place)
{
	for (struct http_listener *listener = listeners; listener; listener = listener->next) {
		/* port 0 is nobody's true one, and so asks for a port of one's own each time */
		if (listener->users > 0 && strcmp(listener->socket.place.text, place->text) == 0)
			return listener;
	}
	return NULL;
}

static struct http_listener *listener_new(const struct address_place *place,
	const struct http_limits *limits, http_listener_offer *offer, struct acmems_error *err)
{
	struct http_listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to listen on %s", place->text);
		return NULL;
	}
	listener->offer = offer;
	listener->users = 1;
	listener->door.limits = *limits;
	listener->door.name = listener->socket.place.text;
	listener->door.empty = on_empty;
	listener->door.arg = listener;
	if (!listen_open(place, &listener->socket, err)) {
		free(listener);
		return NULL;
	}
	listener->http = http_evhttp_new(listener->socket.fd, &listener->door, on_request, err);
	if (!listener->http) {
		close(listener->socket.fd);
		listen_remove(&listener->socket);
		free(listener);
		return NULL;
	}
	return listener;
}

struct http_listener *http_listener_get(const struct address_place *place,
	const struct http_limits *limits, http_listener_offer *offer, struct acmems_error *err)
{
	struct http_listener *listener = find_open(place);

	if (listener) {
		listener->users++;
		return listener;
	}
	listener = listener_new(place, limits, offer, err);
	if (!listener)
		return NULL;
	listener->next = listeners;
	listeners = listener;
	return listener;
}

void http_listener_put(struct http_listener *listener)
{
	if (--listener->users > 0)
		return;
	listen_remove(&listener->socket);
	http_evhttp_stop(listener->http);
	if (listener->door.count == 0)
		on_empty(listener);
}

void http_listener_limit(struct http_listener *listener, const struct http_limits *limits)
{
	listener->door.limits = *limits;
	http_evhttp_update(listener->http);
}

uint16_t http_listener_port(const struct http_listener *listener)
{
	return listen_port(&listener->socket);
}

size_t http_listener_connections(void)
{
	size_t count = 0;

	for (struct http_listener *listener = listeners; listener; listener = listener->next)
		count += listener->door.count;
	return count;
}

void http_listener_fini(void)
{
	while (listeners)
		listener_free(listeners);
	http_request_fini();
}
