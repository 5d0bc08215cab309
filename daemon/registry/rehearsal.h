/* SPDX-License-Identifier: ISC */
/*
 * rehearsal.h - what modules do, done by a copy of this process first: one that crashes, ends the
 * process or does not come back takes the copy along and not us, and is named.
 *
 * The copy (fork) has the memory of this process, and none of its descriptors, output and log. Its loop
 * does not run. It ends with the body.
 */
#ifndef REHEARSAL_H
#define REHEARSAL_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>

/* Runs in the copy. What it says of faults is not heard: they show again where it counts. */
typedef void rehearsal_body(void *arg);

struct rehearsal_spec {
	rehearsal_body *body;
	void *arg;
	int64_t step_ms; /* for all until the first rehearsal_at, and between two; 0: 5 s */
};

/* In the copy: from here on, it is this module's doing ("auth-ip", "check"). Elsewhere nothing. */
void rehearsal_at(const char *owner, const char *step);

/*
 * Waits for the end, without the loop. False and *err: ACMEMS_CONFIG which module did what, or another
 * code if there can be no copy.
 */
bool rehearsal_run(const struct rehearsal_spec *spec, struct acmems_error *err);

/* err NULL: it came to its end. */
typedef void rehearsal_done(void *arg, const struct acmems_error *err);

struct rehearsal;

/*
 * The same on the loop: done(arg, err) comes exactly once, and frees the rehearsal before. NULL and
 * *err when it could not be started. The body's arg must live until then.
 */
struct rehearsal *rehearsal_start(const struct rehearsal_spec *spec, rehearsal_done *done,
	void *arg, struct acmems_error *err);

/* Ends the copy; done does not come. NULL is allowed. */
void rehearsal_cancel(struct rehearsal *rehearsal);

#endif
