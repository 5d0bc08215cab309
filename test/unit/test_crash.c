/* SPDX-License-Identifier: ISC */
/* test_crash.c - the last words of children of ours, which end by faults. */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <acmems/file.h>

#include "base/log_target.h"
#include "base/op_core.h"
#include "crash.h"
#include "registry/loader.h"
#include "temp_dir.h"

static char said[256];
static bool hangs;

/* In place of libc's: as one that waits for a lock. */
const char *sigdescr_np(int number)
{
	while (hangs)
		pause();
	return strsignal(number);
}

/* Its own end, and what it has written. */
static int end_of(void (*body)(void))
{
	struct acmems_error err = {0};
	char path[128];
	char *text = NULL;
	size_t len = 0;
	int status = 0;
	pid_t child;

	snprintf(path, sizeof(path), "%s/log", temp_dir);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct log_config config = {.level = ACMEMS_LOG_INFO, .target = path};

		/* cmocka has handlers, too */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		if (!log_configure(&config, &err))
			_exit(1);
		crash_watch();
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!acmems_file_read(path, 4096, &text, &len, &err))
		fail_msg("%s", err.message);
	snprintf(said, sizeof(said), "%s", text);
	free(text);
	return status;
}

static void must_end_by(int status, int number)
{
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), number);
}

/* Where nothing is; the compiler must not know. */
static void *volatile nowhere = (void *)64;

static void fault(void)
{
	*(volatile int *)nowhere = 1;
}

static void module_fault(void)
{
	struct acmems_error err = {0};
	char *path = loader_path(MOCK_DIR, ACMEMS_AUTH, "crash");
	bool mapped;
	const struct acmems_module *module = loader_load(path, ACMEMS_AUTH, "crash", &mapped, &err);

	/* which also has what the module needs linked in */
	if (module && op_count() == 0)
		module->check(nowhere, &err);
}

static void sent(void)
{
	raise(SIGBUS);
}

static void the_fault_is_told_and_ends_all_the_same(void **state)
{
	(void)state;
	must_end_by(end_of(fault), SIGSEGV);
	assert_non_null(strstr(said, " error crash: acmems crashed (Segmentation fault)\n"));
	must_end_by(end_of(abort), SIGABRT);
	assert_non_null(strstr(said, " error crash: acmems crashed (Aborted)\n"));
	must_end_by(end_of(sent), SIGBUS);
	assert_non_null(strstr(said, " error crash: acmems crashed (Bus error)\n"));
}

static void nothing_holds_it_up(void **state)
{
	(void)state;
	hangs = true;
	must_end_by(end_of(fault), SIGALRM);
	hangs = false;
}

static void the_module_is_named(void **state)
{
	(void)state;
	must_end_by(end_of(module_fault), SIGSEGV);
	assert_non_null(strstr(said, "module auth-crash.so crashed (Segmentation fault)\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_fault_is_told_and_ends_all_the_same, temp_dir_setup, temp_dir_teardown),
		cmocka_unit_test_setup_teardown(
			nothing_holds_it_up, temp_dir_setup, temp_dir_teardown),
		cmocka_unit_test_setup_teardown(
			the_module_is_named, temp_dir_setup, temp_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
