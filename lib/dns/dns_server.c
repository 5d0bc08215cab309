/* SPDX-License-Identifier: ISC */
/*
 * dns_server.c - servers: zones and who knows their values, on some addresses, which share.c keeps.
 *
 * The newest server that has a question's zone says what the zone is. Values come from all that have
 * it, so that orders of an old configuration go on beside those of a new one, even at one name.
 */
#include "dns/dns_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <acmems/dns.h>
#include <acmems/dns_server.h>
#include <acmems/log.h>
#include <acmems/loop.h>

#include "dns/answer.h"
#include "dns/reply.h"
#include "dns/tcp_door.h"
#include "dns/told.h"
#include "dns/udp_door.h"
#include "dns/zone.h"
#include "net/acceptor.h"
#include "net/share.h"

static const struct tcp_limits limits = {
	.max_connections = 256, .max_per_address = 64, .idle_ms = 10000};

struct acmems_dns_server {
	struct share_server share; /* first */
	const char *room; /* while it is being made */
	struct zone *zones;
	size_t zone_count;
	acmems_dns_handler *handler;
	void *arg;
};

/* One address, both protocols. */
struct dns_listener {
	struct share_listener share; /* first; TCP */
	struct answer_house house;
	struct acceptor acceptor;
	struct tcp_door tcp;
	struct udp_door udp;
	struct told told;
	char room[32]; /* of the first server */
};

static const struct share_kind kind;
static struct share all = {.kind = &kind};

/* ---- answering ---- */

static const struct acmems_dns_server *next_open(
	const struct dns_listener *listener, uint64_t number)
{
	return (const struct acmems_dns_server *)share_next(&listener->share, number);
}

static const struct zone *find_zone(
	const struct acmems_dns_server *server, const struct zone_name *name)
{
	return zone_around(server->zones, server->zone_count, name->bytes, name->len);
}

static const struct zone *zone_of(
	void *arg, const struct zone_name *name, const struct acmems_address *peer)
{
	const struct dns_listener *listener = arg;
	const struct acmems_dns_server *server = next_open(listener, UINT64_MAX);
	char text[ACMEMS_DNS_NAME_MAX], from[ACMEMS_ADDRESS_TEXT_MAX];

	for (; server; server = next_open(listener, server->share.number)) {
		const struct zone *zone = find_zone(server, name);

		if (zone)
			return zone;
	}
	if (acmems_log_enabled(ACMEMS_LOG_DEBUG)) {
		wire_name_text(name->bytes, name->len, text);
		acmems_log(ACMEMS_LOG_DEBUG, listener->room, listener->share.socket.place.text,
			"%s asks for %s, which is in none of the zones here",
			acmems_address_text(peer, from), text);
	}
	return NULL;
}

static bool values_of(void *arg, const struct acmems_address *peer, struct acmems_dns_reply *reply)
{
	struct dns_listener *listener = arg;
	const struct acmems_dns_server *server = next_open(listener, UINT64_MAX);
	char name[ACMEMS_DNS_NAME_MAX];
	bool exists = false;

	wire_name_text(reply->name.bytes, reply->name.len, name);
	told_mark(&listener->told, name, acmems_clock_ms());
	for (; server; server = next_open(listener, server->share.number)) {
		if (find_zone(server, &reply->name))
			exists |= server->handler(server->arg, name, peer, reply);
	}
	return exists;
}

/* ---- listeners ---- */

static void take(void *arg, int fd, const struct acmems_address *peer)
{
	tcp_door_take(arg, fd, peer);
}

static bool begin(
	struct share_listener *share, const struct share_server *first, struct acmems_error *err)
{
	struct dns_listener *listener = (struct dns_listener *)share;
	const struct acmems_dns_server *server = (const struct acmems_dns_server *)first;
	const char *name = share->socket.place.text;

	snprintf(listener->room, sizeof(listener->room), "%s", server->room);
	listener->house =
		(struct answer_house){.zone_of = zone_of, .values_of = values_of, .arg = listener};
	listener->tcp = (struct tcp_door){
		.limits = limits, .room = listener->room, .name = name, .house = &listener->house};
	listener->acceptor = (struct acceptor){.fd = share->socket.fd,
		.room = listener->room,
		.name = name,
		.take = take,
		.arg = &listener->tcp};
	if (!udp_door_open(&listener->udp, &share->socket.place, &listener->house, err))
		return false;
	if (acceptor_begin(&listener->acceptor, err))
		return true;
	udp_door_close(&listener->udp);
	return false;
}

/* Nobody is left who could answer, so connections go too. */
static void stop(struct share_listener *share)
{
	struct dns_listener *listener = (struct dns_listener *)share;

	acceptor_stop(&listener->acceptor);
	close(share->socket.fd);
	udp_door_close(&listener->udp);
	tcp_door_cut(&listener->tcp);
}

static void end(struct share_listener *share)
{
	(void)share;
}

static void follow(struct share_listener *share, const struct share_server *newest)
{
	(void)share;
	(void)newest;
}

static size_t connections(const struct share_listener *share)
{
	return ((const struct dns_listener *)share)->tcp.count;
}

static const struct share_kind kind = {
	.listener_size = sizeof(struct dns_listener),
	.begin = begin,
	.stop = stop,
	.end = end,
	.follow = follow,
	.connections = connections,
};

/* ---- servers ---- */

static bool set_up(struct acmems_dns_server *server, const struct acmems_dns_server_config *config,
	struct acmems_error *err)
{
	server->zones = calloc(config->zone_count + 1, sizeof(*server->zones));
	if (!server->zones)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a name server");
	for (size_t i = 0; i < config->zone_count; i++) {
		server->zone_count++;
		if (!zone_init(&server->zones[i], &config->zones[i], config->ttl, err))
			return false;
	}
	return share_enter(&all, &server->share, config->listen, err);
}

struct acmems_dns_server *acmems_dns_server_new(
	const struct acmems_dns_server_config *config, struct acmems_error *err)
{
	struct acmems_dns_server *server = calloc(1, sizeof(*server));

	if (!server) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a name server");
		return NULL;
	}
	server->room = config->room;
	server->handler = config->handler;
	server->arg = config->arg;
	if (set_up(server, config, err)) {
		server->room = NULL;
		return server;
	}
	acmems_dns_server_free(server);
	return NULL;
}

void acmems_dns_server_open(struct acmems_dns_server *server)
{
	share_open(&server->share);
}

void acmems_dns_server_free(struct acmems_dns_server *server)
{
	if (!server)
		return;
	share_leave(&all, &server->share);
	for (size_t i = 0; i < server->zone_count; i++)
		zone_fini(&server->zones[i]);
	free(server->zones);
	free(server);
}

int64_t acmems_dns_server_told(const struct acmems_dns_server *server, const char *name)
{
	int64_t last = 0;

	for (size_t i = 0; i < server->share.count; i++) {
		const struct dns_listener *listener =
			(const struct dns_listener *)server->share.listeners[i];
		int64_t at_ms = told_last(&listener->told, name);

		if (at_ms > last)
			last = at_ms;
	}
	return last;
}

uint16_t dns_server_port(const struct acmems_dns_server *server, size_t index)
{
	return share_port(&server->share, index);
}

size_t dns_server_connections(void)
{
	return share_connections(&all);
}

void dns_server_fini(void)
{
	share_fini(&all);
}
