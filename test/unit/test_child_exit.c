/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A kernel that has pidfd_open() or not, as the test wants. */
static bool old_kernel;

static int choosy_pidfd_open(pid_t pid)
{
	if (!old_kernel)
		return pidfd_open(pid, 0);
	errno = ENOSYS;
	return -1;
}

#define pidfd_open(pid, flags) choosy_pidfd_open(pid)
#include "../../lib/base/child_exit.c"
#undef pidfd_open

struct one {
	struct child_exit *exit;
	struct one *other; /* is freed too */
	int told;
};

static struct acmems_error err;
static pid_t started[8];
static size_t started_count;

static int setup(void **state)
{
	old_kernel = false;
	err = (struct acmems_error){0};
	return unit_loop_setup(state);
}

static int setup_old(void **state)
{
	setup(state);
	old_kernel = true;
	return 0;
}

static int teardown(void **state)
{
	sigset_t set;

	while (started_count > 0)
		kill(started[--started_count], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	assert_false(by_signal.ready);
	sigprocmask(SIG_BLOCK, NULL, &set);
	assert_false(sigismember(&set, SIGCHLD));
	return unit_loop_teardown(state);
}

/* A process that ends when the pipe does. */
static pid_t start(int *ret_fd)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 0 ? 0 : 1);
	}
	started[started_count++] = pid;
	close(fds[0]);
	*ret_fd = fds[1];
	return pid;
}

static void on_end(void *arg)
{
	struct one *one = arg;

	one->told++;
	child_exit_free(one->exit);
	one->exit = NULL;
	if (one->other) {
		child_exit_free(one->other->exit);
		one->other->exit = NULL;
	}
}

static void ends_are_told_once(void **state)
{
	struct one one = {0};
	int fd;
	pid_t pid = start(&fd);

	(void)state;
	one.exit = child_exit_new(pid, on_end, &one, &err);
	assert_non_null(one.exit);
	run_due();
	assert_int_equal(one.told, 0);
	assert_false(child_has_exited(pid));
	close(fd);
	run_until(one.told);
	assert_true(child_has_exited(pid));
	run_due();
	assert_int_equal(one.told, 1);
	started_count = 0;
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(child_has_exited(pid));
}

static void an_end_before_anybody_listens_is_told(void **state)
{
	struct one one = {0};
	int fd;
	pid_t pid = start(&fd);

	(void)state;
	close(fd);
	while (!child_has_exited(pid))
		usleep(1000);
	one.exit = child_exit_new(pid, on_end, &one, &err);
	assert_non_null(one.exit);
	assert_int_equal(one.told, 0);
	run_until(one.told);
}

static void whom_one_frees_is_not_told(void **state)
{
	struct one ones[3] = {0};
	int fds[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		ones[i].exit = child_exit_new(start(&fds[i]), on_end, &ones[i], &err);
		assert_non_null(ones[i].exit);
	}
	ones[0].other = &ones[1];
	ones[1].other = &ones[0];
	/* the writing ends of earlier ones are with later ones, too */
	for (int i = 2; i >= 0; i--)
		close(fds[i]);
	run_until(ones[0].told + ones[1].told + ones[2].told == 2);
	run_due();
	assert_int_equal(ones[2].told, 1);
	assert_null(ones[0].exit);
	assert_null(ones[1].exit);
	child_exit_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ends_are_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_are_told_once, setup_old, teardown),
		cmocka_unit_test_setup_teardown(
			an_end_before_anybody_listens_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_end_before_anybody_listens_is_told, setup_old, teardown),
		cmocka_unit_test_setup_teardown(whom_one_frees_is_not_told, setup, teardown),
		cmocka_unit_test_setup_teardown(whom_one_frees_is_not_told, setup_old, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
