/* SPDX-License-Identifier: ISC */
/*
 * base/child_program.h - what a program is run with, copied from its config; and its start.
 */
#ifndef BASE_CHILD_PROGRAM_H
#define BASE_CHILD_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <acmems/child.h>

struct child_program {
	char **arguments; /* NULL at the end */
	char **environment; /* likewise */
	void *input; /* NULL: none */
	size_t input_len;
};

/* False: no memory; *program can be freed all the same. */
bool child_program_copy(const struct acmems_child_config *config, struct child_program *program);
void child_program_free(struct child_program *program);

/* The file's name without its folders. */
const char *child_program_name(const struct child_program *program);

/* A process and the ends we read its standard output and standard error from, not blocking. */
struct child_process {
	pid_t pid; /* also the number of its group */
	int outputs[2];
};

/* Starts the program. On failure *err says what could not be done, and nothing is left. */
bool child_program_spawn(const struct child_program *program, struct child_process *process,
	struct acmems_error *err);

#endif
