/* SPDX-License-Identifier: ISC */
/*
 * base/flow.h - runs a state machine that can be read.
 *
 * A flow is a table of states and one pure function that looks at the subject's view and says which
 * state it should be in. Nothing else chooses states. After every change of the view the owner calls
 * flow_step(); if the decision differs from the present state, the one transition function in here
 * logs it, rearms the deadline and calls the new state's enter function from the loop, never from
 * inside flow_step(), so that an effect that completes at once can not recurse.
 *
 * A state's deadline counts from its entry; when it passes, the subject's expired() records that
 * fact in the view, and the flow steps.
 */
#ifndef BASE_FLOW_H
#define BASE_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/loop.h>

struct flow_state {
	const char *name; /* what logs, journal and status page call it */
	void (*enter)(void *subject); /* starts the effects of the state; NULL: nothing to start */
	int64_t deadline_ms; /* 0: none of its own */
	bool resumable; /* a restart can go on from here */
};

struct flow_table {
	const char *room; /* for the log */
	const struct flow_state *states;
	int count;
	int (*decide)(const void *subject); /* pure: view -> state */
	void (*expired)(void *subject, int state); /* the state's deadline has passed: record it */
};

struct flow {
	const struct flow_table *table;
	void *subject;
	char id[24]; /* "o7", for the log */
	int state; /* -1 before the first step */
	bool entering;
	struct acmems_task task;
	struct acmems_timer *timer;
};

/* Prepares a flow; no state is entered before the first flow_step(). False: no memory. */
bool flow_init(struct flow *flow, const struct flow_table *table, void *subject, const char *id);

/* The view has changed: decide, and enter another state if that is what follows. */
void flow_step(struct flow *flow);

/* Ends it: no enter or expired comes any more. Safe on a zeroed struct and twice. */
void flow_fini(struct flow *flow);

/* The present state's name, "new" before the first. */
const char *flow_state_name(const struct flow *flow);

#endif
