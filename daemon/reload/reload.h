/* SPDX-License-Identifier: ISC */
/*
 * reload.h - which generation is current, and how another one becomes it.
 *
 * Life: first -> (again)* -> stop -> gone. At most one generation starts at a time; any number may
 * still drain.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include <acmems/loop.h>
#include "conf/conf.h"
#include "reload/life.h"

struct reload_config {
	const char *path; /* of the configuration */
	const char *modules; /* directory that overrides the file's, or NULL */
	unsigned verbose; /* levels to log more */
	bool detached; /* there is no stderr to log to */
	bool rehearse; /* each is tried out in a process of its own first */
};

/*
 * Reads, builds and begins to start the first generation; done(arg, err) as life_start(), when
 * it is open or could not be started. config stays the caller's and must live on. False, and faults
 * say why.
 */
bool reload_first(
	const struct reload_config *config, life_done *done, void *arg, struct conf_faults *faults);

/*
 * The same for a further one, which takes over if all goes well and changes nothing otherwise; either
 * is logged. While one is starting, the wish is remembered. done(arg) when it is over, perhaps from
 * inside. Only while there is a current one.
 */
void reload_again(acmems_callback *done, void *arg);

/* Retires every generation; what is under way gets deadline_ms. done(arg) when all are gone. */
void reload_stop(int64_t deadline_ms, acmems_callback *done, void *arg);

/* What still drains gets at most this long from now. */
void reload_hurry(int64_t deadline_ms);

/* The one that requests go to; NULL before the first is open and after stop. */
const struct generation *reload_current(void);

/* Opens log files anew, after somebody has moved them away. */
void reload_log(void);

/* Whether log lines go where a person at the terminal sees them. */
bool reload_logs_to_stderr(void);

#endif
