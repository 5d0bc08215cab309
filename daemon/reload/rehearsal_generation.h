/* SPDX-License-Identifier: ISC */
/* rehearsal_generation.h - a configuration with all its modules, as the body of a rehearsal. */
#ifndef REHEARSAL_GENERATION_H
#define REHEARSAL_GENERATION_H

#include <stdbool.h>

struct rehearsal_plan {
	const char *path; /* of the configuration */
	const char *modules; /* directory that overrides the file's, or NULL */
	bool start; /* start instances, too */
};

/*
 * Reads, builds (modules mapped, loaded, their instances checked), starts, and releases, as far as it
 * comes. A rehearsal_body; arg is the plan. What starting goes on with on the loop is not seen.
 */
void rehearsal_of_generation(void *arg);

#endif
