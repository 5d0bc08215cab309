/* SPDX-License-Identifier: ISC */
/* dns01-rfc2136_leftover.c - see dns01-rfc2136_leftover.h. */
#include "dns01-rfc2136_leftover.h"

#include <acmems/log.h>

#define ROOM "dns01-rfc2136"
#define TIMEOUT_MS 15000
#define PAUSE_MIN_MS INT64_C(5000)
#define PAUSE_MAX_MS INT64_C(3600000)

static int64_t pause_after(unsigned failures)
{
	int64_t pause = PAUSE_MIN_MS;

	for (unsigned i = 1; i < failures && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
}

/* The leftover that is due first, or NULL. */
static struct rfc2136_entry *first_due(const struct rfc2136 *rfc2136)
{
	struct rfc2136_entry *first = NULL;

	for (struct rfc2136_entry *entry = rfc2136->entries; entry; entry = entry->next) {
		if (entry->leftover && (!first || entry->due_ms < first->due_ms))
			first = entry;
	}
	return first;
}

static void failed(
	struct rfc2136 *rfc2136, struct rfc2136_entry *entry, const struct acmems_error *err)
{
	entry->failures++;
	entry->due_ms = acmems_clock_ms() + pause_after(entry->failures);
	acmems_log(entry->failures == 1 ? ACMEMS_LOG_WARNING : ACMEMS_LOG_INFO, ROOM,
		rfc2136->self.name,
		"TXT \"%s\" at %s could not be taken away, and will be tried again: %s",
		entry->value, entry->owner, err->message);
}

static void on_removed(void *arg, int64_t skew, const struct acmems_error *err)
{
	struct rfc2136 *rfc2136 = arg;
	struct rfc2136_entry *entry = rfc2136->trying;

	(void)skew;
	rfc2136->update = 0;
	rfc2136->trying = NULL;
	if (err) {
		failed(rfc2136, entry, err);
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

	if (rfc2136_is_shared(rfc2136, entry)) {
		rfc2136_forget(rfc2136, entry);
		rfc2136_leftover_go_on(rfc2136);
		return;
	}
	rfc2136->trying = entry;
	rfc2136->update = acmems_dns_update(&update, on_removed, rfc2136, &err);
	if (rfc2136->update != 0)
		return;
	rfc2136->trying = NULL;
	failed(rfc2136, entry, &err);
	rfc2136_leftover_go_on(rfc2136);
}

void rfc2136_leftover_go_on(struct rfc2136 *rfc2136)
{
	struct rfc2136_entry *entry = rfc2136->trying ? NULL : first_due(rfc2136);
	int64_t left;

	if (!entry)
		return;
	left = entry->due_ms - acmems_clock_ms();
	if (left > 0)
		acmems_timer_start(rfc2136->retry, left);
	else
		try_it(rfc2136, entry);
}

void rfc2136_leftover(struct rfc2136 *rfc2136, struct rfc2136_entry *entry)
{
	entry->leftover = true;
	entry->due_ms = acmems_clock_ms() + PAUSE_MIN_MS;
	rfc2136_leftover_go_on(rfc2136);
}

void rfc2136_leftover_stop(struct rfc2136 *rfc2136)
{
	acmems_dns_update_cancel(rfc2136->update);
	rfc2136->update = 0;
	rfc2136->trying = NULL;
	acmems_timer_free(rfc2136->retry);
	rfc2136->retry = NULL;
}
