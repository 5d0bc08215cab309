/* SPDX-License-Identifier: ISC */
/*
 * tour.c - server after server, address after address.
 *
 * A step is posted, never called from inside another, so that servers that fail at once do not pile
 * up on the stack. What each of them did is kept for the error at the end.
 */
#include "dns/tour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/log.h>
#include <acmems/loop.h>

#include "base/str.h"
#include "dns/exchange.h"
#include "dns/server_name.h"
#include "net/resolver.h"

#define ROOM "dns"
#define SERVERS_MAX 32
#define ADDRESSES_MAX 16
#define REPORT_MAX 420
#define PART_MAX_MS 10000 /* of one that others stand behind */
#define ROUNDS_MAX 4 /* of one address, by TOUR_AGAIN */

struct tour {
	struct tour *next;
	uint64_t id;
	struct tour_config config;
	struct server_name *servers; /* those not known by address yet */
	size_t server_count;
	size_t server; /* the next one to be looked up */
	struct acmems_address addresses[ADDRESSES_MAX];
	size_t address_count;
	size_t address; /* the one that is asked */
	unsigned rounds;
	int64_t end_ms;
	uint64_t lookup;
	struct exchange *exchange;
	struct acmems_task task;
	struct str report;
	enum acmems_code code; /* of the last fault */
};

static struct {
	struct tour *first;
	uint64_t last_id;
} tours;

static void unlink_tour(struct tour *tour)
{
	struct tour **link = &tours.first;

	while (*link && *link != tour)
		link = &(*link)->next;
	if (*link)
		*link = tour->next;
}

static void free_tour(struct tour *tour)
{
	resolver_cancel(tour->lookup);
	exchange_free(tour->exchange);
	acmems_task_cancel(&tour->task);
	str_fini(&tour->report);
	free(tour->servers);
	free(tour);
}

static void finish(struct tour *tour, const struct acmems_error *err)
{
	struct tour_config config = tour->config;

	unlink_tour(tour);
	free_tour(tour);
	config.done(config.arg, err);
	config.release(config.arg);
}

/* Nobody is left to be asked. */
static void give_up(struct tour *tour)
{
	const char *report = str_text(&tour->report);
	struct acmems_error err = {0};

	acmems_error_set(&err, tour->code == ACMEMS_OK ? ACMEMS_TIMEOUT : tour->code, "%s",
		!report   ? "no memory to say what the servers did"
		: *report ? report
			  : "no time was left to ask a server");
	finish(tour, &err);
}

static void note(struct tour *tour, const char *server, const struct acmems_error *err)
{
	acmems_log(ACMEMS_LOG_DEBUG, ROOM, NULL, "%s: %s", server, err->message);
	tour->code = err->code;
	if (tour->report.len + strlen(server) + strlen(err->message) + 4 > REPORT_MAX) {
		if (tour->report.len > 0)
			return;
	}
	str_addf(&tour->report, "%s%s: %.300s", tour->report.len > 0 ? "; " : "", server,
		err->message);
}

static void step(void *arg);

static void soon(struct tour *tour)
{
	acmems_task_post(&tour->task, step, tour);
}

static int64_t left_ms(const struct tour *tour)
{
	return tour->end_ms - acmems_clock_ms();
}

/* A fair part of what is left for the one whose turn it is. */
static int64_t part_ms(const struct tour *tour)
{
	size_t waiting = tour->server_count - tour->server;
	int64_t part;

	waiting += tour->address < tour->address_count ? tour->address_count - tour->address : 0;
	part = left_ms(tour) / (int64_t)(waiting > 0 ? waiting : 1);
	if (waiting > 1 && part > PART_MAX_MS)
		part = PART_MAX_MS;
	return part > 0 ? part : 1;
}

static void next_address(struct tour *tour)
{
	tour->address++;
	tour->rounds = 0;
	soon(tour);
}

static void on_answer(
	void *arg, const struct wire_view *answer, const struct acmems_error *err, bool lost)
{
	struct tour *tour = arg;
	char server[SERVER_NAME_TEXT_MAX];
	struct acmems_error why = {0};
	enum tour_verdict verdict = TOUR_NEXT;

	tour->exchange = NULL;
	server_name_text(&tour->addresses[tour->address], server);
	if (lost && tour->config.lost)
		tour->config.lost(tour->config.arg);
	if (answer)
		verdict = tour->config.judge(tour->config.arg, answer, server, &why);
	switch (verdict) {
	case TOUR_SETTLED:
		finish(tour, NULL);
		return;
	case TOUR_AGAIN:
		if (++tour->rounds < ROUNDS_MAX) {
			soon(tour);
			return;
		}
		acmems_error_set(&why, ACMEMS_BAD_ANSWER, "it is never content");
		break;
	case TOUR_NEXT:
		break;
	}
	note(tour, server, answer ? &why : err);
	next_address(tour);
}

static void ask_address(struct tour *tour)
{
	struct message message = {0};
	struct exchange_config config = {.server = &tour->addresses[tour->address],
		.message = &message,
		.timeout_ms = part_ms(tour),
		.done = on_answer,
		.arg = tour};
	struct acmems_error err = {0};
	uint16_t id;

	if (!acmems_random(&id, sizeof(id)))
		acmems_error_set(&err, ACMEMS_SYSTEM, "no random bytes");
	else if (tour->config.make(tour->config.arg, id, &message, &err))
		tour->exchange = exchange_start(&config);
	message_fini(&message);
	if (tour->exchange)
		return;
	if (err.code == ACMEMS_OK)
		acmems_error_set(&err, ACMEMS_NO_MEMORY, "no memory to ask a name server");
	finish(tour, &err);
}

static void take_addresses(
	struct tour *tour, const struct acmems_address *addresses, size_t count, uint16_t port)
{
	tour->address_count = count < ADDRESSES_MAX ? count : ADDRESSES_MAX;
	tour->address = 0;
	tour->rounds = 0;
	for (size_t i = 0; i < tour->address_count; i++) {
		tour->addresses[i] = addresses[i];
		if (port > 0)
			tour->addresses[i].port = port;
	}
}

static void on_addresses(void *arg, const struct acmems_address *addresses, size_t count,
	const struct acmems_error *err)
{
	struct tour *tour = arg;
	const struct server_name *server = &tour->servers[tour->server - 1];

	tour->lookup = 0;
	if (err)
		note(tour, server->host, err);
	else
		take_addresses(tour, addresses, count, server->port);
	soon(tour);
}

static void look_up(struct tour *tour)
{
	const struct server_name *server = &tour->servers[tour->server];
	int64_t part = part_ms(tour);
	struct acmems_error err = {0};

	tour->address_count = 0;
	tour->server++;
	tour->lookup = resolver_start(server->host, part, on_addresses, tour, &err);
	if (tour->lookup)
		return;
	note(tour, server->host, &err);
	soon(tour);
}

static void step(void *arg)
{
	struct tour *tour = arg;

	if (left_ms(tour) <= 0)
		give_up(tour);
	else if (tour->address < tour->address_count)
		ask_address(tour);
	else if (tour->server < tour->server_count)
		look_up(tour);
	else
		give_up(tour);
}

static bool take_servers(struct tour *tour, char *const *servers, struct acmems_error *err)
{
	size_t count = 0;

	while (servers && servers[count])
		count++;
	if (count == 0) {
		tour->address_count = resolver_servers(tour->addresses, ADDRESSES_MAX, err);
		return tour->address_count > 0;
	}
	if (count > SERVERS_MAX)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "more than %d name servers", SERVERS_MAX);
	tour->servers = calloc(count, sizeof(*tour->servers));
	if (!tour->servers)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for name servers");
	tour->server_count = count;
	for (size_t i = 0; i < count; i++)
		if (!server_name_parse(servers[i], &tour->servers[i], err))
			return false;
	return true;
}

uint64_t tour_start(const struct tour_config *config, struct acmems_error *err)
{
	struct tour *tour = calloc(1, sizeof(*tour));

	if (!tour) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to ask name servers");
		return 0;
	}
	str_init(&tour->report, REPORT_MAX + ACMEMS_ERROR_MESSAGE_MAX);
	if (!take_servers(tour, config->servers, err)) {
		free_tour(tour);
		return 0;
	}
	tour->config = *config;
	tour->config.servers = NULL;
	tour->end_ms = acmems_clock_ms() + config->timeout_ms;
	tour->id = ++tours.last_id;
	tour->next = tours.first;
	tours.first = tour;
	soon(tour);
	return tour->id;
}

void tour_cancel(uint64_t id)
{
	for (struct tour *tour = tours.first; tour; tour = tour->next) {
		if (tour->id != id)
			continue;
		unlink_tour(tour);
		tour->config.release(tour->config.arg);
		free_tour(tour);
		return;
	}
}
