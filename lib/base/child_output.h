/* SPDX-License-Identifier: ISC */
/*
 * base/child_output.h - what a program prints: cut into lines for the log, kept up to a bound.
 */
#ifndef BASE_CHILD_OUTPUT_H
#define BASE_CHILD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

/* A longer line becomes several; after so many the rest is not logged. */
#define CHILD_LINE_MAX 500
#define CHILD_LINES_MAX 1000

struct child_line {
	char text[CHILD_LINE_MAX + 1];
	size_t len;
};

struct child_output {
	const char *room; /* for the log; subject and name are the caller's and stay */
	const char *subject;
	const char *name; /* of the program */
	pid_t pid;
	struct child_line lines[2]; /* not yet ended, of standard output and standard error */
	char last[CHILD_LINE_MAX + 1];
	unsigned logged;
	struct str kept; /* standard output; whatever is over its max is lost */
};

/* Prepares it; what it names is set by the caller afterwards. */
void child_output_init(struct child_output *output, size_t max_kept);

/* Bytes of standard output (which 0) or standard error (1). */
void child_output_add(struct child_output *output, int which, const char *data, size_t len);

/* No more comes: lines without an end have ended. */
void child_output_finish(struct child_output *output);
void child_output_fini(struct child_output *output);

#endif
