/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log_target.h"
#include "generation/generation.h"
#include "registry/registry.h"
#include "registry/rehearsal.h"
#include "reload/rehearsal_generation.h"
#include "temp_dir.h"

static struct acmems_error err;
static unsigned lines;

static void on_line(void *arg, enum acmems_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
	lines++;
}

static int setup(void **state)
{
	err = (struct acmems_error){0};
	lines = 0;
	log_tap(on_line, NULL);
	return temp_dir_setup(state) | unit_loop_setup(state);
}

static int teardown(void **state)
{
	log_tap(NULL, NULL);
	registry_fini();
	unit_loop_teardown(state);
	return temp_dir_teardown(state);
}

/* No copy is left, ended or not. */
static void assert_nobody_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- bodies ---- */

static void do_well(void *arg)
{
	(void)arg;
	rehearsal_at("auth-x", "check");
}

static void do_crash(void *arg)
{
	(void)arg;
	rehearsal_at("auth-x", "start");
	raise(SIGSEGV);
}

static void do_exit(void *arg)
{
	(void)arg;
	rehearsal_at("auth-x", "load");
	_exit(0);
}

static void do_hang(void *arg)
{
	(void)arg;
	rehearsal_at("auth-x", "check");
	for (;;)
		pause();
}

static void do_hang_deaf(void *arg)
{
	sigset_t all;

	(void)arg;
	rehearsal_at("auth-x", "load");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (;;)
		pause();
}

static void do_crash_early(void *arg)
{
	(void)arg;
	raise(SIGBUS);
}

static void do_write(void *arg)
{
	const int *fds = arg;

	acmems_log(ACMEMS_LOG_ERROR, "x", NULL, "nobody hears it");
	/* what was a socket is nothing now, under the same number */
	if (write(fds[1], "x", 1) != 1 || send(fds[1], "x", 1, MSG_NOSIGNAL) >= 0)
		_exit(7);
}

static bool run(rehearsal_body *body, void *arg, int64_t step_ms)
{
	const struct rehearsal_spec spec = {.body = body, .arg = arg, .step_ms = step_ms};

	err = (struct acmems_error){0};
	return rehearsal_run(&spec, &err);
}

static bool over, went_well;
static struct acmems_error said;

static void on_over(void *arg, const struct acmems_error *why)
{
	assert_string_equal(arg, "arg");
	assert_false(over);
	over = true;
	went_well = why == NULL;
	if (why)
		said = *why;
}

static struct rehearsal *start(rehearsal_body *body, void *body_arg)
{
	const struct rehearsal_spec spec = {.body = body, .arg = body_arg, .step_ms = 1000};
	static char arg[] = "arg";
	struct rehearsal *rehearsal;

	over = went_well = false;
	rehearsal = rehearsal_start(&spec, on_over, arg, &err);
	if (!rehearsal)
		assert_int_equal(err.code, ACMEMS_NO_MEMORY);
	assert_false(over);
	return rehearsal;
}

static void refused(rehearsal_body *body, const char *words)
{
	assert_false(run(body, NULL, 1000));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	if (!strstr(err.message, words))
		fail_msg("%s", err.message);
}

static void test_outcomes(void **state)
{
	(void)state;
	assert_true(run(do_well, NULL, 0));
	refused(do_crash, "module auth-x crashed in start (Segmentation fault)");
	refused(do_exit, "module auth-x ended the process in load (exit status 0)");
	refused(do_hang, "module auth-x did not come back from check within 1 s");
	refused(do_crash_early, "module (unknown) crashed in its first steps");
	assert_nobody_left();
	/* here, a step is nobody's */
	rehearsal_at("auth-x", "check");
}

static void do_slowly(void *arg)
{
	for (int i = 0; i < 5; i++) {
		rehearsal_at("auth-x", arg);
		usleep(600000);
	}
}

static void test_time_is_for_each_step(void **state)
{
	char step[] = "check";

	(void)state;
	if (!run(do_slowly, step, 2500))
		fail_msg("%s", err.message);
	/* nor do signals that are blocked keep it */
	refused(do_hang_deaf, "module auth-x did not come back from load within 1 s");
}

/* Hangs but for the third time. */
static void do_hang_twice(void *arg)
{
	int *times = arg;

	rehearsal_at("auth-x", "check");
	while (++*times < 3)
		pause();
}

static void *idle(void *arg)
{
	const int *fd = arg;
	char byte;

	return read(*fd, &byte, 1) < 0 ? arg : NULL;
}

/* One of them may have had a lock that the copy waits for. */
static void test_other_threads(void **state)
{
	int *times = mmap(
		NULL, sizeof(*times), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;
	int fds[2];

	(void)state;
	assert_ptr_not_equal(times, MAP_FAILED);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pthread_create(&thread, NULL, idle, &fds[0]), 0);
	if (!run(do_hang_twice, times, 1000))
		fail_msg("%s", err.message);
	assert_int_equal(*times, 3);
	assert_non_null(start(do_hang_twice, times));
	*times = 1;
	run_until(over);
	assert_true(went_well);
	close(fds[1]);
	pthread_join(thread, NULL);
	close(fds[0]);
	/* without them it is the module */
	*times = 0;
	assert_false(run(do_hang_twice, times, 1000));
	assert_int_equal(*times, 1);
	munmap(times, sizeof(*times));
	assert_nobody_left();
}

static void test_the_copy_has_nothing_of_ours(void **state)
{
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	if (!run(do_write, fds, 5000))
		fail_msg("%s", err.message);
	assert_int_equal(read(fds[0], &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(lines, 0);
	close(fds[0]);
	close(fds[1]);
}

/* ---- on the loop ---- */

static void test_on_the_loop(void **state)
{
	(void)state;
	assert_non_null(start(do_well, NULL));
	run_until(over);
	assert_true(went_well);
	assert_non_null(start(do_crash, NULL));
	run_until(over);
	assert_false(went_well);
	assert_non_null(strstr(said.message, "module auth-x crashed in start"));
	assert_nobody_left();
}

static void test_cancel(void **state)
{
	(void)state;
	rehearsal_cancel(start(do_hang, NULL));
	assert_nobody_left();
	run_due();
	assert_false(over);
	rehearsal_cancel(NULL);
}

/* ---- modules ---- */

#define HOUSE(storage, auth)                                                                       \
	"account: { ca: { dir = \"/nonexistent/a\"; }; };\n"                                       \
	"validator: { v: { type = \"idle\"; }; };\n"                                               \
	"storage: { s: { type = \"moody\"; " storage " }; };\n"                                    \
	"auth: ( { name = \"x\"; " auth "; domains = [ \"*\" ]; } );\n"

static struct rehearsal_plan plan_of(const char *text, bool with_start)
{
	return (struct rehearsal_plan){
		.path = temp_file("test.conf", text), .modules = MOCK_DIR, .start = with_start};
}

static void test_generations(void **state)
{
	static const struct {
		const char *text;
		const char *words;
	} bad[] = {
		{HOUSE("", "tomb = true"), "module auth-tomb crashed in being mapped"},
		{HOUSE("", "crash = \"check\""), "module auth-crash crashed in check"},
		{HOUSE("", "crash = \"start\""), "module auth-crash crashed in start"},
		{HOUSE("", "crash = \"exit\""), "module auth-crash ended the process in start"},
		/* whatever is wrong without a crash shows again where it counts */
		{HOUSE("start = \"fails\";", "good = true"), NULL},
		{HOUSE("start = \"never\";", "good = true"), NULL},
		{HOUSE("sound = false;", "good = true"), NULL},
		{HOUSE("", "old = true"), NULL},
		{"nonsense", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rehearsal_plan plan = plan_of(bad[i].text, true);

		if (run(rehearsal_of_generation, &plan, 0) != (bad[i].words == NULL))
			fail_msg("%zu: %s", i, err.message);
		if (bad[i].words && !strstr(err.message, bad[i].words))
			fail_msg("%zu: %s", i, err.message);
	}
	assert_nobody_left();
}

static void test_without_start(void **state)
{
	struct rehearsal_plan plan = plan_of(HOUSE("", "crash = \"start\""), false);

	(void)state;
	assert_true(run(rehearsal_of_generation, &plan, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_outcomes),
		TEST(test_time_is_for_each_step),
		TEST(test_other_threads),
		TEST(test_the_copy_has_nothing_of_ours),
		TEST(test_on_the_loop),
		TEST(test_cancel),
		TEST(test_generations),
		TEST(test_without_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
