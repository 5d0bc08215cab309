/* SPDX-License-Identifier: ISC */
/* life_decide.c - pure: looks at the view, changes nothing. */
#include "reload/life_decide.h"

/* Nobody wants it any more, or it never came to be. */
static enum life_state decide_end(const struct life_view *view)
{
	if (view->holds > 0) {
		if (!view->out_of_time)
			return LIFE_DRAINING;
		return view->stuck ? LIFE_STUCK : LIFE_ABORTING;
	}
	if (!view->stop_launched || view->stopping > 0)
		return LIFE_STOPPING;
	return LIFE_STOPPED;
}

enum life_state life_decide(const struct life_view *view)
{
	/* what has failed goes down once it is known what all has failed */
	if (view->retired || (view->failed && view->launched && view->starting == 0))
		return decide_end(view);
	if (!view->wanted)
		return LIFE_BUILT;
	if (!view->launched || view->starting > 0)
		return LIFE_STARTING;
	return view->opened ? LIFE_OPEN : LIFE_READY;
}
