/* SPDX-License-Identifier: ISC */
/* process.h - the process as the system sees it: limits, rights of new files, the terminal. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>

#include <acmems/error.h>

/*
 * What holds for the whole life: as many descriptors as allowed, files for nobody else, no core
 * dumps and no tracing (the account keys are in memory), writing to a closed connection is an error
 * and not the end.
 */
void process_init(void);

/*
 * Forks, and returns in the child, which is the leader of a new session and still has the terminal
 * for what it has to say. The parent stays until process_detach_done() or the child's end, and exits
 * with its status. Closes all descriptors but the standard ones, so it comes before anything else.
 */
bool process_detach(struct acmems_error *err);

/* All has started: lets go of the terminal and of the parent. Harmless when not detached. */
void process_detach_done(void);

/* Writes our number to a file; NULL: nowhere. */
bool process_pid_file(const char *path, struct acmems_error *err);

#endif
