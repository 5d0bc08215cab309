/* SPDX-License-Identifier: ISC */
/*
 * child.h - programs of the operator's, run beside the loop.
 *
 * A program is run without a shell: its file, its arguments and its whole environment are given, and
 * nothing is looked up or expanded. It gets its own process group, the default signals, the umask
 * 022, no descriptor but 0, 1 and 2, and "/" as its folder. What it prints goes to the log line by
 * line, and what it prints on its standard output is kept as well, up to a bound.
 *
 * A pool bounds how many run at once; those that came later wait their turn, in order. The time limit
 * counts from the start of the program, and its end is SIGTERM to the whole group, SIGKILL two
 * seconds later. A program is done when its own process has ended: what that left in the background
 * is not waited for, unless time has run out, when it is ended too.
 */
#ifndef ACMEMS_CHILD_H
#define ACMEMS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

/*
 * Whether a command, as the operator wrote it, can be run: [0] is the absolute path of a program that
 * we may execute and that not everybody may change; the environment's texts are "NAME=value". Both
 * end with NULL; the environment may be NULL. If not, *err (ACMEMS_CONFIG) says why.
 */
bool acmems_child_check(char *const *command, char *const *environment, struct acmems_error *err);

struct acmems_child_pool;

/* A pool in which at most `most` programs (1 or more) run at once. NULL: no memory. */
struct acmems_child_pool *acmems_child_pool_new(unsigned most);

/* Frees it. Programs that still wait or run in it are cancelled. NULL is allowed. */
void acmems_child_pool_free(struct acmems_child_pool *pool);

struct acmems_child_variable {
	const char *name; /* without '=' */
	const char *value; /* any text */
};

/* All of it is copied. */
struct acmems_child_config {
	struct acmems_child_pool *pool; /* not copied; freeing it cancels */
	const char *room; /* for the log lines with its output; static */
	const char *subject; /* likewise: the instance's name */
	char *const *command; /* [0] is the absolute path of the file; NULL at the end */
	const char *const *arguments; /* behind those of command; NULL at the end; NULL: none */
	/*
	 * All it gets in its environment: "NAME=value", NULL at the end, or NULL; PATH, the usual
	 * one, unless that has one; and these variables, which win over both.
	 */
	char *const *environment;
	const struct acmems_child_variable *variables;
	size_t variable_count;
	const void *input; /* for its standard input, which is /dev/null without any */
	size_t input_len; /* bytes; 0: none */
	size_t max_output; /* bytes of standard output that are kept; the rest is only logged */
	int64_t timeout_ms; /* from the start of the program; > 0 */
	uint64_t after; /* does not start before this one of the same pool is gone; 0: none */
};

/* Valid during the callback. */
struct acmems_child_result {
	int status; /* exit status; 128 + signal number when a signal ended it */
	const char *output; /* standard output, NUL-terminated behind len bytes; any bytes */
	size_t output_len;
	const char *last_line; /* the last it printed on either output, for messages; may be "" */
};

/*
 * Either a result, of a program that has run to its end whatever its status, or err: ACMEMS_TIMEOUT when
 * it ran out of time, ACMEMS_SYSTEM when it could not be started, ACMEMS_NO_MEMORY, ACMEMS_FAULT when it is
 * unknown how it ended. Both are valid during the call.
 */
typedef void acmems_child_done(
	void *arg, const struct acmems_child_result *result, const struct acmems_error *err);

/*
 * Runs a program; done comes exactly once, from the loop, when it is gone, unless it is cancelled.
 * Returns its number, or 0 and *err: ACMEMS_NO_MEMORY, ACMEMS_CONFIG (not an absolute path).
 */
uint64_t acmems_child_start(const struct acmems_child_config *config, acmems_child_done *done,
	void *arg, struct acmems_error *err);

/* Silent: the program is ended as if out of time, nobody hears of it. Harmless for one that is done. */
void acmems_child_cancel(uint64_t id);

#endif
