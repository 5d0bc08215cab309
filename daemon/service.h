/* SPDX-License-Identifier: ISC */
/* service.h - the daemon's life, from the command line to its last log line. */
#ifndef SERVICE_H
#define SERVICE_H

#include "cli.h"

/* Serves until it is told to stop. Exit status of sysexits.h. */
int service_run(const struct cli *cli);

#endif
