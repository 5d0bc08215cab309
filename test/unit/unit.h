/* SPDX-License-Identifier: ISC */
/* unit.h - what every unit test needs: cmocka, and the loop run until something is so. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/loop.h"

/* How long to wait for something that must happen: a bound, never a measure. */
static inline int64_t unit_patience_ms(void)
{
	const char *text = getenv("UNIT_PATIENCE_MS");

	return text ? strtol(text, NULL, 10) : 10000;
}

/* Where a test may have files. */
static inline const char *unit_tmp(void)
{
	const char *text = getenv("TMPDIR");

	return text ? text : "/tmp";
}

/* Runs the loop until `condition` holds; fails the test when it does not come true. */
#define run_until(condition)                                                                       \
	do {                                                                                       \
		int64_t unit_end_ = acmems_clock_ms() + unit_patience_ms();                        \
		while (!(condition)) {                                                             \
			assert_true(acmems_clock_ms() < unit_end_);                                \
			loop_run_once(20);                                                         \
		}                                                                                  \
	} while (0)

/* Runs what is due now, a few rounds. */
static inline void run_due(void)
{
	for (int i = 0; i < 5; i++)
		loop_run_once(0);
}

static inline int unit_loop_setup(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	return loop_init(&err) ? 0 : -1;
}

static inline int unit_loop_teardown(void **state)
{
	(void)state;
	loop_fini();
	return 0;
}

#endif
