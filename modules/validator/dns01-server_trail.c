/* SPDX-License-Identifier: ISC */
/* dns01-server_trail.c - follows CNAMEs. */
#include "dns01-server_trail.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/dns.h>
#include <acmems/loop.h>

struct dns01_server_trail {
	struct dns01_server_trail_config config; /* without name */
	char first[ACMEMS_DNS_NAME_MAX];
	char name[ACMEMS_DNS_NAME_MAX];
	unsigned followed;
	int64_t end_ms;
	uint64_t ask;
};

void dns01_server_trail_free(struct dns01_server_trail *trail)
{
	if (!trail)
		return;
	acmems_dns_ask_cancel(trail->ask);
	free(trail);
}

static void finish(struct dns01_server_trail *trail, const struct acmems_error *err)
{
	trail->config.done(trail->config.arg, err ? NULL : trail->name, err);
	dns01_server_trail_free(trail);
}

static const char *find_target(const struct acmems_dns_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct acmems_dns_record *record = &answer->records[i];

		if (record->section == ACMEMS_DNS_ANSWER && record->type == ACMEMS_DNS_CNAME &&
			strcmp(record->name, name) == 0)
			return record->target;
	}
	return NULL;
}

static bool ends_outside(const struct dns01_server_trail *trail, struct acmems_error *err)
{
	const struct dns01_server_zones *zones = trail->config.zones;
	const char *more = zones->count > 1 ? ", ..." : "";

	if (trail->followed > 0)
		return acmems_error_set(err, ACMEMS_VALIDATION,
			"%.100s is a CNAME that leads to %.100s, which is in none of our zones "
			"(%.100s%s)",
			trail->first, trail->name, zones->list[0].name, more);
	return acmems_error_set(err, ACMEMS_VALIDATION,
		"%.100s is no CNAME, and in none of our zones (%.100s%s): let it be a CNAME to a "
		"name in one of them, or delegate it to us and add it to them",
		trail->first, zones->list[0].name, more);
}

static bool ask(struct dns01_server_trail *trail, struct acmems_error *err);

/* False and *err: it leads nowhere. `arrived` is where it ends well. */
static bool follow(struct dns01_server_trail *trail, const struct acmems_dns_answer *answer,
	bool *arrived, struct acmems_error *err)
{
	const char *target = find_target(answer, trail->name);

	if (!target || strlen(target) >= sizeof(trail->name))
		return ends_outside(trail, err);
	if (++trail->followed > DNS01_SERVER_TRAIL_MAX)
		return acmems_error_set(err, ACMEMS_VALIDATION,
			"%.100s is the first of more than %d CNAMEs, or of a loop", trail->first,
			DNS01_SERVER_TRAIL_MAX);
	memcpy(trail->name, target, strlen(target) + 1);
	*arrived = dns01_server_zones_hold(trail->config.zones, trail->name);
	return *arrived || ask(trail, err);
}

static void on_answer(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	struct dns01_server_trail *trail = arg;
	struct acmems_error why = {0};
	bool arrived = false;

	trail->ask = 0;
	if (err) {
		why = *err;
		acmems_error_context(&why, "cannot find out where %.100s leads", trail->first);
		finish(trail, &why);
	} else if (!follow(trail, answer, &arrived, &why)) {
		finish(trail, &why);
	} else if (arrived) {
		finish(trail, NULL);
	}
}

static bool ask(struct dns01_server_trail *trail, struct acmems_error *err)
{
	int64_t left = trail->end_ms - acmems_clock_ms();
	const struct acmems_dns_question question = {.name = trail->name,
		.type = ACMEMS_DNS_CNAME,
		.servers = trail->config.resolvers,
		.recursive = true,
		.timeout_ms = left > 0 ? left : 1};

	trail->ask = acmems_dns_ask(&question, on_answer, trail, err);
	return trail->ask != 0;
}

struct dns01_server_trail *dns01_server_trail_start(
	const struct dns01_server_trail_config *config, struct acmems_error *err)
{
	struct dns01_server_trail *trail = calloc(1, sizeof(*trail));
	size_t len = strlen(config->name);

	if (!trail || len >= sizeof(trail->name)) {
		free(trail);
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to follow a name");
		return NULL;
	}
	trail->config = *config;
	trail->config.name = NULL;
	trail->end_ms = acmems_clock_ms() + config->timeout_ms;
	memcpy(trail->first, config->name, len + 1);
	memcpy(trail->name, config->name, len + 1);
	if (!ask(trail, err)) {
		dns01_server_trail_free(trail);
		return NULL;
	}
	return trail;
}
