/* SPDX-License-Identifier: ISC */
/* dns01-server_attempt.c - follows, publishes, waits. */
#include "dns01-server_attempt.h"

#include <stdlib.h>
#include <string.h>

/* From our answer until it is remembered elsewhere. */
#define ON_THE_WAY_MS 500

static void drop(struct dns01_server_attempt *attempt)
{
	struct dns01_server_attempt **link = &attempt->server->attempts;

	while (*link && *link != attempt)
		link = &(*link)->next;
	if (*link)
		*link = attempt->next;
	dns01_server_trail_free(attempt->trail);
	acmems_timer_free(attempt->timer);
	free(attempt);
}

void dns01_server_attempts_drop(struct dns01_server *server)
{
	while (server->attempts)
		drop(server->attempts);
}

static void finish(struct dns01_server_attempt *attempt, const struct acmems_error *err)
{
	uint64_t op = attempt->op;

	drop(attempt);
	acmems_op_finish(op, err);
}

static void on_cancel(void *arg)
{
	drop(arg);
}

static void on_forgotten(void *arg)
{
	finish(arg, NULL);
}

/* How long somebody may still remember what was told before now. */
static int64_t forgetting_ms(const struct dns01_server *server, const char *name)
{
	int64_t told = acmems_dns_server_told(server->server, name);

	/* what may not be remembered has been on its way for too long when the CA asks */
	if (told == 0 || server->ttl_ms < 1000)
		return 0;
	return told + server->ttl_ms + ON_THE_WAY_MS - acmems_clock_ms();
}

/* False and *err: it is not published. */
static bool publish(
	struct dns01_server_attempt *attempt, const char *name, struct acmems_error *err)
{
	struct dns01_server *server = attempt->server;
	int64_t wait_ms = forgetting_ms(server, name);

	if (!dns01_server_book_add(&server->book, attempt->id, name, attempt->value, err))
		return false;
	acmems_log(ACMEMS_LOG_DEBUG, DNS01_SERVER_ROOM, server->self.name, "published at %s%s",
		name, wait_ms > 0 ? ", which resolvers may remember otherwise for a moment" : "");
	acmems_timer_start(attempt->timer, wait_ms);
	return true;
}

static void on_arrived(void *arg, const char *name, const struct acmems_error *err)
{
	struct dns01_server_attempt *attempt = arg;
	struct acmems_error why = {0};

	attempt->trail = NULL;
	if (err)
		finish(attempt, err);
	else if (!publish(attempt, name, &why))
		finish(attempt, &why);
}

static bool follow(struct dns01_server_attempt *attempt, const char *name, struct acmems_error *err)
{
	struct dns01_server *server = attempt->server;
	struct dns01_server_trail_config config = {.name = name,
		.zones = &server->zones,
		.resolvers = server->resolvers.count > 0 ? server->resolvers.items : NULL,
		.timeout_ms = server->timeout_ms,
		.done = on_arrived,
		.arg = attempt};

	attempt->trail = dns01_server_trail_start(&config, err);
	return attempt->trail != NULL;
}

bool dns01_server_attempt_begin(struct dns01_server *server, uint64_t op, uint64_t id,
	const char *name, const char *value, struct acmems_error *err)
{
	struct dns01_server_attempt *attempt = calloc(1, sizeof(*attempt));
	bool begun;

	if (!attempt)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to publish a value");
	*attempt = (struct dns01_server_attempt){.next = server->attempts,
		.server = server,
		.id = id,
		.op = op,
		.timer = acmems_timer_new(on_forgotten, attempt)};
	server->attempts = attempt;
	memcpy(attempt->value, value, strlen(value) + 1);
	if (!attempt->timer)
		begun = acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to publish a value");
	else if (dns01_server_zones_hold(&server->zones, name))
		begun = publish(attempt, name, err);
	else
		begun = follow(attempt, name, err);
	if (begun)
		acmems_op_on_cancel(op, on_cancel, attempt);
	else
		drop(attempt);
	return begun;
}
