/* SPDX-License-Identifier: ISC */
/*
 * generation.c - a generation's life as a flow: the states' effects, and the calls that change its
 * view. Which state follows is generation_decide.c's to say.
 */
#include "generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>

#include "base/op_core.h"
#include "expiry.h"
#include "flight.h"
#include "generation_life.h"
#include "notifier.h"

/* Longer than the clean-up of an order may take. */
#define ABORTING_MS 20000

/* ---- states ---- */

static void enter_starting(void *subject)
{
	generation_launch_starts(subject);
}

static void enter_ready(void *subject)
{
	struct generation *generation = subject;
	struct generation_life *life = generation->life;

	generation_start_accounts(generation);
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
	generation_shut(subject);
}

static void enter_aborting(void *subject)
{
	generation_shut(subject);
	flight_abort(subject);
	notifier_abort(subject);
}

/* Whoever waits for the end need not wait any longer; memory stays, as it may still be used. */
static void enter_stuck(void *subject)
{
	struct generation *generation = subject;
	struct generation_life *life = generation->life;
	acmems_callback *gone = life->gone;

	acmems_log(ACMEMS_LOG_ERROR, "generation", life->flow.id,
		"%zu requests or orders do not end; left alone", generation->holds);
	life->gone = NULL;
	if (gone)
		gone(life->gone_arg);
}

static void enter_stopping(void *subject)
{
	generation_launch_stops(subject);
}

static void enter_stopped(void *subject)
{
	struct generation *generation = subject;
	struct generation_life *life = generation->life;
	acmems_callback *gone = life->gone;
	void *gone_arg = life->gone_arg;
	struct acmems_error err = life->err;

	if (!life->view.retired) {
		/* it is the caller's to free */
		life->started(life->started_arg, &err);
		return;
	}
	acmems_log(ACMEMS_LOG_INFO, "generation", life->flow.id, "gone");
	generation_free(generation);
	if (gone)
		gone(gone_arg);
}

static const struct flow_state states[GENERATION_STATES] = {
	[GENERATION_BUILT] = {.name = "built"},
	[GENERATION_STARTING] = {.name = "starting", .enter = enter_starting},
	[GENERATION_READY] = {.name = "ready", .enter = enter_ready},
	[GENERATION_OPEN] = {.name = "open", .enter = enter_open},
	[GENERATION_DRAINING] = {.name = "draining", .enter = enter_draining},
	[GENERATION_ABORTING] = {.name = "aborting",
		.enter = enter_aborting,
		.deadline_ms = ABORTING_MS},
	[GENERATION_STUCK] = {.name = "stuck", .enter = enter_stuck},
	[GENERATION_STOPPING] = {.name = "stopping", .enter = enter_stopping},
	[GENERATION_STOPPED] = {.name = "stopped", .enter = enter_stopped},
};

static int decide(const void *subject)
{
	const struct generation *generation = subject;
	struct generation_view view = generation->life->view;

	view.holds = generation->holds;
	return (int)generation_decide(&view);
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
	.count = GENERATION_STATES,
	.decide = decide,
	.expired = expired,
};

void generation_step(struct generation *generation)
{
	flow_step(&generation->life->flow);
}

/* ---- memory ---- */

static void on_drain_over(void *arg)
{
	struct generation *generation = arg;

	generation->life->view.out_of_time = true;
	generation_step(generation);
}

bool generation_life_new(struct generation *generation)
{
	struct generation_life *life = calloc(1, sizeof(*life));

	generation->life = life;
	if (!life)
		return false;
	life->parts = calloc(generation->instance_count + 1, sizeof(*life->parts));
	life->drain = acmems_timer_new(on_drain_over, generation);
	if (!life->parts || !life->drain || !flow_init(&life->flow, &table, generation, "g"))
		return false;
	for (size_t i = 0; i < generation->instance_count; i++)
		life->parts[i] = (struct generation_part){
			.generation = generation, .instance = generation->instances[i]};
	return true;
}

void generation_life_free(struct generation *generation)
{
	struct generation_life *life = generation->life;

	if (!life)
		return;
	for (size_t i = 0; life->parts && i < generation->instance_count; i++)
		op_cancel(life->parts[i].op);
	generation_shut(generation);
	flow_fini(&life->flow);
	acmems_timer_free(life->drain);
	free(life->parts);
	free(life);
	generation->life = NULL;
}

void generation_free(struct generation *generation)
{
	if (!generation)
		return;
	generation_life_free(generation);
	for (size_t i = 0; i < generation->block_count; i++)
		free(generation->blocks[i].methods);
	for (size_t i = 0; i < generation->account_count; i++)
		acme_client_free(generation->accounts[i].client);
	for (size_t i = 0; i < generation->instance_count; i++)
		instance_free(generation->instances[i]);
	free(generation->own);
	free(generation->blocks);
	free(generation->accounts);
	free(generation->instances);
	settings_free(generation->settings);
	free(generation);
}

/* ---- what others ask for ---- */

void generation_start(struct generation *generation, generation_done *done, void *arg)
{
	struct generation_life *life = generation->life;

	snprintf(life->flow.id, sizeof(life->flow.id), "g%u", generation->number);
	life->started = done;
	life->started_arg = arg;
	life->view.wanted = true;
	generation_step(generation);
}

void generation_open(struct generation *generation)
{
	generation->life->view.opened = true;
	generation_step(generation);
}

void generation_hurry(struct generation *generation, int64_t deadline_ms)
{
	struct generation_life *life = generation->life;
	int64_t end = acmems_clock_ms() + deadline_ms;

	if (acmems_timer_running(life->drain) && life->drain_end <= end)
		return;
	life->drain_end = end;
	acmems_timer_start(life->drain, deadline_ms);
}

void generation_retire(
	struct generation *generation, int64_t deadline_ms, acmems_callback *done, void *arg)
{
	struct generation_life *life = generation->life;

	generation->draining = true;
	life->gone = done;
	life->gone_arg = arg;
	life->view.retired = true;
	generation_hurry(generation, deadline_ms);
	generation_step(generation);
}

void generation_hold(struct generation *generation)
{
	generation->holds++;
}

void generation_drop(struct generation *generation)
{
	generation->holds--;
	if (generation->holds == 0)
		generation_step(generation);
}
