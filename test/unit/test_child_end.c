/* SPDX-License-Identifier: ISC */
#include "child_run.h"

#include <sys/resource.h>

static int descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void one_may_wait_for_another_to_be_gone(void **state)
{
	char script[400];
	char *command[] = {(char *)"/bin/sh", (char *)"-c", script, NULL};
	struct acmems_child_config config = config_of(command);
	struct end end = {0};
	uint64_t first;

	(void)state;
	/* it takes a moment to end when it is told to */
	snprintf(script, sizeof(script),
		"trap 'sleep 0.1; touch %s/gone; exit' TERM; : > %s/ready; "
		"while :; do sleep 0.01; done",
		temp_dir, temp_dir);
	first = acmems_child_start(&config, on_done, &end, &err);
	assert_int_not_equal(first, 0);
	run_until(access(temp_path("ready"), F_OK) == 0);
	acmems_child_cancel(first);
	snprintf(script, sizeof(script), "cd %s; ls gone", temp_dir);
	config.after = first;
	assert_string_equal(run(&config).output, "gone\n");
	assert_int_equal(end.done, 0);
	config.after = 4711;
	assert_string_equal(run(&config).output, "gone\n");
}

static void what_runs_in_the_background_is_not_waited_for(void **state)
{
	int64_t begin = acmems_clock_ms();
	struct end end = run_sh("sleep 30 & echo $!");

	(void)state;
	assert_int_equal(end.status, 0);
	assert_true(acmems_clock_ms() - begin < 5000);
	/* it was let be */
	assert_int_equal(kill((pid_t)strtol(end.output, NULL, 10), SIGKILL), 0);
}

static void out_of_time_ends_the_group(void **state)
{
	char *command[] = {(char *)"/bin/sh", (char *)"-c", (char *)"sleep 30 & sleep 30", NULL};
	struct acmems_child_config config = config_of(command);
	struct end end;

	(void)state;
	config.timeout_ms = 50;
	end = run(&config);
	assert_int_equal(end.code, ACMEMS_TIMEOUT);
	assert_non_null(strstr(end.message, "/bin/sh ran longer than 50 ms"));
	assert_int_equal(child_count(), 0);
}

static void a_cancelled_one_is_ended_in_silence(void **state)
{
	struct end end = {0}, other = {0};
	uint64_t id = start_sh("echo $$; sleep 30", &end);
	uint64_t waiting;
	struct acmems_child_pool *wide = pool;

	(void)state;
	assert_int_not_equal(id, 0);
	loop_run_once(50);
	acmems_child_cancel(id);
	acmems_child_cancel(id);
	run_until(child_count() == 0);
	acmems_child_cancel(id);
	/* one that still waits for its turn never starts */
	pool = acmems_child_pool_new(1);
	assert_non_null(pool);
	assert_int_not_equal(start_sh("sleep 0.1", &other), 0);
	waiting = start_sh("echo no", &end);
	assert_int_not_equal(waiting, 0);
	acmems_child_cancel(waiting);
	run_until(other.done);
	run_due();
	assert_int_equal(child_count(), 0);
	assert_int_equal(end.done, 0);
	acmems_child_pool_free(pool);
	pool = wide;
}

static void who_does_not_listen_is_killed(void **state)
{
	struct end end = {0};
	char script[200];
	uint64_t id;
	int64_t begin;

	(void)state;
	snprintf(script, sizeof(script), "trap '' TERM; : > %s/ready; while :; do sleep 0.05; done",
		temp_dir);
	id = start_sh(script, &end);
	assert_int_not_equal(id, 0);
	run_until(access(temp_path("ready"), F_OK) == 0);
	begin = acmems_clock_ms();
	acmems_child_cancel(id);
	run_until(child_count() == 0);
	assert_true(acmems_clock_ms() - begin >= 1900);
	assert_int_equal(end.done, 0);
}

static void the_end_of_all_waits_without_the_loop(void **state)
{
	char script[400], path[300];
	struct end end = {0};

	(void)state;
	snprintf(script, sizeof(script),
		"trap 'sleep 0.1; touch %s/tidy; exit' TERM; : > %s/ready; "
		"while :; do sleep 0.01; done",
		temp_dir, temp_dir);
	assert_int_not_equal(start_sh(script, &end), 0);
	run_until(access(temp_path("ready"), F_OK) == 0);
	acmems_child_pool_free(pool);
	pool = NULL;
	assert_int_equal(child_count(), 1);
	child_fini();
	assert_int_equal(child_count(), 0);
	snprintf(path, sizeof(path), "%s/tidy", temp_dir);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(end.done, 0);
}

static void no_descriptor_is_left(void **state)
{
	int before;

	(void)state;
	run_sh("true");
	before = descriptors();
	for (int i = 0; i < 5; i++)
		run_sh("sleep 0.5 & echo x");
	assert_int_equal(descriptors(), before);
}

static void without_descriptors_it_says_so(void **state)
{
	struct rlimit limit, few;
	char *command[] = {(char *)"/bin/true", NULL};
	struct acmems_child_config config = config_of(command);
	struct end end = {0};
	int before;

	(void)state;
	run_sh("true");
	before = descriptors();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	/* from none at all to all that are needed: input, pipes, and one to notice its end by */
	for (int room = 0; room < 8; room++) {
		struct end one = {0};

		/* the folder that was looked at is among those counted, and so are "." and ".." */
		few.rlim_cur = (rlim_t)(before - 3 + room);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		assert_int_not_equal(acmems_child_start(&config, on_done, &one, &err), 0);
		run_until(one.done);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_int_equal(descriptors(), before);
		end = one;
		if (room == 0)
			assert_int_equal(one.code, ACMEMS_SYSTEM);
	}
	assert_int_equal(end.code, ACMEMS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_pool(one_may_wait_for_another_to_be_gone),
		with_pool(what_runs_in_the_background_is_not_waited_for),
		with_pool(out_of_time_ends_the_group),
		with_pool(a_cancelled_one_is_ended_in_silence),
		with_pool(who_does_not_listen_is_killed),
		with_pool(the_end_of_all_waits_without_the_loop),
		with_pool(no_descriptor_is_left),
		with_pool(without_descriptors_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
