/* SPDX-License-Identifier: ISC */
/* command_notify.h - acmems -N: a test event through one notifier, and what its receiver says. */
#ifndef COMMAND_NOTIFY_H
#define COMMAND_NOTIFY_H

#include "cli.h"

/* Does it; returns an exit status of sysexits.h. */
int command_notify(const struct cli *cli);

#endif
