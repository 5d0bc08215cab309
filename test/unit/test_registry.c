/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/log_target.h"
#include "base/op_core.h"
#include "registry/module_dir.h"
#include "registry/registry.h"
#include "temp_dir.h"

static struct acmems_error err;
static struct conf_faults faults;
static unsigned warnings;
static char last_warning[1024];

static void on_line(void *arg, enum acmems_log_level level, const char *line)
{
	(void)arg;
	if (level > ACMEMS_LOG_WARNING)
		return;
	warnings++;
	snprintf(last_warning, sizeof(last_warning), "%s", line);
}

static int setup(void **state)
{
	err = (struct acmems_error){0};
	warnings = 0;
	log_tap(on_line, NULL);
	return temp_dir_setup(state);
}

static int teardown(void **state)
{
	log_tap(NULL, NULL);
	conf_faults_fini(&faults);
	registry_fini();
	op_fini();
	return temp_dir_teardown(state);
}

static void test_found_once(void **state)
{
	const struct module *module = registry_module(MOCK_DIR, ACMEMS_AUTH, "good", &err);

	(void)state;
	if (!module)
		fail_msg("%s", err.message);
	assert_string_equal(module->owner, "auth-good");
	assert_false(module->stale);
	assert_ptr_equal(registry_module(MOCK_DIR, ACMEMS_AUTH, "good", &err), module);
}

static void test_not_there(void **state)
{
	(void)state;
	assert_null(registry_module(MOCK_DIR, ACMEMS_AUTH, "godo", &err));
	assert_int_equal(err.code, ACMEMS_NOT_FOUND);
	assert_non_null(strstr(err.message, "auth-godo.so"));
	assert_non_null(strstr(err.message, "did you mean \"good\"?"));
	assert_null(registry_module("/nonexistent", ACMEMS_AUTH, "good", &err));
	assert_int_equal(err.code, ACMEMS_NOT_FOUND);
	assert_non_null(strstr(err.message, "/nonexistent"));
}

static void test_refusal_names_the_file(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		err = (struct acmems_error){0};
		assert_null(registry_module(MOCK_DIR, ACMEMS_AUTH, "old", &err));
		assert_non_null(strstr(err.message, "auth-old.so is refused"));
		assert_non_null(strstr(err.message, "ABI 42"));
	}
	assert_null(registry_module(MOCK_DIR, ACMEMS_AUTH, "load", &err));
	assert_non_null(strstr(err.message, "the moon is not full"));
}

/* What is mapped stays mapped: the file that lies there now is not what runs. */
static void test_replaced(void **state)
{
	const char *path = temp_copy(MOCK_DIR "/auth-good.so", "auth-good.so");
	const struct module *module = registry_module(temp_dir, ACMEMS_AUTH, "good", &err);

	(void)state;
	assert_non_null(module);
	assert_ptr_equal(registry_module(temp_dir, ACMEMS_AUTH, "good", &err), module);
	assert_int_equal(warnings, 0);
	temp_copy(MOCK_DIR "/auth-good.so", "new");
	assert_int_equal(rename(temp_path("new"), path), 0);
	for (int i = 0; i < 2; i++) {
		assert_ptr_equal(registry_module(temp_dir, ACMEMS_AUTH, "good", &err), module);
		assert_true(module->stale);
		/* said once is enough */
		assert_int_equal(warnings, 1);
	}
	assert_non_null(strstr(last_warning, "restart acmems"));
}

static void test_refused_and_replaced(void **state)
{
	const char *path = temp_copy(MOCK_DIR "/auth-old.so", "auth-old.so");

	(void)state;
	assert_null(registry_module(temp_dir, ACMEMS_AUTH, "old", &err));
	assert_non_null(strstr(err.message, "ABI 42"));
	temp_copy(MOCK_DIR "/auth-good.so", "new");
	assert_int_equal(rename(temp_path("new"), path), 0);
	assert_null(registry_module(temp_dir, ACMEMS_AUTH, "old", &err));
	assert_non_null(strstr(err.message, "restart acmems"));
}

/* A file that could not even be mapped can be repaired without a restart. */
static void test_repaired(void **state)
{
	(void)state;
	temp_file("auth-good.so", "half a file");
	assert_null(registry_module(temp_dir, ACMEMS_AUTH, "good", &err));
	assert_int_equal(unlink(temp_path("auth-good.so")), 0);
	temp_copy(MOCK_DIR "/auth-good.so", "auth-good.so");
	assert_non_null(registry_module(temp_dir, ACMEMS_AUTH, "good", &err));
}

static void test_directory(void **state)
{
	struct module_dir dir = {0};
	char near[32];

	(void)state;
	temp_file("auth-b.so", "");
	temp_file("auth-a.so", "");
	temp_file("README", "");
	temp_file(".auth-c.so", "");
	assert_true(module_dir_read(temp_dir, &dir, &err));
	assert_int_equal(dir.count, 2);
	assert_string_equal(dir.files[0], "auth-a.so");
	assert_string_equal(dir.files[1], "auth-b.so");
	assert_false(module_dir_nearest(&dir, ACMEMS_STORAGE, "a", near));
	module_dir_fini(&dir);
	assert_false(module_dir_read("/nonexistent", &dir, &err));
}

/* ---- instances ---- */

static const struct module *moody(void)
{
	const struct module *module = registry_module(MOCK_DIR, ACMEMS_STORAGE, "moody", &err);

	if (!module)
		fail_msg("%s", err.message);
	return module;
}

static void test_instance(void **state)
{
	struct conf_node *node = conf_parse(
		"type = \"moody\"; start = \"never\"; delay = \"5s\";", "x.conf", &faults);
	struct instance *instance;

	(void)state;
	assert_non_null(node);
	unsetenv("MOODY_TRACE");
	instance = instance_new(moody(), "mine", node, &faults);
	assert_non_null(instance);
	assert_string_equal(instance->name, "mine");
	assert_string_equal(((struct acmems_instance *)instance->data)->name, "mine");
	assert_string_equal(((struct acmems_instance *)instance->data)->type, "moody");
	assert_non_null(instance->ops.storage.get);
	/* not in its table, so not offered */
	assert_null(instance->ops.storage.list);
	assert_false(instance->started);
	assert_null(getenv("MOODY_TRACE"));
	instance_free(instance);
	/* released, although never started */
	assert_string_equal(getenv("MOODY_TRACE"), "mine:release ");
	instance_free(NULL);
	conf_free(node);
}

static void test_instance_without_node(void **state)
{
	struct instance *instance = instance_new(moody(), "mine", NULL, &faults);

	(void)state;
	assert_non_null(instance);
	instance_free(instance);
}

static void test_instance_faults(void **state)
{
	static const struct {
		const char *text;
		const char *fault;
	} bad[] = {
		{"\ntype = \"moody\"; delya = 5;", "x.conf:2: storage \"mine\": unknown option "
						   "\"delya\", did you mean \"delay\"?"},
		{"start = \"badly\";", "x.conf:1: storage \"mine\": \"start\""},
		{"sound = false;", "storage \"mine\": is not sound"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct conf_node *node = conf_parse(bad[i].text, "x.conf", &faults);

		assert_non_null(node);
		assert_null(instance_new(moody(), "mine", node, &faults));
		assert_true(faults.count > 0);
		if (!strstr(faults.lines[0], bad[i].fault))
			fail_msg("%s", faults.lines[0]);
		conf_faults_fini(&faults);
		conf_free(node);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_found_once),
		TEST(test_not_there),
		TEST(test_refusal_names_the_file),
		TEST(test_replaced),
		TEST(test_refused_and_replaced),
		TEST(test_repaired),
		TEST(test_directory),
		TEST(test_instance),
		TEST(test_instance_without_node),
		TEST(test_instance_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
