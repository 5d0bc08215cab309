/* SPDX-License-Identifier: ISC */
/* find.c - where a record has to be (acmems/dns_find.h): asks what find_decide() wants to know. */
#include <acmems/dns_find.h>

#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#include "dns/find_view.h"
#include "base/text_list.h"

#define ROOM "dns"
#define QUESTION_MS 10000

struct find {
	struct find *next;
	uint64_t id;
	struct find_view view;
	char **resolvers;
	int64_t end_ms;
	uint64_t ask;
	acmems_dns_place_done *done;
	void *arg;
};

static struct {
	struct find *first;
	uint64_t last_id;
} finds;

static void unlink_find(struct find *find)
{
	struct find **link = &finds.first;

	while (*link && *link != find)
		link = &(*link)->next;
	if (*link)
		*link = find->next;
}

static void free_find(struct find *find)
{
	acmems_dns_ask_cancel(find->ask);
	free(find->resolvers);
	free(find);
}

static void finish(struct find *find, const struct acmems_error *err)
{
	const struct find_view *view = &find->view;
	struct acmems_dns_place place = {.owner = view->owner,
		.zone = view->zone,
		.primary = view->has_soa ? view->primary : NULL,
		.minimum = view->minimum};

	unlink_find(find);
	if (!err)
		acmems_log(ACMEMS_LOG_DEBUG, ROOM, NULL, "%s lies in zone %s", place.owner,
			place.zone);
	find->done(find->arg, err ? NULL : &place, err);
	free_find(find);
}

static void on_cname(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err);
static void on_soa(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err);

/* Half of what is left, so that a server that is dead leaves time for the labels above it. */
static int64_t question_ms(const struct find *find)
{
	int64_t half = (find->end_ms - acmems_clock_ms()) / 2;

	if (half < 1)
		return 1;
	return half < QUESTION_MS ? half : QUESTION_MS;
}

static bool ask(struct find *find, const char *name, enum acmems_dns_type type,
	acmems_dns_done *done, struct acmems_error *err)
{
	struct acmems_dns_question question = {.name = name,
		.type = type,
		.servers = find->resolvers,
		.recursive = true,
		.timeout_ms = question_ms(find)};

	find->ask = acmems_dns_ask(&question, done, find, err);
	return find->ask != 0;
}

/* False and *err when nothing more will come: all is known, or nothing more can be. */
static bool go_on(struct find *find, struct acmems_error *err)
{
	switch (find_decide(&find->view)) {
	case FIND_FOLLOW:
		return ask(find, find->view.owner, ACMEMS_DNS_CNAME, on_cname, err);
	case FIND_CLIMB:
		return ask(find, find->view.asked, ACMEMS_DNS_SOA, on_soa, err);
	case FIND_DONE:
		return false;
	case FIND_FAILED:
		*err = find->view.why;
		return false;
	}
	return false;
}

static void step(struct find *find)
{
	struct acmems_error err = {0};

	find->ask = 0;
	if (!go_on(find, &err))
		finish(find, err.code == ACMEMS_OK ? NULL : &err);
}

static void on_cname(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	struct find *find = arg;

	find_take_cname(&find->view, answer, err);
	step(find);
}

static void on_soa(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	struct find *find = arg;

	find_take_soa(&find->view, answer, err);
	step(find);
}

uint64_t acmems_dns_find(const struct acmems_dns_find *from, acmems_dns_place_done *done, void *arg,
	struct acmems_error *err)
{
	struct find *find = calloc(1, sizeof(*find));

	if (!find || !text_list_copy(from->resolvers, &find->resolvers)) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to look for a zone");
		free(find);
		return 0;
	}
	find->end_ms = acmems_clock_ms() + from->timeout_ms;
	find->done = done;
	find->arg = arg;
	if (!find_view_init(&find->view, from->name, from->zone, err) || !go_on(find, err)) {
		free_find(find);
		return 0;
	}
	find->id = ++finds.last_id;
	find->next = finds.first;
	finds.first = find;
	return find->id;
}

void acmems_dns_find_cancel(uint64_t id)
{
	for (struct find *find = finds.first; find; find = find->next) {
		if (find->id != id)
			continue;
		unlink_find(find);
		free_find(find);
		return;
	}
}
