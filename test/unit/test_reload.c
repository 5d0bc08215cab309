/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include "base/log_target.h"
#include "base/op_core.h"
#include "fake_ca.h"
#include "reload/reload.h"
#include "temp_dir.h"
#include "virtual_loop.h"

#define HOUSE(storage)                                                                             \
	"account: { ca: { dir = \"/nonexistent/a\"; }; };\n"                                       \
	"validator: { v: { type = \"idle\"; }; };\n"                                               \
	"storage: { s: { type = \"moody\"; " storage " }; };\n"                                    \
	"auth: ( { name = \"x\"; good = true; domains = [ \"*\" ]; } );\n"

static struct reload_config config;
static struct conf_faults faults;
static bool up, over, stopped;
static struct acmems_error up_err;
static unsigned lines[ACMEMS_LOG_DEBUG + 1];
static char said[8192];

static void on_line(void *arg, enum acmems_log_level level, const char *line)
{
	size_t len = strlen(said);

	(void)arg;
	lines[level]++;
	snprintf(said + len, sizeof(said) - len, "%s\n", line);
}

static void on_up(void *arg, const struct acmems_error *err)
{
	(void)arg;
	up = true;
	if (err)
		up_err = *err;
}

static void on_over(void *arg)
{
	(void)arg;
	over = true;
}

static void on_stopped(void *arg)
{
	(void)arg;
	stopped = true;
}

static int setup(void **state)
{
	virtual_reset();
	fake_ca = (struct fake_ca){0};
	up = over = stopped = false;
	up_err = (struct acmems_error){0};
	memset(lines, 0, sizeof(lines));
	said[0] = '\0';
	log_tap(on_line, NULL);
	return temp_dir_setup(state);
}

static int teardown(void **state)
{
	log_tap(NULL, NULL);
	log_reset();
	conf_faults_fini(&faults);
	registry_fini();
	op_fini();
	return temp_dir_teardown(state);
}

static void write_config(const char *text)
{
	config = (struct reload_config){.path = temp_file("test.conf", text), .modules = MOCK_DIR};
}

static void begin(const char *text)
{
	write_config(text);
	assert_true(reload_first(&config, on_up, NULL, &faults));
	assert_null(reload_current());
	assert_true(virtual_until(&up, 40000));
	assert_int_equal(up_err.code, ACMEMS_OK);
	virtual_run_tasks();
	assert_non_null(reload_current());
	assert_int_equal(fake_ca.open, 1);
}

static void again(const char *text)
{
	write_config(text);
	over = false;
	reload_again(on_over, NULL);
	assert_true(virtual_until(&over, 40000));
	virtual_run_tasks();
}

static void end(void)
{
	reload_stop(1000, on_stopped, NULL);
	assert_null(reload_current());
	assert_true(virtual_until(&stopped, 60000));
	assert_int_equal(fake_ca.clients, 0);
	assert_int_equal(fake_ca.fronts, 0);
}

static void test_up_and_down(void **state)
{
	(void)state;
	begin(HOUSE(""));
	end();
	assert_int_equal(lines[ACMEMS_LOG_ERROR] + lines[ACMEMS_LOG_WARNING], 0);
}

static void test_a_wrong_file_does_not_start(void **state)
{
	(void)state;
	write_config("nonsense = 5;");
	assert_false(reload_first(&config, on_up, NULL, &faults));
	assert_false(conf_faultless(&faults));
	write_config("log: { target = \"/nonexistent/folder/log\"; };\n" HOUSE(""));
	conf_faults_fini(&faults);
	assert_false(reload_first(&config, on_up, NULL, &faults));
	assert_int_equal(faults.count, 1);
	assert_non_null(strstr(faults.lines[0], "/nonexistent/folder/log"));
}

static void test_what_can_not_start_is_said(void **state)
{
	(void)state;
	write_config(HOUSE("start = \"fails\";"));
	assert_true(reload_first(&config, on_up, NULL, &faults));
	assert_true(virtual_until(&up, 1000));
	assert_non_null(strstr(up_err.detail, "storage \"s\": is in no mood"));
	assert_null(reload_current());
}

static void test_reload(void **state)
{
	const struct generation *old;
	unsigned number;

	(void)state;
	begin(HOUSE(""));
	old = reload_current();
	number = old->number;
	again(HOUSE("start = \"later\";"));
	assert_int_equal(reload_current()->number, number + 1);
	assert_non_null(strstr(said, "reloaded: generation"));
	assert_int_equal(fake_ca.open, 1);
	assert_int_equal(fake_ca.clients, 1);
	end();
	assert_int_equal(lines[ACMEMS_LOG_ERROR] + lines[ACMEMS_LOG_WARNING], 0);
}

static void test_the_old_one_drains_beside_the_new(void **state)
{
	struct generation *old;

	(void)state;
	begin(HOUSE(""));
	old = (struct generation *)reload_current();
	generation_hold(old);
	again(HOUSE(""));
	assert_true(old->draining);
	assert_int_equal(fake_ca.clients, 2);
	virtual_pass(60000);
	assert_int_equal(fake_ca.clients, 2);
	generation_drop(old);
	virtual_run_tasks();
	assert_int_equal(fake_ca.clients, 1);
	end();
}

static void test_a_broken_file_changes_nothing(void **state)
{
	const struct generation *before;

	(void)state;
	begin(HOUSE(""));
	before = reload_current();
	again(HOUSE("\nstrat = 5;"));
	assert_ptr_equal(reload_current(), before);
	assert_non_null(strstr(said, "test.conf:4: storage"));
	assert_non_null(strstr(said, "reload refused, nothing has changed (1 faults)"));
	assert_int_equal(fake_ca.open, 1);
	end();
}

static void test_a_failed_start_changes_nothing(void **state)
{
	static const char *const how[] = {HOUSE("start = \"fails\";"),
		HOUSE("start = \"fails-later\";"), HOUSE("start = \"never\";")};
	const struct generation *before;

	(void)state;
	begin(HOUSE(""));
	before = reload_current();
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		said[0] = '\0';
		again(how[i]);
		assert_ptr_equal(reload_current(), before);
		assert_non_null(strstr(said, "reload refused, nothing has changed"));
		assert_int_equal(fake_ca.open, 1);
		assert_int_equal(fake_ca.clients, 1);
	}
	end();
}

static void test_a_log_that_can_not_be_opened_changes_nothing(void **state)
{
	const struct generation *before;

	(void)state;
	begin(HOUSE(""));
	before = reload_current();
	again("log: { target = \"/nonexistent/folder/log\"; };\n" HOUSE(""));
	assert_ptr_equal(reload_current(), before);
	assert_non_null(strstr(said, "/nonexistent/folder/log"));
	virtual_run_tasks();
	assert_int_equal(fake_ca.clients, 1);
	end();
}

/* A wish during a reload is granted after it, once. */
static void test_again_and_again(void **state)
{
	unsigned number;

	(void)state;
	begin(HOUSE(""));
	number = reload_current()->number;
	write_config(HOUSE("start = \"later\";"));
	reload_again(on_over, NULL);
	reload_again(on_over, NULL);
	reload_again(on_over, NULL);
	assert_true(virtual_until(&over, 40000));
	assert_int_equal(reload_current()->number, number + 2);
	end();
}

static void test_stop_while_reloading(void **state)
{
	(void)state;
	begin(HOUSE(""));
	write_config(HOUSE("start = \"never\";"));
	reload_again(on_over, NULL);
	virtual_run_tasks();
	end();
	assert_false(over);
}

static void test_stop_while_starting(void **state)
{
	(void)state;
	write_config(HOUSE("start = \"never\";"));
	assert_true(reload_first(&config, on_up, NULL, &faults));
	virtual_run_tasks();
	end();
	assert_false(up);
}

static void test_stop_waits_and_hurries(void **state)
{
	struct generation *current;

	(void)state;
	begin(HOUSE(""));
	current = (struct generation *)reload_current();
	generation_hold(current);
	reload_stop(30000, on_stopped, NULL);
	virtual_pass(20000);
	assert_false(stopped);
	assert_int_equal(fake_ca.aborts, 0);
	reload_hurry(0);
	virtual_pass(1);
	assert_int_equal(fake_ca.aborts, 1);
	generation_drop(current);
	assert_true(virtual_until(&stopped, 1000));
}

static void test_no_auth_block_is_worth_a_warning(void **state)
{
	(void)state;
	begin("storage: { s: { type = \"moody\"; }; };");
	assert_non_null(strstr(said, "every request is refused"));
	end();
}

static void test_log_file_opened_anew(void **state)
{
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "log: { target = \"%s\"; };\n%s", temp_path("log"), HOUSE(""));
	begin(text);
	assert_false(reload_logs_to_stderr());
	assert_int_equal(rename(temp_path("log"), temp_path("log.1")), 0);
	reload_log();
	assert_int_equal(access(temp_path("log"), F_OK), 0);
	end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_up_and_down),
		TEST(test_a_wrong_file_does_not_start),
		TEST(test_what_can_not_start_is_said),
		TEST(test_reload),
		TEST(test_the_old_one_drains_beside_the_new),
		TEST(test_a_broken_file_changes_nothing),
		TEST(test_a_failed_start_changes_nothing),
		TEST(test_a_log_that_can_not_be_opened_changes_nothing),
		TEST(test_again_and_again),
		TEST(test_stop_while_reloading),
		TEST(test_stop_while_starting),
		TEST(test_stop_waits_and_hurries),
		TEST(test_no_auth_block_is_worth_a_warning),
		TEST(test_log_file_opened_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
