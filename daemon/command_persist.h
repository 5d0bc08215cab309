/* SPDX-License-Identifier: ISC */
/*
 * command_persist.h - acmems -P: the standing record of dns-persist-01 that the owner of a zone has to
 * set for our account.
 */
#ifndef COMMAND_PERSIST_H
#define COMMAND_PERSIST_H

#include <stdbool.h>

#include <acmems/error.h>
#include "cli.h"

#define PERSIST_NAME_MAX 254

/* What the record is for. */
struct persist_name {
	char text[PERSIST_NAME_MAX]; /* lower case, without "*." and last dot */
	bool wildcard;
};

/* Reads "www.example.org" or "*.example.org". False and *err (ACMEMS_BAD_REQUEST). */
bool persist_name_read(const char *text, struct persist_name *name, struct acmems_error *err);

/*
 * The line of a zone file, with a line end, to be freed: value in strings of 255 bytes at most. NULL:
 * no memory.
 */
char *persist_line(const struct persist_name *name, const char *issuer, const char *account_uri);

/* Does it; returns an exit status of sysexits.h. */
int command_persist(const struct cli *cli);

#endif
