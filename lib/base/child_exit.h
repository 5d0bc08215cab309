/* SPDX-License-Identifier: ISC */
/*
 * base/child_exit.h - when a process of ours has ended. It stays a zombie, so its number stays its
 * own, until somebody waits for it.
 */
#ifndef BASE_CHILD_EXIT_H
#define BASE_CHILD_EXIT_H

#include <stdbool.h>
#include <sys/types.h>

#include <acmems/loop.h>

struct child_exit;

/*
 * Calls callback(arg) from the loop once the process has ended, where the callback frees this. NULL
 * and *err on failure.
 */
struct child_exit *child_exit_new(
	pid_t pid, acmems_callback *callback, void *arg, struct acmems_error *err);

/* NULL is allowed. */
void child_exit_free(struct child_exit *exit);

/* Has it ended? Immediate. */
bool child_has_exited(pid_t pid);

#endif
