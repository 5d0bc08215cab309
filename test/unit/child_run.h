/* SPDX-License-Identifier: ISC */
/* child_run.h - for tests of programs: a pool, and what became of a program. */
#ifndef CHILD_RUN_H
#define CHILD_RUN_H

#include "child_world.h"

#include <signal.h>

/* What became of a program. */
struct end {
	int done;
	enum acmems_code code;
	char message[256];
	int status;
	char output[2048];
	size_t output_len;
	char last_line[512];
};

static struct acmems_child_pool *pool;
static struct acmems_error err;

static inline void on_done(
	void *arg, const struct acmems_child_result *result, const struct acmems_error *error)
{
	struct end *end = arg;

	assert_true(!result != !error);
	end->done++;
	if (error) {
		end->code = error->code;
		snprintf(end->message, sizeof(end->message), "%s", error->message);
		return;
	}
	end->status = result->status;
	end->output_len = result->output_len;
	assert_true(result->output_len < sizeof(end->output));
	memcpy(end->output, result->output, result->output_len + 1);
	snprintf(end->last_line, sizeof(end->last_line), "%s", result->last_line);
}

static inline struct acmems_child_config config_of(char *const *command)
{
	return (struct acmems_child_config){.pool = pool,
		.room = "test",
		.subject = "child",
		.command = command,
		.max_output = 1024,
		.timeout_ms = 20000};
}

static inline uint64_t start_sh(const char *script, struct end *end)
{
	char *command[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, NULL};
	struct acmems_child_config config = config_of(command);

	return acmems_child_start(&config, on_done, end, &err);
}

static inline struct end run(const struct acmems_child_config *config)
{
	struct end end = {0};

	assert_int_not_equal(acmems_child_start(config, on_done, &end, &err), 0);
	assert_int_equal(end.done, 0);
	run_until(end.done);
	return end;
}

static inline struct end run_sh(const char *script)
{
	char *command[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, NULL};
	struct acmems_child_config config = config_of(command);

	return run(&config);
}

static inline int setup(void **state)
{
	err = (struct acmems_error){0};
	if (child_world_setup(state) != 0)
		return -1;
	pool = acmems_child_pool_new(4);
	return pool ? 0 : -1;
}

static inline int teardown(void **state)
{
	acmems_child_pool_free(pool);
	pool = NULL;
	return child_world_teardown(state);
}

#define with_pool(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
