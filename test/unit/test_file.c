/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acmems/file.h>

static char folder[64];

static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int entries(void)
{
	DIR *dir = opendir(folder);
	int count = 0;

	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s/acmems-file-XXXXXX", unit_tmp());
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink(in_folder("a"));
	return rmdir(folder);
}

static void what_is_written_is_read(void **state)
{
	struct acmems_error err = {0};
	struct stat info;
	char *data = NULL;
	size_t len = 0;

	(void)state;
	assert_true(acmems_file_write(in_folder("a"), "one\0two", 7, 0600, &err));
	assert_true(acmems_file_read(in_folder("a"), 7, &data, &len, &err));
	assert_int_equal(len, 7);
	assert_memory_equal(data, "one\0two", 8);
	free(data);
	assert_int_equal(stat(in_folder("a"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_true(acmems_file_write(in_folder("a"), "", 0, 0644, &err));
	assert_int_equal(entries(), 1);
	assert_false(acmems_file_read(in_folder("none"), 7, &data, &len, &err));
	assert_int_equal(err.code, ACMEMS_NOT_FOUND);
}

/* Only where the tests run as root can there be files that are not theirs. */
static void whose_rights_are_missing_is_said(void **state)
{
	struct acmems_error err = {0};
	char *data = NULL;
	size_t len = 0;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(acmems_file_write(in_folder("a"), "1", 1, 0600, &err));
	assert_int_equal(seteuid(65534), 0);
	assert_false(acmems_file_read(in_folder("a"), 1, &data, &len, &err));
	assert_int_equal(seteuid(0), 0);
	assert_non_null(strstr(err.message, "user 65534 cannot open"));
}

static void bounds_and_kinds_are_kept(void **state)
{
	struct acmems_error err = {0};
	char *data = NULL;
	size_t len = 0;

	(void)state;
	assert_true(acmems_file_write(in_folder("a"), "12345", 5, 0600, &err));
	assert_false(acmems_file_read(in_folder("a"), 4, &data, &len, &err));
	assert_int_equal(err.code, ACMEMS_TOO_LARGE);
	assert_false(acmems_file_read(folder, 100, &data, &len, &err));
	assert_int_equal(err.code, ACMEMS_SYSTEM);
	unlink(in_folder("a"));
	assert_int_equal(mkfifo(in_folder("a"), 0600), 0);
	assert_false(acmems_file_read(in_folder("a"), 100, &data, &len, &err));
	assert_non_null(strstr(err.message, "not a regular file"));
	assert_null(data);
}

static void a_failed_write_keeps_the_old_content(void **state)
{
	struct acmems_error err = {0};
	struct rlimit limit = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY}, old;
	char *data = NULL;
	size_t len = 0;

	(void)state;
	assert_true(acmems_file_write(in_folder("a"), "old", 3, 0600, &err));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_false(acmems_file_write(in_folder("a"), "much longer than ten", 20, 0600, &err));
	setrlimit(RLIMIT_FSIZE, &old);
	assert_non_null(strstr(err.message, "File too large"));
	assert_true(acmems_file_read(in_folder("a"), 100, &data, &len, &err));
	assert_string_equal(data, "old");
	free(data);
	assert_int_equal(entries(), 1);
	assert_false(acmems_file_write(in_folder("none/a"), "x", 1, 0600, &err));
	assert_int_equal(err.code, ACMEMS_SYSTEM);
}

static void removing_twice_is_fine(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	assert_true(acmems_file_write(in_folder("a"), "x", 1, 0600, &err));
	assert_true(acmems_file_remove(in_folder("a"), &err));
	assert_true(acmems_file_remove(in_folder("a"), &err));
	assert_int_equal(entries(), 0);
}

static void directories_are_made_with_parents(void **state)
{
	struct acmems_error err = {0};
	struct stat info;

	(void)state;
	assert_true(acmems_directory_make(in_folder("a/b/c"), 0700, &err));
	assert_true(acmems_directory_make(in_folder("a/b/c"), 0700, &err));
	assert_int_equal(stat(in_folder("a/b/c"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_true(acmems_directory_writable(in_folder("a/b/c"), &err));
	assert_true(acmems_file_write(in_folder("a/b/c/f"), "x", 1, 0600, &err));
	assert_false(acmems_directory_make(in_folder("a/b/c/f"), 0700, &err));
	assert_non_null(strstr(err.message, "not a directory"));
	assert_false(acmems_directory_writable(in_folder("a/b/c/f"), &err));
	assert_false(acmems_directory_writable(in_folder("none"), &err));
	assert_true(acmems_directory_sync(in_folder("a/b/c"), &err));
	assert_false(acmems_directory_sync(in_folder("none"), &err));
	assert_non_null(strstr(err.message, "cannot open directory"));
	assert_false(acmems_directory_make("", 0700, &err));
	unlink(in_folder("a/b/c/f"));
	rmdir(in_folder("a/b/c"));
	rmdir(in_folder("a/b"));
	rmdir(in_folder("a"));
}

static void expect_bad_secret(const char *what)
{
	struct acmems_error err = {0};
	char *text;
	size_t len;

	assert_false(acmems_file_read_secret(in_folder("s"), 100, &text, &len, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_non_null(strstr(err.message, what));
}

static void secrets_are_kept_from_others(void **state)
{
	struct acmems_error err = {0};
	char *text;
	size_t len;

	(void)state;
	assert_true(acmems_file_write(in_folder("s"), " a b\n\r\n", 7, 0640, &err));
	assert_true(acmems_file_read_secret(in_folder("s"), 100, &text, &len, &err));
	assert_string_equal(text, " a b\n");
	assert_int_equal(len, 5);
	free(text);
	assert_int_equal(chmod(in_folder("s"), 0604), 0);
	expect_bad_secret("0604");
	assert_int_equal(chmod(in_folder("s"), 0660), 0);
	expect_bad_secret("0660");
	assert_true(acmems_file_write(in_folder("s"), "\n", 1, 0600, &err));
	expect_bad_secret("is empty");
	assert_true(acmems_file_write(in_folder("s"), "a\0b", 3, 0600, &err));
	expect_bad_secret("NUL");
	assert_true(acmems_file_remove(in_folder("s"), &err));
	assert_false(acmems_file_read_secret(in_folder("s"), 100, &text, &len, &err));
	assert_int_equal(err.code, ACMEMS_NOT_FOUND);
}

static void stamps_tell_changes(void **state)
{
	struct acmems_error err = {0};
	uint64_t first, second;

	(void)state;
	assert_int_equal(acmems_file_stamp(in_folder("c")), 0);
	assert_true(acmems_file_write(in_folder("c"), "one", 3, 0600, &err));
	first = acmems_file_stamp(in_folder("c"));
	assert_true(first != 0 && first == acmems_file_stamp(in_folder("c")));
	/* another file of the same size, perhaps within the same tick */
	assert_true(acmems_file_write(in_folder("c"), "two", 3, 0600, &err));
	second = acmems_file_stamp(in_folder("c"));
	assert_true(second != 0 && second != first);
	assert_int_equal(truncate(in_folder("c"), 2), 0);
	assert_true(acmems_file_stamp(in_folder("c")) != second);
	assert_true(acmems_file_remove(in_folder("c"), &err));
	assert_int_equal(acmems_file_stamp(in_folder("c")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(whose_rights_are_missing_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(bounds_and_kinds_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_failed_write_keeps_the_old_content, setup, teardown),
		cmocka_unit_test_setup_teardown(secrets_are_kept_from_others, setup, teardown),
		cmocka_unit_test_setup_teardown(stamps_tell_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(removing_twice_is_fine, setup, teardown),
		cmocka_unit_test_setup_teardown(directories_are_made_with_parents, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
