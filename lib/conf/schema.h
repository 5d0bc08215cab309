/* SPDX-License-Identifier: ISC */
/*
 * conf/schema.h - applies a table of options (acmems/option.h) to a node of the configuration.
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/option.h>
#include "conf/conf.h"

/* A table; `others` allows keys that no row names (the caller sees to them). */
struct schema {
	const char *what; /* "validator \"http\"", for messages */
	const struct acmems_option *rows;
	size_t count;
	bool others;
	const char *const
		*also; /* known keys that the caller reads itself, NULL at the end; or NULL */
};

/*
 * Fills the zeroed struct at base: defaults first, then the node's settings, each checked. node may
 * be NULL (all defaults; required ones are faults then) or, for tables with an ACMEMS_DIRECT row,
 * anything; otherwise it must be a group. Every fault becomes a line; unknown keys name the nearest
 * known one. False if there was any fault; what was stored is freed by schema_free() all the same.
 */
bool schema_apply(const struct schema *schema, const struct conf_node *node, void *base,
	struct conf_faults *faults);

/* Frees the stored texts and lists and zeroes them; secrets are wiped. */
void schema_free(const struct acmems_option *rows, size_t count, void *base);

/* Is the table itself sound (names, offsets inside size, defaults that parse)? For the loader. */
bool schema_check(
	const struct acmems_option *rows, size_t count, size_t size, struct acmems_error *err);

#endif
