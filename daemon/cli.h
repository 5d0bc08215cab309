/* SPDX-License-Identifier: ISC */
/* cli.h - the command line, read. Does nothing yet. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdio.h>

#include <acmems/error.h>

enum cli_action {
	CLI_RUN,
	CLI_TEST,
	CLI_LIST,
	CLI_DESCRIBE,
	CLI_PERSIST,
	CLI_NOTIFY,
	CLI_VERSION,
	CLI_HELP
};

struct cli {
	enum cli_action action;
	const char *config; /* file; never NULL */
	const char *modules; /* directory, or NULL */
	const char *describe; /* NAME of -D */
	const char *persist; /* NAME of -P */
	const char *notify; /* INSTANCE of -N */
	bool daemon;
	unsigned verbose; /* how often -v was given */
};

/* Texts stay argv's. False and *err (ACMEMS_BAD_REQUEST) for anything that is not understood. */
bool cli_parse(int argc, char **argv, struct cli *cli, struct acmems_error *err);

void cli_help(FILE *out);

#endif
