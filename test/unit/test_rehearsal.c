/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log_target.h"
#include "registry.h"
#include "rehearsal.h"
#include "rehearsal_generation.h"
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

static bool run(rehearsal_body *body, void *arg, unsigned limit_s)
{
	const struct rehearsal_spec spec = {.body = body, .arg = arg, .limit_s = limit_s};

	err = (struct acmems_error){0};
	return rehearsal_run(&spec, &err);
}

static void refused(rehearsal_body *body, const char *words)
{
	assert_false(run(body, NULL, 1));
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

static void test_the_copy_has_nothing_of_ours(void **state)
{
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	if (!run(do_write, fds, 1))
		fail_msg("%s", err.message);
	assert_int_equal(read(fds[0], &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(lines, 0);
	close(fds[0]);
	close(fds[1]);
}

/* ---- on the loop ---- */

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

static struct rehearsal *start(rehearsal_body *body)
{
	const struct rehearsal_spec spec = {.body = body, .limit_s = 1};
	static char arg[] = "arg";
	struct rehearsal *rehearsal;

	over = went_well = false;
	rehearsal = rehearsal_start(&spec, on_over, arg, &err);
	if (!rehearsal)
		assert_int_equal(err.code, ACMEMS_NO_MEMORY);
	assert_false(over);
	return rehearsal;
}

static void test_on_the_loop(void **state)
{
	(void)state;
	assert_non_null(start(do_well));
	run_until(over);
	assert_true(went_well);
	assert_non_null(start(do_crash));
	run_until(over);
	assert_false(went_well);
	assert_non_null(strstr(said.message, "module auth-x crashed in start"));
	assert_nobody_left();
}

static void test_cancel(void **state)
{
	(void)state;
	rehearsal_cancel(start(do_hang));
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

		if (run(rehearsal_of_generation, &plan, 5) != (bad[i].words == NULL))
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
	assert_true(run(rehearsal_of_generation, &plan, 5));
}

/* What runs already is not started a second time. */
static void test_proven(void **state)
{
	struct rehearsal_plan plan = plan_of(HOUSE("", "crash = \"start\""), true);
	const struct module *module;

	(void)state;
	module = registry_module(MOCK_DIR, ACMEMS_AUTH, "crash", &err);
	assert_non_null(module);
	assert_false(run(rehearsal_of_generation, &plan, 5));
	registry_prove(module);
	assert_true(module->proven);
	if (!run(rehearsal_of_generation, &plan, 5))
		fail_msg("%s", err.message);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_outcomes),
		TEST(test_the_copy_has_nothing_of_ours),
		TEST(test_on_the_loop),
		TEST(test_cancel),
		TEST(test_generations),
		TEST(test_without_start),
		TEST(test_proven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
