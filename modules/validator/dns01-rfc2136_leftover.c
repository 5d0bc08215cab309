/* SPDX-License-Identifier: ISC */
/* dns01-rfc2136_leftover.c - see dns01-rfc2136_leftover.h. */
#include "dns01-rfc2136_leftover.h"

#include <string.h>

#include <acmems/log.h>

#define ROOM "dns01-rfc2136"
#define TIMEOUT_MS 15000
#define AT_ONCE 8
#define PAUSE_MIN_MS INT64_C(5000)
#define PAUSE_MAX_MS INT64_C(3600000)

static int64_t pause_after(unsigned failures)
{
	int64_t pause = PAUSE_MIN_MS;

	for (unsigned i = 1; i < failures && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
}

/* The leftover that is due first, of those that are not under way; and how many are. */
static struct rfc2136_entry *first_due(const struct rfc2136 *rfc2136, size_t *ret_under_way)
{
	struct rfc2136_entry *first = NULL;

	*ret_under_way = 0;
	for (struct rfc2136_entry *entry = rfc2136->entries; entry; entry = entry->next) {
		if (entry->update != 0)
			(*ret_under_way)++;
		else if (entry->leftover && (!first || entry->due_ms < first->due_ms))
			first = entry;
	}
	return first;
}

static void failed(struct rfc2136_entry *entry, const struct acmems_error *err)
{
	const char *instance = entry->rfc2136->self.name;

	entry->failures++;
	entry->due_ms = acmems_clock_ms() + pause_after(entry->failures);
	acmems_log(entry->failures == 1      ? ACMEMS_LOG_WARNING
		   : err->code != entry->why ? ACMEMS_LOG_INFO
					     : ACMEMS_LOG_DEBUG,
		ROOM, instance,
		"TXT \"%s\" at %s could not be taken away, and will be tried again: %s",
		entry->value, entry->owner, err->message);
	entry->why = err->code;
}

static void on_removed(
	void *arg, const struct acmems_dns_updated *updated, const struct acmems_error *err)
{
	struct rfc2136_entry *entry = arg;
	struct rfc2136 *rfc2136 = entry->rfc2136;

	(void)updated;
	entry->update = 0;
	if (err) {
		failed(entry, err);
	} else {
		acmems_log(ACMEMS_LOG_INFO, ROOM, rfc2136->self.name,
			"left over TXT \"%s\" at %s is taken away", entry->value, entry->owner);
		rfc2136_forget(rfc2136, entry);
	}
	rfc2136_leftover_go_on(rfc2136);
}

static void try_it(struct rfc2136 *rfc2136, struct rfc2136_entry *entry)
{
	struct acmems_dns_update update = {.zone = entry->zone,
		.owner = entry->owner,
		.value = entry->value,
		.remove = true,
		.servers = entry->servers,
		.key = rfc2136->key,
		.timeout_ms = TIMEOUT_MS};
	struct acmems_error err = {0};

	if (rfc2136_hand_over(rfc2136, entry)) {
		rfc2136_forget(rfc2136, entry);
		return;
	}
	entry->rfc2136 = rfc2136;
	entry->update = acmems_dns_update(&update, on_removed, entry, &err);
	if (entry->update == 0)
		failed(entry, &err);
}

void rfc2136_leftover_go_on(struct rfc2136 *rfc2136)
{
	size_t under_way;
	struct rfc2136_entry *entry = first_due(rfc2136, &under_way);
	int64_t left = PAUSE_MAX_MS;

	while (entry && under_way < AT_ONCE) {
		left = entry->due_ms - acmems_clock_ms();
		if (left > 0)
			break;
		left = PAUSE_MAX_MS;
		try_it(rfc2136, entry);
		entry = first_due(rfc2136, &under_way);
	}
	acmems_timer_start(rfc2136->retry, left);
}

void rfc2136_leftover(struct rfc2136 *rfc2136, struct rfc2136_entry *entry)
{
	entry->leftover = true;
	entry->due_ms = acmems_clock_ms() + PAUSE_MIN_MS;
	rfc2136_leftover_go_on(rfc2136);
}

void rfc2136_leftover_take(struct rfc2136 *rfc2136, struct rfc2136_entry *entry)
{
	struct rfc2136_entry *other = rfc2136->entries, *next;

	for (; other; other = next) {
		next = other->next;
		if (!other->leftover || !rfc2136_is_same(other, entry))
			continue;
		acmems_dns_update_cancel(other->update);
		rfc2136_forget(rfc2136, other);
		entry->stood = true;
	}
}

void rfc2136_leftover_stop(struct rfc2136 *rfc2136)
{
	for (struct rfc2136_entry *entry = rfc2136->entries; entry; entry = entry->next) {
		acmems_dns_update_cancel(entry->update);
		entry->update = 0;
	}
	acmems_timer_free(rfc2136->retry);
	rfc2136->retry = NULL;
}
