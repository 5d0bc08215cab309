/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "process.h"
#include "temp_dir.h"

/* Runs body in a child of ours, so that the test's own process stays as it is. Its exit status. */
static int in_child(int (*body)(void))
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int limits(void)
{
	struct rlimit files, core;
	struct sigaction pipe_action;

	process_init();
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur != files.rlim_max)
		return 1;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0)
		return 2;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 3;
	if (sigaction(SIGPIPE, NULL, &pipe_action) != 0 || pipe_action.sa_handler != SIG_IGN)
		return 4;
	return umask(0) == 077 ? 0 : 5;
}

/* What is opened next must not be taken for standard error. */
static int closed_standard_fds(void)
{
	int fd;

	close(STDIN_FILENO);
	close(STDERR_FILENO);
	process_init();
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd > STDERR_FILENO ? 0 : 1;
}

static int detach_well(void)
{
	struct acmems_error err = {0};

	if (!process_detach(&err))
		return 9;
	/* in the child: a session of its own, and soon no terminal */
	if (getsid(0) != getpid())
		_exit(3);
	process_detach_done();
	process_detach_done();
	_exit(0);
}

static int detach_and_fail(void)
{
	struct acmems_error err = {0};

	if (!process_detach(&err))
		return 9;
	_exit(78);
}

static int detach_and_die(void)
{
	struct acmems_error err = {0};

	if (!process_detach(&err))
		return 9;
	raise(SIGKILL);
	return 9;
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(in_child(limits), 0);
}

static void test_standard_fds_are_filled(void **state)
{
	(void)state;
	assert_int_equal(in_child(closed_standard_fds), 0);
}

static void test_detach(void **state)
{
	(void)state;
	assert_int_equal(in_child(detach_well), 0);
	/* the parent answers for what the child says */
	assert_int_equal(in_child(detach_and_fail), 78);
	assert_int_equal(in_child(detach_and_die), 70);
}

static void test_pid_file(void **state)
{
	const char *path = temp_path("pid");
	struct acmems_error err = {0};
	char text[32] = "";
	FILE *file;

	(void)state;
	assert_true(process_pid_file(NULL, &err));
	assert_true(process_pid_file(path, &err));
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_int_equal(strtol(text, NULL, 10), getpid());
	assert_false(process_pid_file("/nonexistent/folder/pid", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_standard_fds_are_filled),
		cmocka_unit_test(test_detach),
		cmocka_unit_test_setup_teardown(test_pid_file, temp_dir_setup, temp_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
