/* SPDX-License-Identifier: ISC */
/*
 * life.c - a generation's life as a flow: the states' effects, and the calls that change its view.
 * Which state follows is life_decide.c's to say.
 */
#include "reload/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>

#include "base/op_core.h"
#include "notify/expiry.h"
#include "sign/flight.h"
#include "reload/life_core.h"
#include "notify/notifier.h"

/* Longer than the clean-up of an order may take. */
#define ABORTING_MS 20000

static void end(struct generation *generation)
{
	struct life *life = generation->life;

	for (size_t i = 0; life->parts && i < generation->instance_count; i++)
		op_cancel(life->parts[i].op);
	life_shut(generation);
	flow_fini(&life->flow);
	acmems_timer_free(life->drain);
	free(life->parts);
	free(life);
	generation->life = NULL;
	generation->idle = NULL;
}

/* ---- states ---- */

static void enter_starting(void *subject)
{
	life_launch_starts(subject);
}

static void enter_ready(void *subject)
{
	struct generation *generation = subject;
	struct life *life = generation->life;

	life_start_accounts(generation);
	if (life->started)
		life->started(life->started_arg, NULL);
}

static void enter_open(void *subject)
{
	struct generation *generation = subject;

	notifier_open(generation);
	expiry_open(generation);
	front_open(generation->life->front);
}

static void enter_draining(void *subject)
{
	life_shut(subject);
}

static void enter_aborting(void *subject)
{
	life_shut(subject);
	flight_abort(subject);
	notifier_abort(subject);
}

/* Whoever waits for the end need not wait any longer; memory stays, as it may still be used. */
static void enter_stuck(void *subject)
{
	struct generation *generation = subject;
	struct life *life = generation->life;
	acmems_callback *gone = life->gone;

	acmems_log(ACMEMS_LOG_ERROR, "generation", life->flow.id,
		"%zu requests or orders do not end; left alone", generation->holds);
	life->gone = NULL;
	if (gone)
		gone(life->gone_arg);
}

static void enter_stopping(void *subject)
{
	life_launch_stops(subject);
}

/* Of a failed start the generation is the caller's to free. */
static void enter_stopped(void *subject)
{
	struct generation *generation = subject;
	struct life *life = generation->life;
	life_done *started = life->view.retired ? NULL : life->started;
	acmems_callback *gone = life->gone;
	void *arg = started ? life->started_arg : life->gone_arg;
	struct acmems_error err = life->err;

	if (!started)
		acmems_log(ACMEMS_LOG_INFO, "generation", life->flow.id, "gone");
	end(generation);
	if (started) {
		started(arg, &err);
		return;
	}
	generation_free(generation);
	if (gone)
		gone(arg);
}

static const struct flow_state states[LIFE_STATES] = {
	[LIFE_BUILT] = {.name = "built"},
	[LIFE_STARTING] = {.name = "starting", .enter = enter_starting},
	[LIFE_READY] = {.name = "ready", .enter = enter_ready},
	[LIFE_OPEN] = {.name = "open", .enter = enter_open},
	[LIFE_DRAINING] = {.name = "draining", .enter = enter_draining},
	[LIFE_ABORTING] = {.name = "aborting", .enter = enter_aborting, .deadline_ms = ABORTING_MS},
	[LIFE_STUCK] = {.name = "stuck", .enter = enter_stuck},
	[LIFE_STOPPING] = {.name = "stopping", .enter = enter_stopping},
	[LIFE_STOPPED] = {.name = "stopped", .enter = enter_stopped},
};

static int decide(const void *subject)
{
	const struct generation *generation = subject;
	struct life_view view = generation->life->view;

	view.holds = generation->holds;
	return (int)life_decide(&view);
}

/* Only aborting has a deadline of its own. */
static void expired(void *subject, int state)
{
	struct generation *generation = subject;

	(void)state;
	generation->life->view.stuck = true;
}

static const struct flow_table table = {
	.room = "generation",
	.states = states,
	.count = LIFE_STATES,
	.decide = decide,
	.expired = expired,
};

void life_step(struct generation *generation)
{
	flow_step(&generation->life->flow);
}

/* ---- what others ask for ---- */

static void on_drain_over(void *arg)
{
	struct generation *generation = arg;

	generation->life->view.out_of_time = true;
	life_step(generation);
}

static void on_idle(void *arg)
{
	life_step(arg);
}

/* False: no memory. */
static bool begin(struct generation *generation)
{
	struct life *life = calloc(1, sizeof(*life));

	generation->life = life;
	if (!life)
		return false;
	life->parts = calloc(generation->instance_count + 1, sizeof(*life->parts));
	life->drain = acmems_timer_new(on_drain_over, generation);
	if (!life->parts || !life->drain || !flow_init(&life->flow, &table, generation, "g")) {
		end(generation);
		return false;
	}
	for (size_t i = 0; i < generation->instance_count; i++)
		life->parts[i] = (struct life_part){
			.generation = generation, .instance = generation->instances[i]};
	generation->idle = on_idle;
	generation->idle_arg = generation;
	return true;
}

bool life_start(struct generation *generation, life_done *done, void *arg, struct acmems_error *err)
{
	struct life *life;

	if (!begin(generation))
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a generation");
	life = generation->life;
	snprintf(life->flow.id, sizeof(life->flow.id), "g%u", generation->number);
	life->started = done;
	life->started_arg = arg;
	life->view.wanted = true;
	life_step(generation);
	return true;
}

void life_open(struct generation *generation)
{
	generation->life->view.opened = true;
	life_step(generation);
}

void life_hurry(struct generation *generation, int64_t deadline_ms)
{
	struct life *life = generation->life;
	int64_t end = acmems_clock_ms() + deadline_ms;

	if (acmems_timer_running(life->drain) && life->drain_end <= end)
		return;
	life->drain_end = end;
	acmems_timer_start(life->drain, deadline_ms);
}

void life_retire(
	struct generation *generation, int64_t deadline_ms, acmems_callback *done, void *arg)
{
	struct life *life = generation->life;

	generation->draining = true;
	life->gone = done;
	life->gone_arg = arg;
	life->view.retired = true;
	life_hurry(generation, deadline_ms);
	life_step(generation);
}
