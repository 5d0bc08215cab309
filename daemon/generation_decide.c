/* SPDX-License-Identifier: ISC */
/* generation_decide.c - pure: looks at the view, changes nothing. */
#include "generation_decide.h"

/* Nobody wants it any more, or it never came to be. */
static enum generation_state decide_end(const struct generation_view *view)
{
	if (view->holds > 0) {
		if (!view->out_of_time)
			return GENERATION_DRAINING;
		return view->stuck ? GENERATION_STUCK : GENERATION_ABORTING;
	}
	if (!view->stop_launched || view->stopping > 0)
		return GENERATION_STOPPING;
	return GENERATION_STOPPED;
}

enum generation_state generation_decide(const struct generation_view *view)
{
	/* what has failed goes down once it is known what all has failed */
	if (view->retired || (view->failed && view->launched && view->starting == 0))
		return decide_end(view);
	if (!view->wanted)
		return GENERATION_BUILT;
	if (!view->launched || view->starting > 0)
		return GENERATION_STARTING;
	return view->opened ? GENERATION_OPEN : GENERATION_READY;
}
