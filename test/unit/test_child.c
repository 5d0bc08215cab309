/* SPDX-License-Identifier: ISC */
#include "child_run.h"

static void output_and_status_come_back(void **state)
{
	struct end end = run_sh("echo one; echo two >&2; echo; printf three; exit 7");

	(void)state;
	assert_int_equal(end.code, ACMEMS_OK);
	assert_int_equal(end.status, 7);
	assert_string_equal(end.output, "one\n\nthree");
	assert_true(strcmp(end.last_line, "three") == 0 || strcmp(end.last_line, "two") == 0);
	assert_int_equal(child_count(), 0);
}

static void a_signal_is_a_status_too(void **state)
{
	(void)state;
	assert_int_equal(run_sh("kill -KILL $$").status, 128 + SIGKILL);
}

static void arguments_are_given_as_they_are(void **state)
{
	char *command[] = {(char *)"/bin/sh", (char *)"-c",
		(char *)"for a; do printf '<%s>' \"$a\"; done", (char *)"sh", (char *)"$(id)",
		NULL};
	const char *const more[] = {"", "a b", "*", "'\n", NULL};
	struct acmems_child_config config = config_of(command);

	(void)state;
	config.arguments = more;
	assert_string_equal(run(&config).output, "<$(id)><><a b><*><'\n>");
	config.arguments = NULL;
	assert_string_equal(run(&config).output, "<$(id)>");
}

static void environment_is_what_was_given(void **state)
{
	char *command[] = {(char *)"/usr/bin/env", NULL};
	char *given[] = {(char *)"A=1", (char *)"B=2", (char *)"BB=3", NULL};
	const struct acmems_child_variable variables[] = {{"B", "x y"}, {"C", ""}};
	struct acmems_child_config config = config_of(command);
	char *own_path[] = {(char *)"PATH=/x", NULL};

	(void)state;
	setenv("NOT_FOR_THE_CHILD", "1", 1);
	config.environment = given;
	config.variables = variables;
	config.variable_count = 2;
	assert_string_equal(run(&config).output,
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
		"A=1\nBB=3\nB=x y\nC=\n");
	config.environment = own_path;
	config.variable_count = 0;
	assert_string_equal(run(&config).output, "PATH=/x\n");
}

static void input_is_read_to_its_end(void **state)
{
	char *command[] = {(char *)"/usr/bin/wc", (char *)"-c", NULL};
	struct acmems_child_config config = config_of(command);
	static char much[300000];

	(void)state;
	assert_string_equal(run(&config).output, "0\n");
	config.input = much;
	config.input_len = sizeof(much);
	assert_string_equal(run(&config).output, "300000\n");
}

static void it_starts_from_a_clean_slate(void **state)
{
	struct end end;
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
	sigset_t block, before;
	const char *ignored;
	int open_fd = open("/dev/null", O_RDONLY);
	mode_t mask = umask(077);

	(void)state;
	sigaction(SIGPIPE, &ignore, &old);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	end = run_sh("pwd; umask; ls /proc/$$/fd | tr '\\n' ' '; "
		     /* read by the shell itself, which blocks signals while it starts others */
		     "while read -r line; do case $line in Sig*) echo \"$line\";; esac; done "
		     "</proc/self/status; "
		     "[ \"$(cut -d' ' -f5 /proc/$$/stat)\" = $$ ] && echo own group");
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(SIGPIPE, &old, NULL);
	assert_int_equal(umask(mask), 077);
	close(open_fd);
	assert_non_null(strstr(end.output, "/\n0022\n0 1 2 "));
	assert_non_null(strstr(end.output, "SigBlk:\t0000000000000000\n"));
	ignored = strstr(end.output, "SigIgn:");
	assert_non_null(ignored);
	/* the C library keeps two numbers above for itself */
	assert_int_equal(strtoull(ignored + 7, NULL, 16) & 0x7fffffff, 0);
	assert_non_null(strstr(end.output, "own group\n"));
}

static void output_over_the_bound_is_let_go(void **state)
{
	char *command[] = {(char *)"/bin/sh", (char *)"-c",
		(char *)"printf 12345678; printf abcdefgh; echo x; echo last >&2", NULL};
	struct acmems_child_config config = config_of(command);
	struct end end;

	(void)state;
	config.max_output = 10;
	end = run(&config);
	assert_string_equal(end.output, "12345678ab");
	assert_int_equal(end.status, 0);
	config.max_output = 0;
	assert_string_equal(run(&config).output, "");
}

struct heard {
	int lines;
	bool escaped, nul, early, late, more;
};

static void on_line(void *arg, enum acmems_log_level level, const char *line)
{
	struct heard *heard = arg;

	assert_int_equal(level, ACMEMS_LOG_INFO);
	assert_non_null(strstr(line, "test child: sh["));
	assert_true(strlen(line) < 700);
	heard->lines++;
	heard->escaped |= strstr(line, "]: a\\x1b[2Jb") != NULL;
	heard->nul |= strstr(line, "]: ?") != NULL;
	heard->early |= strstr(line, "]: line 900") != NULL;
	heard->late |= strstr(line, "]: line 1000") != NULL;
	heard->more |= strstr(line, "prints more than 1000 lines") != NULL;
}

static void output_goes_to_the_log_line_by_line(void **state)
{
	struct heard heard = {0};

	(void)state;
	log_tap(on_line, &heard);
	run_sh("printf 'a\\033[2Jb\\n'; printf '\\0\\n'; printf %0600d 1; "
	       "i=0; while [ $i -lt 1100 ]; do echo line $i; i=$((i+1)); done");
	log_tap(NULL, NULL);
	assert_true(heard.escaped && heard.nul && heard.early && heard.more);
	assert_false(heard.late);
	assert_int_equal(heard.lines, 1001);
}

static void what_can_not_be_run_says_so(void **state)
{
	char path[300];
	char *command[] = {path, NULL};
	struct acmems_child_config config = config_of(command);
	struct end end;

	(void)state;
	snprintf(path, sizeof(path), "/nonexistent/program");
	end = run(&config);
	assert_int_equal(end.code, ACMEMS_SYSTEM);
	assert_non_null(strstr(end.message, "/nonexistent/program"));
	snprintf(path, sizeof(path), "%s", temp_file("plain", "echo\n"));
	assert_int_equal(chmod(path, 0700), 0);
	end = run(&config);
	assert_non_null(strstr(end.message, "#!/bin/sh"));
	command[0] = (char *)"sh";
	assert_int_equal(acmems_child_start(&config, on_done, &end, &err), 0);
	assert_int_equal(err.code, ACMEMS_CONFIG);
}

static void a_pool_lets_so_many_run_at_once(void **state)
{
	struct acmems_child_pool *narrow = acmems_child_pool_new(2);
	char script[300];
	char *command[] = {(char *)"/bin/sh", (char *)"-c", script, NULL};
	struct acmems_child_config config = config_of(command);
	struct end ends[6] = {0};

	(void)state;
	assert_non_null(narrow);
	snprintf(script, sizeof(script), "cd %s; : > $$; ls | wc -l; sleep 0.05; rm $$", temp_dir);
	config.pool = narrow;
	for (int i = 0; i < 6; i++)
		assert_int_not_equal(acmems_child_start(&config, on_done, &ends[i], &err), 0);
	assert_int_equal(child_count(), 6);
	for (int i = 0; i < 6; i++) {
		run_until(ends[i].done);
		assert_int_equal(ends[i].status, 0);
		assert_true(
			strcmp(ends[i].output, "1\n") == 0 || strcmp(ends[i].output, "2\n") == 0);
	}
	acmems_child_pool_free(narrow);
}

static void free_pool(
	void *arg, const struct acmems_child_result *result, const struct acmems_error *error)
{
	struct acmems_child_pool **freed = arg;

	assert_true(!result != !error);
	acmems_child_pool_free(*freed);
	*freed = NULL;
}

static void a_pool_may_go_at_any_time(void **state)
{
	char *command[] = {(char *)"/nonexistent", NULL};
	struct acmems_child_config config = config_of(command);
	struct acmems_child_pool *doomed = acmems_child_pool_new(1);
	struct end end = {0};

	(void)state;
	assert_non_null(doomed);
	config.pool = doomed;
	assert_int_not_equal(acmems_child_start(&config, free_pool, &doomed, &err), 0);
	assert_int_not_equal(acmems_child_start(&config, on_done, &end, &err), 0);
	run_until(!doomed);
	run_due();
	assert_int_equal(child_count(), 0);
	doomed = acmems_child_pool_new(1);
	assert_non_null(doomed);
	command[0] = (char *)"/bin/true";
	config.pool = doomed;
	assert_int_not_equal(acmems_child_start(&config, free_pool, &doomed, &err), 0);
	assert_int_not_equal(acmems_child_start(&config, on_done, &end, &err), 0);
	run_until(!doomed);
	assert_int_equal(child_count(), 0);
	assert_int_equal(end.done, 0);
	acmems_child_pool_free(NULL);
}

static void an_ignored_sigchld_is_no_trouble(void **state)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;

	(void)state;
	sigaction(SIGCHLD, &ignore, &old);
	assert_int_equal(run_sh("exit 3").status, 3);
	sigaction(SIGCHLD, &old, NULL);
}

static void commands_are_checked(void **state)
{
	char path[300];
	char *command[] = {path, (char *)"argument", NULL};
	char *none[] = {NULL};
	char *good[] = {(char *)"A=", (char *)"_b1=c=d", NULL};
	const char *const bad[] = {"", "=x", "A", "1A=x", "A B=x", "A-B=secret"};

	(void)state;
	snprintf(path, sizeof(path), "/bin/sh");
	assert_true(acmems_child_check(command, NULL, &err));
	assert_true(acmems_child_check(command, good, &err));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *environment[] = {(char *)bad[i], NULL};

		assert_false(acmems_child_check(command, environment, &err));
		assert_int_equal(err.code, ACMEMS_CONFIG);
		assert_null(strstr(err.message, "secret"));
	}
	assert_false(acmems_child_check(none, NULL, &err));
	snprintf(path, sizeof(path), "bin/sh");
	assert_false(acmems_child_check(command, NULL, &err));
	snprintf(path, sizeof(path), "/nonexistent");
	assert_false(acmems_child_check(command, NULL, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	snprintf(path, sizeof(path), "%s", temp_dir);
	assert_false(acmems_child_check(command, NULL, &err));
	snprintf(path, sizeof(path), "%s", temp_file("hook", "#!/bin/sh\n"));
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(acmems_child_check(command, NULL, &err));
	assert_int_equal(chmod(path, 0755), 0);
	assert_true(acmems_child_check(command, NULL, &err));
	assert_int_equal(chmod(path, 0757), 0);
	assert_false(acmems_child_check(command, NULL, &err));
	assert_non_null(strstr(err.message, "0757"));
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(temp_dir, 0777), 0);
	assert_false(acmems_child_check(command, NULL, &err));
	assert_non_null(strstr(err.message, "folder"));
	assert_int_equal(chmod(temp_dir, 01777), 0);
	assert_true(acmems_child_check(command, NULL, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_pool(output_and_status_come_back),
		with_pool(a_signal_is_a_status_too),
		with_pool(arguments_are_given_as_they_are),
		with_pool(environment_is_what_was_given),
		with_pool(input_is_read_to_its_end),
		with_pool(it_starts_from_a_clean_slate),
		with_pool(output_over_the_bound_is_let_go),
		with_pool(output_goes_to_the_log_line_by_line),
		with_pool(what_can_not_be_run_says_so),
		with_pool(a_pool_lets_so_many_run_at_once),
		with_pool(a_pool_may_go_at_any_time),
		with_pool(an_ignored_sigchld_is_no_trouble),
		with_pool(commands_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
