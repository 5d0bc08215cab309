/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include "base/op_core.h"
#include "fake_ca.h"
#include "reload/life.h"
#include "temp_dir.h"
#include "virtual_loop.h"

#define REST                                                                                       \
	"account: { ca: { dir = \"/nonexistent/a\"; }; };\n"                                       \
	"validator: { v: { type = \"idle\"; }; };\n"                                               \
	"auth: ( { name = \"x\"; good = true; domains = [ \"*\" ]; storage = \"a\"; } );\n"

static struct conf_faults faults;

/* What became of a start. */
static struct {
	unsigned calls;
	bool done;
	struct acmems_error err;
} started;
static bool gone;

static void reset(void)
{
	virtual_reset();
	fake_ca = (struct fake_ca){0};
	memset(&started, 0, sizeof(started));
	gone = false;
	unsetenv("MOODY_TRACE");
}

static int setup(void **state)
{
	reset();
	return temp_dir_setup(state);
}

static int teardown(void **state)
{
	conf_faults_fini(&faults);
	registry_fini();
	op_fini();
	return temp_dir_teardown(state);
}

static const char *trace(void)
{
	const char *text = getenv("MOODY_TRACE");

	return text ? text : "";
}

static void on_started(void *arg, const struct acmems_error *err)
{
	(void)arg;
	started.calls++;
	started.done = true;
	if (err)
		started.err = *err;
}

static void on_gone(void *arg)
{
	(void)arg;
	gone = true;
}

static struct generation *build_text(const char *text)
{
	struct settings *settings = settings_load(temp_file("test.conf", text), &faults);

	return settings ? generation_build(settings, MOCK_DIR, &faults) : NULL;
}

/* A generation with these groups of storages. */
static struct generation *build(const char *storages)
{
	char text[2048];
	struct generation *generation;

	snprintf(text, sizeof(text), "storage: { %s };\n%s", storages, REST);
	generation = build_text(text);
	if (!generation)
		fail_msg("%s", faults.count > 0 ? faults.lines[0] : "nothing said");
	return generation;
}

static struct generation *start(const char *storages)
{
	struct generation *generation = build(storages);
	struct acmems_error err = {0};

	assert_true(life_start(generation, on_started, NULL, &err));
	return generation;
}

static void retire(struct generation *generation, int64_t deadline_ms)
{
	life_retire(generation, deadline_ms, on_gone, NULL);
}

static void test_build(void **state)
{
	struct generation *generation =
		build("a: { type = \"moody\"; }; b: { type = \"moody\"; };");
	const struct block *block = &generation->blocks[0];

	(void)state;
	assert_int_equal(generation->instance_count, 4);
	assert_int_equal(generation->block_count, 1);
	assert_string_equal(block->name, "x");
	assert_string_equal(block->storage->name, "a");
	assert_string_equal(block->validator->name, "v");
	assert_string_equal(block->account->name, "ca");
	assert_int_equal(block->method_count, 1);
	assert_string_equal(block->methods[0]->module->owner, "auth-good");
	assert_string_equal(block->domains.items[0], "*");
	/* nothing outside was touched */
	assert_int_equal(fake_ca.clients, 0);
	assert_int_equal(fake_ca.fronts, 0);
	generation_free(generation);
	assert_string_equal(trace(), "a:release b:release ");
}

static void test_build_faults(void **state)
{
	static const char *const words[] = {
		"test.conf:1: storage \"a\": there is no module storage-modoy.so",
		"did you mean \"moody\"?",
		"test.conf:1: storage \"b\": unknown option \"delya\"",
		"test.conf:4: auth block \"x\": unknown option \"strage\", did you mean "
		"\"storage\"?",
		"test.conf:4: auth block \"x\", good: \"on\" must be true or false",
		"test.conf:4: auth block \"x\": \"old\": module",
		"ABI 42",
		"test.conf:2: account \"ca\": the MAC key",
	};

	(void)state;
	assert_null(build_text(
		"storage: { a: { type = \"modoy\"; }; b: { type = \"moody\"; delya = 5; }; };\n"
		"account: { ca: { dir = \"/a\"; eab: { kid = \"k\"; key = \"!!\"; }; }; };\n"
		"validator: { v: { type = \"idle\"; }; };\n"
		"auth: ( { name = \"x\"; good = 5; old = true; strage = \"a\"; domains = [ \"*\" "
		"]; storage = \"a\"; } );\n"));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		bool found = false;

		for (size_t j = 0; j < faults.count; j++)
			found = found || strstr(faults.lines[j], words[i]);
		if (!found)
			fail_msg("nothing says %s", words[i]);
	}
}

static void test_start_and_retire(void **state)
{
	struct generation *generation =
		start("a: { type = \"moody\"; }; b: { type = \"moody\"; start = \"later\"; };");

	(void)state;
	assert_false(started.done);
	virtual_run_tasks();
	assert_false(started.done);
	assert_int_equal(fake_ca.started, 0);
	assert_true(virtual_until(&started.done, 2000));
	assert_int_equal(started.err.code, ACMEMS_OK);
	assert_string_equal(trace(), "a:start b:start ");
	assert_int_equal(fake_ca.started, 1);
	assert_int_equal(fake_ca.fronts, 1);
	assert_int_equal(fake_ca.open, 0);
	life_open(generation);
	virtual_run_tasks();
	assert_int_equal(fake_ca.open, 1);
	retire(generation, 1000);
	assert_false(gone);
	virtual_run_tasks();
	assert_true(gone);
	assert_string_equal(trace(), "a:start b:start a:stop b:stop a:release b:release ");
	assert_int_equal(started.calls, 1);
	assert_int_equal(fake_ca.fronts, 0);
	assert_int_equal(fake_ca.clients, 0);
}

static void test_failed_start_tears_down(void **state)
{
	static const char *const how[] = {"fails", "fails-later"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct generation *generation;
		char text[256];

		reset();
		snprintf(text, sizeof(text),
			"a: { type = \"moody\"; }; b: { type = \"moody\"; start = \"%s\"; };",
			how[i]);
		generation = start(text);
		assert_true(virtual_until(&started.done, 5000));
		assert_int_equal(started.err.code, ACMEMS_SYSTEM);
		assert_non_null(strstr(started.err.detail, "storage \"b\""));
		/* what had started is stopped, what had not is not */
		assert_string_equal(trace(), "a:start b:start a:stop ");
		assert_int_equal(fake_ca.started, 0);
		assert_int_equal(fake_ca.fronts, 0);
		generation_free(generation);
		assert_string_equal(trace(), "a:start b:start a:stop a:release b:release ");
		assert_int_equal(started.calls, 1);
	}
}

static void test_every_failure_is_named(void **state)
{
	struct generation *generation;

	(void)state;
	fake_ca.refuse_account = true;
	fake_ca.refuse_front = true;
	generation = start("a: { type = \"moody\"; start = \"fails\"; };");
	assert_true(virtual_until(&started.done, 1000));
	assert_non_null(strstr(started.err.detail, "account \"ca\": "));
	assert_non_null(strstr(started.err.detail, "mgmt: the address is in use"));
	assert_non_null(strstr(started.err.detail, "storage \"a\": is in no mood"));
	generation_free(generation);
}

static void test_a_start_has_a_deadline(void **state)
{
	struct generation *generation =
		start("a: { type = \"moody\"; start = \"never\"; }; b: { type = \"moody\"; };");

	(void)state;
	virtual_pass(29000);
	assert_false(started.done);
	assert_true(virtual_until(&started.done, 2000));
	assert_int_equal(started.err.code, ACMEMS_TIMEOUT);
	assert_string_equal(trace(), "a:start b:start a:cancelled b:stop ");
	generation_free(generation);
}

static void test_breakers_of_rules_do_no_harm(void **state)
{
	size_t before = op_faults();
	struct generation *generation =
		start("a: { type = \"moody\"; start = \"twice\"; }; b: { type = \"moody\"; };");

	(void)state;
	assert_true(virtual_until(&started.done, 1000));
	assert_int_equal(started.err.code, ACMEMS_OK);
	assert_int_equal(op_faults(), before + 1);
	retire(generation, 0);
	assert_true(virtual_until(&gone, 1000));
}

static void test_retired_while_starting(void **state)
{
	size_t before = op_faults();
	struct generation *generation = start(
		"a: { type = \"moody\"; start = \"after-cancel\"; }; b: { type = \"moody\"; };");

	(void)state;
	virtual_run_tasks();
	retire(generation, 1000);
	assert_true(virtual_until(&gone, 1000));
	assert_int_equal(started.calls, 0);
	/* what finishes after cancel is named and ignored */
	assert_int_equal(op_faults(), before + 1);
	assert_string_equal(trace(), "a:start b:start a:cancelled b:stop a:release b:release ");
}

static struct generation *open_one(const char *storages)
{
	struct generation *generation = start(storages);

	assert_true(virtual_until(&started.done, 1000));
	life_open(generation);
	virtual_run_tasks();
	return generation;
}

static void test_retire_waits_for_holds(void **state)
{
	struct generation *generation = open_one("a: { type = \"moody\"; };");

	(void)state;
	generation_hold(generation);
	generation_hold(generation);
	retire(generation, 5000);
	assert_true(generation->draining);
	virtual_pass(4000);
	assert_false(gone);
	assert_int_equal(fake_ca.open, 0);
	generation_drop(generation);
	virtual_run_tasks();
	assert_false(gone);
	generation_drop(generation);
	virtual_run_tasks();
	assert_true(gone);
	assert_int_equal(fake_ca.aborts, 0);
}

static void test_flights_are_given_up_at_the_deadline(void **state)
{
	struct generation *generation = open_one("a: { type = \"moody\"; };");

	(void)state;
	generation_hold(generation);
	retire(generation, 5000);
	virtual_pass(5001);
	assert_int_equal(fake_ca.aborts, 1);
	assert_false(gone);
	/* the flight has cleaned up */
	generation_drop(generation);
	virtual_run_tasks();
	assert_true(gone);
}

static void test_hurry(void **state)
{
	struct generation *generation = open_one("a: { type = \"moody\"; };");

	(void)state;
	generation_hold(generation);
	retire(generation, 60000);
	virtual_pass(1000);
	assert_int_equal(fake_ca.aborts, 0);
	life_hurry(generation, 500);
	/* more time than it has is no news */
	life_hurry(generation, 90000);
	virtual_pass(501);
	assert_int_equal(fake_ca.aborts, 1);
	generation_drop(generation);
	assert_true(virtual_until(&gone, 1000));
}

/* Nobody waits for ever; what is still in use is not freed under its user. */
static void test_stuck(void **state)
{
	struct generation *generation = open_one("a: { type = \"moody\"; };");

	(void)state;
	generation_hold(generation);
	retire(generation, 0);
	assert_true(virtual_until(&gone, 60000));
	assert_null(strstr(trace(), "release"));
	gone = false;
	generation_drop(generation);
	virtual_run_tasks();
	assert_non_null(strstr(trace(), "release"));
	assert_false(gone);
}

static void test_a_stop_has_a_deadline(void **state)
{
	struct generation *generation = open_one(
		"a: { type = \"moody\"; stop = \"never\"; }; b: { type = \"moody\"; stop = "
		"\"fails\"; };");

	(void)state;
	retire(generation, 0);
	virtual_pass(9000);
	assert_false(gone);
	assert_true(virtual_until(&gone, 2000));
	assert_non_null(strstr(trace(), "a:cancelled a:release b:release "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_build),
		TEST(test_build_faults),
		TEST(test_start_and_retire),
		TEST(test_failed_start_tears_down),
		TEST(test_every_failure_is_named),
		TEST(test_a_start_has_a_deadline),
		TEST(test_breakers_of_rules_do_no_harm),
		TEST(test_retired_while_starting),
		TEST(test_retire_waits_for_holds),
		TEST(test_flights_are_given_up_at_the_deadline),
		TEST(test_hurry),
		TEST(test_stuck),
		TEST(test_a_stop_has_a_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
