/* SPDX-License-Identifier: ISC */
/*
 * option.h - options, declared as rows of a table.
 *
 * A module never sees the configuration file. It declares its options as rows; the core parses,
 * checks, converts and stores each value through its offset into the instance's struct, which is
 * zeroed before. Whatever is wrong is reported with file:line. The same rows feed `acmems -D` and
 * are checked against the man page.
 *
 *   struct mine { struct acmems_instance self; char *server; int64_t timeout; };
 *   static const struct acmems_option options[] = {
 *   	{ .name = "server", .type = ACMEMS_STRING, .offset = offsetof(struct mine, server),
 *   	  .flags = ACMEMS_REQUIRED, .help = "host to talk to" },
 *   	{ .name = "timeout", .type = ACMEMS_DURATION, .offset = offsetof(struct mine, timeout),
 *   	  .fallback = "30s", .min = 1000, .max = 600000, .help = "how long to wait for it" },
 *   };
 *
 * Stored values belong to the core and live as long as the instance.
 */
#ifndef ACMEMS_OPTION_H
#define ACMEMS_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum acmems_option_type {
	ACMEMS_STRING, /* char *: text, NULL if absent and without fallback */
	ACMEMS_BOOL, /* bool */
	ACMEMS_INT, /* int64_t */
	ACMEMS_DURATION, /* int64_t: milliseconds. "90s", "5m", "12h", "14d"; bare: see unit */
	ACMEMS_SIZE, /* int64_t: bytes. "4k", "1m"; a bare number is bytes */
	ACMEMS_CHOICE, /* int: index into choices */
	ACMEMS_LIST, /* struct acmems_list: of texts; a single text is a list of one */
	ACMEMS_GROUP, /* nested group; its rows store into the same struct */
};

/* A list of texts. items[count] is NULL. */
struct acmems_list {
	char **items;
	size_t count;
	bool given; /* false: absent from the file, so an empty list can be told from no list */
};

#define ACMEMS_REQUIRED 1u /* must be given */
#define ACMEMS_SECRET 2u /* never printed, not even in errors */
#define ACMEMS_DIRECT 4u /* auth modules: takes the setting itself when it is not a group */

struct acmems_option {
	const char *name; /* lower-case words with '-' between them */
	enum acmems_option_type type;
	size_t offset; /* of the value in the instance's struct */
	unsigned flags; /* ACMEMS_REQUIRED, ACMEMS_SECRET, ACMEMS_DIRECT */
	const char *
		fallback; /* the default as one would write it ("30s", "true"), NULL for none; for a
	                         list its items with ", " between */
	int64_t min; /* bounds in stored units, or of a text's or list's length; */
	int64_t max; /* both 0: no bounds */
	const char *const *choices; /* of ACMEMS_CHOICE: names, NULL at the end */
	const char *unit; /* of ACMEMS_DURATION: unit of a bare number, "s" if NULL */
	const struct acmems_option *rows; /* of ACMEMS_GROUP */
	size_t row_count; /* of ACMEMS_GROUP */
	const char *help; /* one line, no full stop */
};

#endif
