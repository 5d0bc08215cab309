/* SPDX-License-Identifier: ISC */
/* signals.h - signals as events of the loop. What they mean is the receiver's business. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

#include <acmems/error.h>

/* SIGTERM, SIGINT, SIGHUP or SIGUSR1; from the loop, one at a time. */
typedef void signals_callback(int number);

/* Blocks them, so that none is lost or deadly before the loop runs. Before signals_start(). */
void signals_block(void);

bool signals_start(signals_callback *callback, struct acmems_error *err);
void signals_stop(void);

#endif
