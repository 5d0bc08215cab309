/* SPDX-License-Identifier: ISC */
/* dns01-rfc2136_primary.c - see dns01-rfc2136_primary.h. */
#include "dns01-rfc2136_primary.h"

#include <stdio.h>
#include <stdlib.h>

#include <acmems/address.h>
#include <acmems/dns.h>

#include "dns01-rfc2136_journal.h"

/* Of each family: primaries with more are not known. */
#define ADDRESSES_MAX 8

struct question {
	struct rfc2136_primary *primary;
	uint64_t id; /* 0: answered */
};

struct rfc2136_primary {
	struct question questions[2]; /* A, AAAA */
	struct rfc2136_entry *entry;
	uint16_t port;
	char name[ACMEMS_DNS_NAME_MAX];
	struct acmems_error err; /* of the question that failed last */
	rfc2136_primary_done *done;
	void *arg;
};

static void add_addresses(struct rfc2136_primary *primary, const struct acmems_dns_answer *answer)
{
	size_t added = 0;

	for (size_t i = 0; i < answer->count && added < ADDRESSES_MAX; i++) {
		const struct acmems_dns_record *record = &answer->records[i];
		char text[ACMEMS_ADDRESS_TEXT_MAX], server[ACMEMS_ADDRESS_TEXT_MAX + 9];

		if (record->section != ACMEMS_DNS_ANSWER ||
			(record->type != ACMEMS_DNS_A && record->type != ACMEMS_DNS_AAAA))
			continue;
		snprintf(server, sizeof(server),
			record->type == ACMEMS_DNS_AAAA ? "[%s]:%u" : "%s:%u",
			acmems_address_text(&record->address, text), primary->port);
		added += rfc2136_entry_add_server(primary->entry, server);
	}
}

static void on_answer(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	struct question *question = arg;
	struct rfc2136_primary *primary = question->primary;
	rfc2136_primary_done *done = primary->done;
	struct acmems_error why = {0};

	question->id = 0;
	if (answer)
		add_addresses(primary, answer);
	else
		primary->err = *err;
	if (primary->questions[0].id != 0 || primary->questions[1].id != 0)
		return;
	arg = primary->arg;
	why = primary->err;
	if (!why.code)
		acmems_error_set(&why, ACMEMS_UNAVAILABLE, "it has no address");
	acmems_error_context(&why,
		"%s, which the SOA of %s calls its primary server (without `server` it gets the "
		"updates)",
		primary->name, primary->entry->zone);
	err = primary->entry->servers[0] ? NULL : &why;
	free(primary);
	done(arg, err);
}

static bool ask(struct rfc2136_primary *primary, const struct rfc2136 *rfc2136, int index,
	int64_t timeout_ms, struct acmems_error *err)
{
	struct acmems_dns_question question = {.name = primary->name,
		.type = index == 0 ? ACMEMS_DNS_A : ACMEMS_DNS_AAAA,
		.servers = rfc2136_resolvers(rfc2136),
		.recursive = true,
		.timeout_ms = timeout_ms};

	primary->questions[index].primary = primary;
	primary->questions[index].id =
		acmems_dns_ask(&question, on_answer, &primary->questions[index], err);
	return primary->questions[index].id != 0;
}

struct rfc2136_primary *rfc2136_primary_start(const struct rfc2136 *rfc2136, const char *name,
	struct rfc2136_entry *entry, int64_t timeout_ms, rfc2136_primary_done *done, void *arg,
	struct acmems_error *err)
{
	struct rfc2136_primary *primary = calloc(1, sizeof(*primary));

	if (!primary) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to look for a server");
		return NULL;
	}
	primary->entry = entry;
	primary->port = (uint16_t)rfc2136->look.nameserver_port;
	primary->done = done;
	primary->arg = arg;
	snprintf(primary->name, sizeof(primary->name), "%s", name);
	if (ask(primary, rfc2136, 0, timeout_ms, err) && ask(primary, rfc2136, 1, timeout_ms, err))
		return primary;
	rfc2136_primary_cancel(primary);
	return NULL;
}

void rfc2136_primary_cancel(struct rfc2136_primary *primary)
{
	if (!primary)
		return;
	acmems_dns_ask_cancel(primary->questions[0].id);
	acmems_dns_ask_cancel(primary->questions[1].id);
	free(primary);
}
