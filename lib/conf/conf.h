/* SPDX-License-Identifier: ISC */
/*
 * conf/conf.h - a configuration file as a tree of ours, every node with file and line.
 *
 * The only room that knows libconfig. What it accepts and silently spoils (numbers that wrap, bytes
 * behind a NUL) is refused here; what the values mean is the schema's business (schema.h).
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

enum conf_type { CONF_GROUP, CONF_LIST, CONF_STRING, CONF_INT, CONF_FLOAT, CONF_BOOL };

struct conf_node {
	enum conf_type type;
	char *name; /* NULL inside lists and for the root */
	char *file; /* which file it stands in */
	unsigned line;
	char *text; /* CONF_STRING */
	int64_t number; /* CONF_INT */
	bool truth; /* CONF_BOOL */
	struct conf_node **children; /* CONF_GROUP, CONF_LIST (libconfig's arrays are lists too) */
	size_t count;
};

/* What is wrong with a configuration: any number of lines "FILE:LINE: sentence". */
struct conf_faults {
	char **lines;
	size_t count;
	size_t lost; /* found, but beyond the limit of 50 or out of memory */
};

/* Adds a line; node NULL leaves file and line out. */
void conf_fault(struct conf_faults *faults, const struct conf_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with file (NULL: none) and line (0: none) given by hand. */
void conf_fault_at(struct conf_faults *faults, const char *file, unsigned line, const char *format,
	...) __attribute__((format(printf, 4, 5)));
bool conf_faultless(const struct conf_faults *faults);
void conf_faults_fini(struct conf_faults *faults);

/* Reads a file of at most 1 MiB (@include as libconfig does). NULL, and faults say why. */
struct conf_node *conf_read(const char *path, struct conf_faults *faults);

/* The same from text, for tests and fuzzing; file names the source in messages. */
struct conf_node *conf_parse(const char *text, const char *file, struct conf_faults *faults);

void conf_free(struct conf_node *root);

/* Child of a group by name, or NULL. */
const struct conf_node *conf_child(const struct conf_node *group, const char *name);

/* "a group", "a list", "a string" ... for messages. */
const char *conf_type_text(enum conf_type type);

#endif
