/* SPDX-License-Identifier: ISC */
/*
 * child_world.h - the surroundings of tests that run programs: a loop, a folder, a log that nobody
 * reads; and the check that no program is left.
 */
#ifndef CHILD_WORLD_H
#define CHILD_WORLD_H

#include "unit.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/log_target.h"
#include "temp_dir.h"

static inline int child_world_setup(void **state)
{
	const struct log_config log = {.level = ACMEMS_LOG_INFO, .target = "/dev/null"};
	struct acmems_error error = {0};

	if (!log_configure(&log, &error) || temp_dir_setup(state) != 0)
		return -1;
	return unit_loop_setup(state);
}

static inline int child_world_teardown(void **state)
{
	child_fini();
	log_reset();
	assert_int_equal(child_count(), 0);
	/* no zombies either */
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	unit_loop_teardown(state);
	return temp_dir_teardown(state);
}

#endif
