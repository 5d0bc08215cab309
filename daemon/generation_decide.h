/* SPDX-License-Identifier: ISC */
/* generation_decide.h - in which state of its life a generation is, from the facts alone. */
#ifndef GENERATION_DECIDE_H
#define GENERATION_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

enum generation_state {
	GENERATION_BUILT, /* nothing outside was touched */
	GENERATION_STARTING, /* accounts, listeners and instances begin */
	GENERATION_READY, /* all have begun; nothing is offered to it yet */
	GENERATION_OPEN, /* requests come in */
	GENERATION_DRAINING, /* none come in; those under way finish */
	GENERATION_ABORTING, /* they had their time; orders are given up and clean up */
	GENERATION_STUCK, /* somebody does not let go; nobody waits for it any more */
	GENERATION_STOPPING, /* instances finish or give up */
	GENERATION_STOPPED, /* can be freed */
	GENERATION_STATES,
};

struct generation_view {
	bool wanted; /* it was asked to start */
	bool launched; /* every start has been asked for */
	size_t starting; /* starts that have not ended */
	bool failed; /* one of them has */
	bool opened;
	bool retired;
	bool out_of_time; /* the time to drain is over */
	bool stuck; /* and so is the time to clean up */
	size_t holds;
	bool stop_launched; /* every stop has been asked for */
	size_t stopping; /* stops that have not ended */
};

enum generation_state generation_decide(const struct generation_view *view);

#endif
