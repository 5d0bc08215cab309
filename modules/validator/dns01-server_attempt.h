/* SPDX-License-Identifier: ISC */
/*
 * dns01-server_attempt.h - a record on its way to being seen, and the instance it belongs to.
 *
 * A challenge's record lies either in a zone of ours, as _acme-challenge.NAME itself is delegated, or
 * where CNAMEs at _acme-challenge.NAME lead. It is published there at once. But whoever has asked for
 * the name just before may remember for the records' time to live that it was not there, and the CA's
 * resolvers are among those who ask: orders for one name come together, and a wildcard goes by the
 * name of its parent. So the CA is told when all who have asked before have forgotten.
 *
 * Life: begin -> the name is followed -> published -> others have forgotten -> the operation is
 * finished, and the attempt gone. What is published stays in the book until cleanup.
 */
#ifndef DNS01_SERVER_ATTEMPT_H
#define DNS01_SERVER_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/dns_server.h>
#include <acmems/module.h>
#include <acmems/validator.h>

#include "dns01-server_book.h"
#include "dns01-server_trail.h"
#include "dns01-server_zones.h"

#define DNS01_SERVER_ROOM "dns01-server"

struct dns01_server {
	struct acmems_instance self;
	struct acmems_list listen;
	struct acmems_list zone_names;
	struct acmems_list name_servers;
	struct acmems_list resolvers;
	char *mailbox;
	int64_t ttl_ms;
	int64_t timeout_ms;
	int challenge;
	/* from check or start on */
	struct dns01_server_zones zones;
	struct acmems_dns_server *server;
	struct dns01_server_book book;
	struct dns01_server_attempt *attempts;
};

struct dns01_server_attempt {
	struct dns01_server_attempt *next;
	struct dns01_server *server;
	uint64_t id; /* of the challenge */
	uint64_t op;
	struct dns01_server_trail *trail;
	struct acmems_timer *timer; /* until others have forgotten */
	char value[ACMEMS_CHALLENGE_TXT_MAX];
};

/*
 * Finishes operation `op` when the value is published where the name leads, and nobody who was told
 * otherwise remembers. False and *err: nothing was begun.
 */
bool dns01_server_attempt_begin(struct dns01_server *server, uint64_t op, uint64_t id,
	const char *name, const char *value, struct acmems_error *err);

/* Drops all that are left; their operations are not finished. */
void dns01_server_attempts_drop(struct dns01_server *server);

#endif
