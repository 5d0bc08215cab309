/* SPDX-License-Identifier: ISC */
/* tls_server.c - servers: who chooses, on some listeners, which share.c keeps. */
#include "net/tls_server.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <acmems/tls.h>

#include "net/acceptor.h"
#include "net/share.h"
#include "net/tls_handshake.h"

#define MAX_CONNECTIONS 256
#define DEADLINE_MS 10000

struct acmems_tls_server {
	struct share_server share; /* first */
	const char *room; /* while it is being made */
	struct tls_limits limits;
	acmems_tls_choose *choose;
	void *arg;
};

struct tls_listener {
	struct share_listener share; /* first */
	struct acceptor acceptor;
	struct tls_door door;
	char room[32]; /* of the first server */
};

static const struct share_kind kind;
static struct share all = {.kind = &kind};

static struct acmems_tls_server *next_open(const struct tls_listener *listener, uint64_t number)
{
	return (struct acmems_tls_server *)share_next(&listener->share, number);
}

/* Who chooses may free servers, its own too: nothing but a number is kept over the call. */
static const struct acmems_tls_identity *offer(
	void *arg, const char *server_name, const struct acmems_address *peer)
{
	const struct acmems_tls_identity *identity = NULL;
	struct acmems_tls_server *server = next_open(arg, UINT64_MAX);

	while (server && !identity) {
		uint64_t number = server->share.number;

		identity = server->choose(server->arg, server_name, peer);
		server = next_open(arg, number);
	}
	return identity;
}

static void on_empty(void *arg)
{
	struct tls_listener *listener = arg;

	share_emptied(&listener->share);
}

/* ---- listeners ---- */

static void take(void *arg, int fd, const struct acmems_address *peer)
{
	tls_handshake_start(arg, fd, peer);
}

static bool begin(
	struct share_listener *share, const struct share_server *first, struct acmems_error *err)
{
	struct tls_listener *listener = (struct tls_listener *)share;
	const struct acmems_tls_server *server = (const struct acmems_tls_server *)first;

	snprintf(listener->room, sizeof(listener->room), "%s", server->room);
	listener->door = (struct tls_door){
		.limits = server->limits,
		.room = listener->room,
		.name = share->socket.place.text,
		.context = tls_hello_context(err),
		.choose = offer,
		.empty = on_empty,
		.arg = listener,
	};
	listener->acceptor = (struct acceptor){
		.fd = share->socket.fd,
		.room = listener->room,
		.name = share->socket.place.text,
		.take = take,
		.arg = &listener->door,
	};
	if (!listener->door.context)
		return false;
	if (acceptor_begin(&listener->acceptor, err))
		return true;
	SSL_CTX_free(listener->door.context);
	return false;
}

static void stop(struct share_listener *share)
{
	acceptor_stop(&((struct tls_listener *)share)->acceptor);
	close(share->socket.fd);
}

static void end(struct share_listener *share)
{
	struct tls_listener *listener = (struct tls_listener *)share;

	tls_door_cut(&listener->door);
	SSL_CTX_free(listener->door.context);
}

static void follow(struct share_listener *share, const struct share_server *newest)
{
	((struct tls_listener *)share)->door.limits =
		((const struct acmems_tls_server *)newest)->limits;
}

static size_t connections(const struct share_listener *share)
{
	return ((const struct tls_listener *)share)->door.count;
}

static const struct share_kind kind = {
	.listener_size = sizeof(struct tls_listener),
	.begin = begin,
	.stop = stop,
	.end = end,
	.follow = follow,
	.connections = connections,
};

/* ---- servers ---- */

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

	if (!server) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a listener");
		return NULL;
	}
	server->room = config->room;
	server->limits = limits_of(config);
	server->choose = config->choose;
	server->arg = config->arg;
	if (share_enter(&all, &server->share, config->listen, err)) {
		server->room = NULL;
		return server;
	}
	acmems_tls_server_free(server);
	return NULL;
}

void acmems_tls_server_open(struct acmems_tls_server *server)
{
	share_open(&server->share);
}

void acmems_tls_server_free(struct acmems_tls_server *server)
{
	if (!server)
		return;
	share_leave(&all, &server->share);
	free(server);
}

uint16_t tls_server_port(const struct acmems_tls_server *server, size_t index)
{
	return share_port(&server->share, index);
}

size_t tls_server_connections(void)
{
	return share_connections(&all);
}

void tls_server_fini(void)
{
	share_fini(&all);
}
