/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "registry/loader.h"
#include "temp_dir.h"

static struct acmems_error err;

static const struct acmems_module *load_kind(enum acmems_kind kind, const char *type, bool *mapped)
{
	struct loader_file file;
	char *path = loader_path(MOCK_DIR, kind, type);
	const struct acmems_module *module = NULL;

	assert_non_null(path);
	err = (struct acmems_error){0};
	*mapped = false;
	if (loader_look(path, &file, &err))
		module = loader_load(path, kind, type, mapped, &err);
	free(path);
	return module;
}

static const struct acmems_module *load(const char *type, bool *mapped)
{
	return load_kind(ACMEMS_AUTH, type, mapped);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"http01.so", "validator-.so", "validator-http01",
		"validator-HTTP.so", "auth--x.so", "auth-../x.so", "auth-a b.so", "cache-x.so",
		"validator-012345678901234567890123456789ab.so", ".so", ""};
	enum acmems_kind kind;
	char type[32];

	(void)state;
	assert_true(loader_name_parse("validator-http01.so", &kind, type));
	assert_int_equal(kind, ACMEMS_VALIDATOR);
	assert_string_equal(type, "http01");
	assert_true(loader_name_parse("validator-dns01-rfc2136.so", &kind, type));
	assert_string_equal(type, "dns01-rfc2136");
	assert_true(loader_name_parse("notify-mail.so", &kind, type));
	assert_int_equal(kind, ACMEMS_NOTIFY);
	assert_true(loader_name_parse("storage-0123456789012345678901234567890.so", &kind, type));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(loader_name_parse(bad[i], &kind, type));
}

static void test_good(void **state)
{
	bool mapped;
	const struct acmems_module *module = load("good", &mapped);

	(void)state;
	if (!module)
		fail_msg("%s", err.message);
	assert_true(mapped);
	assert_string_equal(module->name, "good");
	/* again is the same: it was never unmapped */
	assert_ptr_equal(load("good", &mapped), module);
}

static void test_types_of_the_instance_will_do(void **state)
{
	bool mapped;

	(void)state;
	if (!load_kind(ACMEMS_VALIDATOR, "choosy", &mapped))
		fail_msg("%s", err.message);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *type;
		const char *words;
	} bad[] = {
		{"old", "built for module ABI 42, this acmems has ABI 1"},
		{"magic", "magic 0x12345678"},
		{"liar", "claims 100000 bytes"},
		{"short", "claims 48 bytes"},
		{"stub", "too few"},
		{"function", "not a constant"},
		{"nosymbol", "has no constant acmems_module"},
		{"unbound", "acmems_function_of_the_future"},
		{"kind", "is of kind storage, and its file name says auth"},
		{"name", "calls itself \"other\", and its file name says \"name\""},
		{"noops", "does not offer \"check\", which every auth module must"},
		{"options", "option \"far\" lies outside"},
		{"rows", "options are of 40 bytes"},
		{"mute", "no version or no summary"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool mapped;

		assert_null(load(bad[i].type, &mapped));
		assert_int_equal(err.code, ACMEMS_CONFIG);
		if (!strstr(err.message, bad[i].words))
			fail_msg("%s: %s", bad[i].type, err.message);
		assert_int_equal(mapped, strcmp(bad[i].type, "unbound") != 0);
	}
}

static void test_who_may_write(void **state)
{
	const char *path = temp_copy(MOCK_DIR "/auth-good.so", "auth-good.so");
	struct loader_file file;

	(void)state;
	assert_true(loader_look(path, &file, &err));
	assert_int_equal(chmod(path, 0664), 0);
	assert_false(loader_look(path, &file, &err));
	assert_non_null(strstr(err.message, "chmod go-w"));
	assert_int_equal(chmod(path, 0646), 0);
	assert_false(loader_look(path, &file, &err));
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(temp_dir, 0777), 0);
	assert_false(loader_look(path, &file, &err));
	assert_non_null(strstr(err.message, "its folder"));
	assert_int_equal(chmod(temp_dir, 0700), 0);
	assert_true(loader_look(path, &file, &err));
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 4711, (gid_t)-1), 0);
	assert_false(loader_look(path, &file, &err));
	assert_non_null(strstr(err.message, "belongs to user 4711"));
}

/* Whoever may rename the folder can have another one there between the look and the mapping. */
static void test_who_may_rename(void **state)
{
	const char *copy = temp_copy(MOCK_DIR "/auth-good.so", "auth-good.so");
	char folder[PATH_MAX - 16], path[PATH_MAX];
	struct loader_file file;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/modules", temp_dir);
	snprintf(path, sizeof(path), "%s/auth-good.so", folder);
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(rename(copy, path), 0);
	assert_true(loader_look(path, &file, &err));
	assert_int_equal(chmod(temp_dir, 0777), 0);
	assert_false(loader_look(path, &file, &err));
	assert_non_null(strstr(err.message, "may replace its folder"));
	assert_int_equal(chmod(temp_dir, 01777), 0);
	assert_true(loader_look(path, &file, &err));
	assert_int_equal(chmod(temp_dir, 0700), 0);
}

static void test_not_a_file(void **state)
{
	struct loader_file file;

	(void)state;
	assert_false(loader_look(temp_path("auth-none.so"), &file, &err));
	assert_int_equal(err.code, ACMEMS_NOT_FOUND);
	assert_int_equal(symlink(MOCK_DIR "/auth-good.so", temp_path("auth-good.so")), 0);
	assert_false(loader_look(temp_path("auth-good.so"), &file, &err));
	assert_non_null(strstr(err.message, "symbolic link"));
}

static void test_text_is_no_module(void **state)
{
	const char *path = temp_file("auth-text.so", "not a module");
	bool mapped;

	(void)state;
	assert_null(loader_load(path, ACMEMS_AUTH, "text", &mapped, &err));
	assert_false(mapped);
	assert_non_null(strstr(err.message, "can not be mapped"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_types_of_the_instance_will_do),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test_setup_teardown(
			test_who_may_write, temp_dir_setup, temp_dir_teardown),
		cmocka_unit_test_setup_teardown(
			test_who_may_rename, temp_dir_setup, temp_dir_teardown),
		cmocka_unit_test_setup_teardown(test_not_a_file, temp_dir_setup, temp_dir_teardown),
		cmocka_unit_test_setup_teardown(
			test_text_is_no_module, temp_dir_setup, temp_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
