/* SPDX-License-Identifier: ISC */
/*
 * delivery.c - the flow of a delivery: effects of the states, and what changes its view. Which state
 * follows is delivery_decide.c's to say.
 */
#include "notify/delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>

#include "base/flow.h"
#include "base/op_core.h"
#include "notify/delivery_batch.h"
#include "notify/delivery_decide.h"
#include "notify/delivery_journal.h"

#define ROOM "notify"
#define SEND_MS 60000
#define REST_FIRST_MS 5000
#define REST_MAX_MS 600000
#define HOUR_MS 3600000
#define TIDY_MS 100

struct delivery {
	char *name;
	struct flow flow;
	struct delivery_queue queue;
	struct delivery_journal keep;
	struct acmems_timer *wake;
	struct acmems_timer *tidy;
	struct generation *generation; /* of the instance; NULL: not attached */
	const struct instance *instance;
	notice_mask wants;
	int64_t at_most;
	/* the send under way */
	uint64_t op;
	struct generation *held;
	struct delivery_batch batch;
	enum delivery_outcome outcome;
	struct acmems_error err;
	/* after failures */
	unsigned failures;
	int64_t rest_until;
	/* the hour */
	int64_t hour_end; /* clock */
	int64_t hour_counts[2]; /* of errors behind those of all else */
	struct delivery_counts counts;
};

/* Errors have a budget of their own, so that nobody keeps them from being told by being refused. */
static bool has_budget(
	const struct delivery *delivery, const struct delivery_entry *entry, int64_t now)
{
	return now >= delivery->hour_end ||
	       delivery->hour_counts[delivery_queue_is_error(entry)] < delivery->at_most;
}

/* Is any due that has none? */
static bool is_over_budget(const struct delivery *delivery, int64_t now)
{
	const struct delivery_entry *entry = delivery->queue.first;

	while (entry && (entry->due > now || has_budget(delivery, entry, now)))
		entry = entry->next;
	return entry;
}

static struct delivery_view view_of(const struct delivery *delivery)
{
	int64_t now = acmems_clock_ms();

	return (struct delivery_view){
		.attached = delivery->generation != NULL,
		.sending = delivery->op != 0,
		.outcome = delivery->outcome,
		.over_budget = is_over_budget(delivery, now),
		.now = now,
		.rest_until = delivery->rest_until,
		.next_due = delivery_queue_next(&delivery->queue),
	};
}

static int decide(const void *subject)
{
	struct delivery_view view = view_of(subject);

	return (int)delivery_decide(&view);
}

static void step(struct delivery *delivery)
{
	struct delivery_view view = view_of(delivery);
	int64_t at = delivery_wake_at(&view);

	flow_step(&delivery->flow);
	if (at == INT64_MAX)
		acmems_timer_stop(delivery->wake);
	else
		acmems_timer_start(delivery->wake, at - view.now);
}

static void on_wake(void *arg)
{
	step(arg);
}

static void on_tidy(void *arg)
{
	struct delivery *delivery = arg;

	delivery_journal_tidy(&delivery->keep, &delivery->queue);
}

static void tidy_soon(struct delivery *delivery)
{
	if (!acmems_timer_running(delivery->tidy))
		acmems_timer_start(delivery->tidy, TIDY_MS);
}

/* ---- sending ---- */

static void on_sent(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct delivery *delivery = arg;

	delivery->op = 0;
	if (!err) {
		delivery->outcome = DELIVERY_DONE;
		acmems_log(ACMEMS_LOG_DEBUG, ROOM, delivery->name, "%s%s delivered: %.*s",
			delivery->batch.first.event.name,
			delivery->batch.count > 1 ? " and others" : "",
			(int)(len < 200 ? len : 200), len > 0 ? (const char *)data : "");
	} else {
		delivery->outcome =
			err->code == ACMEMS_BAD_REQUEST ? DELIVERY_NEVER : DELIVERY_AGAIN;
		delivery->err = *err;
	}
	step(delivery);
}

static bool start_send(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct delivery *delivery = ctx;
	const struct delivery_batch *batch = &delivery->batch;
	const struct acmems_notify_ops *ops = &delivery->instance->ops.notify;
	void *instance = delivery->instance->data;

	return batch->count > 1 ? ops->send_several(instance, op, batch->events, batch->count, err)
				: ops->send(instance, op, batch->events[0], err);
}

static void enter_sending(void *subject)
{
	struct delivery *delivery = subject;
	struct op_spec spec = {
		.owner = delivery->instance->module->owner,
		.what = "send",
		.deadline_ms = SEND_MS,
		.start = start_send,
		.ctx = delivery,
		.done = on_sent,
		.arg = delivery,
	};

	delivery_batch_take(&delivery->batch, &delivery->queue, acmems_clock_ms());
	for (size_t i = 0; i < delivery->batch.count; i++)
		delivery_journal_begun(&delivery->keep, delivery->batch.entries[i]);
	generation_hold(delivery->generation);
	delivery->held = delivery->generation;
	delivery->op = op_run(&spec, &delivery->err);
	if (delivery->op)
		return;
	delivery->outcome =
		delivery->err.code == ACMEMS_BAD_REQUEST ? DELIVERY_NEVER : DELIVERY_AGAIN;
	step(delivery);
}

/* ---- settling ---- */

static void count_hour(struct delivery *delivery)
{
	int64_t now = acmems_clock_ms();
	/* none of several is one */
	bool error = delivery_queue_is_error(delivery->batch.entries[0]);

	if (now >= delivery->hour_end) {
		delivery->hour_end = now + HOUR_MS;
		memset(delivery->hour_counts, 0, sizeof(delivery->hour_counts));
	}
	if (++delivery->hour_counts[error] == delivery->at_most)
		acmems_log(ACMEMS_LOG_NOTICE, ROOM, delivery->name,
			"has had its %" PRId64 "%s of this hour: more becomes one summary",
			delivery->at_most, error ? " errors" : "");
}

static void forget(struct delivery *delivery, struct delivery_entry *entry)
{
	delivery_journal_done(&delivery->keep, entry);
	delivery_queue_remove(&delivery->queue, entry);
}

static void settle_done(struct delivery *delivery)
{
	const struct delivery_batch *batch = &delivery->batch;

	if (delivery->failures > 0)
		acmems_log(ACMEMS_LOG_NOTICE, ROOM, delivery->name,
			"delivers again, after %u failures; %zu wait", delivery->failures,
			delivery->queue.count - batch->count);
	delivery->failures = 0;
	delivery->rest_until = 0;
	delivery->counts.delivered++;
	count_hour(delivery);
	for (size_t i = 0; i < batch->count; i++)
		forget(delivery, batch->entries[i]);
}

/* The i-th of the batch. */
static void drop(struct delivery *delivery, size_t i, const char *why)
{
	struct delivery_entry *entry = delivery->batch.entries[i];

	delivery->counts.dropped += entry->count;
	acmems_log(ACMEMS_LOG_ERROR, ROOM, delivery->name,
		"dropped, as %s (%" PRIu64 " so far): %s: %s", why,
		delivery->counts.dropped + delivery->keep.dropped,
		delivery->batch.events[i]->summary, delivery->err.message);
	forget(delivery, entry);
}

/* The i-th of the batch is not sent yet after all. */
static void put_back(struct delivery *delivery, size_t i)
{
	struct delivery_entry *entry = delivery->batch.entries[i];

	delivery_journal_failed(&delivery->keep, entry);
	entry->sending = false;
}

/* Behind that many failures and one more; longer when the receiver says so. */
static int64_t pause_after(const struct delivery *delivery, unsigned failures)
{
	int64_t pause = REST_FIRST_MS;

	if (delivery->err.retry_after > 0 &&
		delivery->err.retry_after * INT64_C(1000) < REST_MAX_MS)
		return delivery->err.retry_after * INT64_C(1000);
	for (unsigned i = 0; i < failures && pause < REST_MAX_MS; i++)
		pause *= 2;
	return pause < REST_MAX_MS ? pause : REST_MAX_MS;
}

/* It may be what is sent that fails, so that others have their turn first, the next time. */
static void settle_again(struct delivery *delivery)
{
	int64_t now = acmems_clock_ms();

	delivery->rest_until = now + pause_after(delivery, delivery->failures);
	if (delivery->failures++ == 0)
		acmems_log(ACMEMS_LOG_WARNING, ROOM, delivery->name,
			"cannot deliver, and tries again until it works: %s",
			delivery->err.message);
	for (size_t i = 0; i < delivery->batch.count; i++) {
		struct delivery_entry *entry = delivery->batch.entries[i];

		entry->due = now + pause_after(delivery, entry->failures++);
		if (now >= entry->stale)
			drop(delivery, i, "it is three days old");
		else
			put_back(delivery, i);
	}
}

/* Of several, it may be a single one that is in the way. */
static void settle_never(struct delivery *delivery)
{
	const struct delivery_batch *batch = &delivery->batch;

	if (batch->count == 1) {
		drop(delivery, 0, "the receiver will never take it");
		return;
	}
	acmems_log(ACMEMS_LOG_WARNING, ROOM, delivery->name,
		"does not take %zu at once, and gets them one by one: %s", batch->count,
		delivery->err.message);
	for (size_t i = 0; i < batch->count; i++) {
		batch->entries[i]->alone = true;
		put_back(delivery, i);
	}
}

/* Given up by us, which is a failure as when its time is over. */
static void cut_off(struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->batch.count; i++)
		put_back(delivery, i);
}

static void enter_settling(void *subject)
{
	struct delivery *delivery = subject;
	struct generation *held = delivery->held;

	switch (delivery->outcome) {
	case DELIVERY_NONE:
		break;
	case DELIVERY_DONE:
		settle_done(delivery);
		break;
	case DELIVERY_AGAIN:
		settle_again(delivery);
		break;
	case DELIVERY_NEVER:
		settle_never(delivery);
		break;
	case DELIVERY_CUT:
		cut_off(delivery);
		break;
	}
	delivery->outcome = DELIVERY_NONE;
	delivery_batch_clear(&delivery->batch);
	delivery->held = NULL;
	tidy_soon(delivery);
	step(delivery);
	generation_drop(held);
}

/* ---- holding ---- */

/* A summary that is due, too, or a part for which there is no memory, waits by itself. */
static void hold_back_one(struct delivery *delivery, struct delivery_entry *entry)
{
	struct delivery_entry *summary = NULL;

	if (entry != delivery->queue.summary)
		summary = delivery_queue_hold_back(&delivery->queue, entry, delivery->hour_end);
	if (!summary) {
		entry->due = delivery->hour_end;
		return;
	}
	delivery->counts.held_back += entry->count;
	/* in this order, so that a crash between them loses nothing */
	delivery_journal_keep(&delivery->keep, summary);
	forget(delivery, entry);
}

static void enter_holding(void *subject)
{
	struct delivery *delivery = subject;
	int64_t now = acmems_clock_ms();
	struct delivery_entry *next;

	for (struct delivery_entry *entry = delivery->queue.first; entry; entry = next) {
		next = entry->next;
		if (entry->due <= now && !has_budget(delivery, entry, now))
			hold_back_one(delivery, entry);
	}
	tidy_soon(delivery);
	step(delivery);
}

static const struct flow_state states[DELIVERY_STATES] = {
	[DELIVERY_OFF] = {.name = "off"},
	[DELIVERY_IDLE] = {.name = "idle"},
	[DELIVERY_HOLDING] = {.name = "holding", .enter = enter_holding},
	[DELIVERY_SENDING] = {.name = "sending", .enter = enter_sending},
	[DELIVERY_SETTLING] = {.name = "settling", .enter = enter_settling},
	[DELIVERY_RESTING] = {.name = "resting"},
};

static const struct flow_table table = {
	.room = ROOM,
	.states = states,
	.count = DELIVERY_STATES,
	.decide = decide,
};

/* ---- life ---- */

struct delivery *delivery_new(const char *name, const char *dir)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	if (!delivery)
		return NULL;
	delivery->name = strdup(name);
	delivery->wake = acmems_timer_new(on_wake, delivery);
	delivery->tidy = acmems_timer_new(on_tidy, delivery);
	if (!delivery->name || !delivery->wake || !delivery->tidy ||
		!flow_init(&delivery->flow, &table, delivery, name)) {
		delivery_free(delivery);
		return NULL;
	}
	delivery->keep.name = delivery->name;
	if (dir)
		delivery_journal_open(&delivery->keep, &delivery->queue, dir);
	if (delivery->queue.count > 0)
		acmems_log(ACMEMS_LOG_NOTICE, ROOM, name,
			"%zu notifications were not delivered before, and will be",
			delivery->queue.count);
	return delivery;
}

static void cancel(struct delivery *delivery)
{
	struct generation *held = delivery->held;

	op_cancel(delivery->op);
	delivery->op = 0;
	if (delivery->outcome == DELIVERY_DONE)
		settle_done(delivery);
	else
		cut_off(delivery);
	delivery->outcome = DELIVERY_NONE;
	delivery_batch_clear(&delivery->batch);
	delivery->held = NULL;
	if (held)
		generation_drop(held);
}

void delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	flow_fini(&delivery->flow);
	acmems_timer_free(delivery->wake);
	acmems_timer_free(delivery->tidy);
	cancel(delivery);
	delivery_journal_tidy(&delivery->keep, &delivery->queue);
	if (delivery->queue.count > 0)
		acmems_log(ACMEMS_LOG_NOTICE, ROOM, delivery->name,
			"%zu notifications are not delivered yet", delivery->queue.count);
	delivery_journal_close(&delivery->keep);
	delivery_queue_clear(&delivery->queue);
	free(delivery->name);
	free(delivery);
}

void delivery_attach(struct delivery *delivery, struct generation *generation,
	const struct instance *instance, const struct settings_instance *settings)
{
	delivery->generation = generation;
	delivery->instance = instance;
	delivery->wants = settings->events;
	delivery->at_most = settings->at_most;
	delivery->queue.max = (size_t)settings->queue;
	delivery->queue.fold_ms = settings->fold;
	delivery_queue_set_digest(
		&delivery->queue, instance->ops.notify.send_several ? settings->digest : 0);
	/* a new setting may well be what the receiver was waiting for */
	delivery->rest_until = 0;
	step(delivery);
}

bool delivery_detach(struct delivery *delivery, const struct generation *generation)
{
	if (delivery->generation != generation)
		return false;
	delivery->generation = NULL;
	delivery->instance = NULL;
	step(delivery);
	return true;
}

void delivery_abort(struct delivery *delivery, const struct generation *generation)
{
	if (delivery->held != generation)
		return;
	if (delivery->generation == generation) {
		delivery->generation = NULL;
		delivery->instance = NULL;
	}
	if (delivery->outcome == DELIVERY_NONE)
		delivery->outcome = DELIVERY_CUT;
	op_cancel(delivery->op);
	delivery->op = 0;
	step(delivery);
}

const char *delivery_name(const struct delivery *delivery)
{
	return delivery->name;
}

bool delivery_attached(const struct delivery *delivery)
{
	return delivery->generation != NULL;
}

bool delivery_wants(const struct delivery *delivery, enum notice_kind kind)
{
	return (delivery->wants & NOTICE_BIT(kind)) != 0;
}

void delivery_put(struct delivery *delivery, struct notice *event)
{
	struct delivery_entry *entry = NULL;

	switch (delivery_queue_put(&delivery->queue, event, &entry)) {
	case DELIVERY_NEW:
	case DELIVERY_FOLDED:
		break;
	case DELIVERY_HELD_BACK:
		delivery->counts.held_back++;
		if (entry->count == 1)
			acmems_log(ACMEMS_LOG_WARNING, ROOM, delivery->name,
				"%zu wait already: more becomes one summary",
				delivery->queue.count);
		break;
	case DELIVERY_LOST:
		delivery->counts.dropped++;
		acmems_log(ACMEMS_LOG_ERROR, ROOM, delivery->name, "no memory: dropped: %s",
			event->summary);
		return;
	}
	delivery_journal_keep(&delivery->keep, entry);
	tidy_soon(delivery);
	step(delivery);
}

struct delivery_counts delivery_counts(const struct delivery *delivery)
{
	struct delivery_counts counts = delivery->counts;

	counts.queued = delivery->queue.count;
	counts.dropped += delivery->keep.dropped;
	return counts;
}
