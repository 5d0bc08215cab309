/* SPDX-License-Identifier: ISC */
/* flow.c - the one transition function. */
#include "base/flow.h"

#include <stdio.h>
#include <string.h>

#include <acmems/log.h>

static void on_deadline(void *arg)
{
	struct flow *flow = arg;
	const struct flow_table *table = flow->table;

	acmems_log(
		ACMEMS_LOG_DEBUG, table->room, flow->id, "%s: out of time", flow_state_name(flow));
	table->expired(flow->subject, flow->state);
	/* expired() may have ended the flow */
	if (flow->table)
		flow_step(flow);
}

static void enter(void *arg)
{
	struct flow *flow = arg;
	const struct flow_state *state = &flow->table->states[flow->state];

	flow->entering = false;
	if (state->enter)
		state->enter(flow->subject);
}

static void transition(struct flow *flow, int next)
{
	const struct flow_state *state = &flow->table->states[next];

	acmems_log(ACMEMS_LOG_DEBUG, flow->table->room, flow->id, "%s -> %s", flow_state_name(flow),
		state->name);
	flow->state = next;
	flow->entering = true;
	acmems_timer_stop(flow->timer);
	if (state->deadline_ms > 0)
		acmems_timer_start(flow->timer, state->deadline_ms);
	acmems_task_post(&flow->task, enter, flow);
}

bool flow_init(struct flow *flow, const struct flow_table *table, void *subject, const char *id)
{
	*flow = (struct flow){.table = table, .subject = subject, .state = -1};
	snprintf(flow->id, sizeof(flow->id), "%s", id);
	flow->timer = acmems_timer_new(on_deadline, flow);
	if (!flow->timer) {
		flow->table = NULL;
		return false;
	}
	return true;
}

void flow_step(struct flow *flow)
{
	int next = flow->table->decide(flow->subject);

	/* A state whose enter has not run yet is left without a trace: nothing was started. */
	if (next != flow->state)
		transition(flow, next);
}

void flow_fini(struct flow *flow)
{
	acmems_task_cancel(&flow->task);
	acmems_timer_free(flow->timer);
	flow->timer = NULL;
	flow->table = NULL;
}

const char *flow_state_name(const struct flow *flow)
{
	return flow->state < 0 ? "new" : flow->table->states[flow->state].name;
}
