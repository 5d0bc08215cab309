/* SPDX-License-Identifier: ISC */
/* life_decide.h - in which state of its life a generation is, from the facts alone. */
#ifndef LIFE_DECIDE_H
#define LIFE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

enum life_state {
	LIFE_BUILT, /* nothing outside was touched */
	LIFE_STARTING, /* accounts, listeners and instances begin */
	LIFE_READY, /* all have begun; nothing is offered to it yet */
	LIFE_OPEN, /* requests come in */
	LIFE_DRAINING, /* none come in; those under way finish */
	LIFE_ABORTING, /* they had their time; orders are given up and clean up */
	LIFE_STUCK, /* somebody does not let go; nobody waits for it any more */
	LIFE_STOPPING, /* instances finish or give up */
	LIFE_STOPPED, /* can be freed */
	LIFE_STATES,
};

struct life_view {
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

enum life_state life_decide(const struct life_view *view);

#endif
