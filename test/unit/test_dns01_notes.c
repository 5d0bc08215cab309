/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdlib.h>

#include "temp_dir.h"

#include "../../modules/validator/dns01_notes.c"

static const struct acmems_instance one = {"mod", "one"}, two = {"mod", "two"};
static struct acmems_error err;

/* What was found: "TEXT,TEXT;" each. */
static struct {
	char text[512];
	unsigned long numbers[8];
	size_t count;
} found;

static void on_found(void *arg, unsigned long number, const char *const *texts)
{
	size_t len = strlen(found.text);

	assert_ptr_equal(arg, &found);
	assert_true(found.count < 8);
	found.numbers[found.count++] = number;
	assert_non_null(texts[DNS01_NOTE_TEXTS - 1]);
	snprintf(found.text + len, sizeof(found.text) - len, "%s,%s;", texts[0], texts[1]);
}

static struct dns01_notes *open_notes(const struct acmems_instance *instance)
{
	struct dns01_notes *notes;

	err = (struct acmems_error){0};
	notes = dns01_notes_open(instance, temp_dir, &err);
	assert_non_null(notes);
	return notes;
}

static void inherit(struct dns01_notes *notes)
{
	memset(&found, 0, sizeof(found));
	dns01_notes_inherit(notes, on_found, &found);
	assert_int_equal(found.count, 0);
	loop_run_once(0);
}

/* As it does by itself after a while. */
static void inherit_later(struct dns01_notes *notes)
{
	memset(&found, 0, sizeof(found));
	assert_true(acmems_timer_running(notes->again));
	on_inherit(notes);
}

static unsigned long write_note(struct dns01_notes *notes, const char *first, const char *second)
{
	const char *texts[DNS01_NOTE_TEXTS] = {first, second};
	unsigned long number = 0;

	if (!dns01_notes_write(notes, &number, texts, &err))
		fail_msg("%s", err.message);
	return number;
}

static void notes_outlive_who_wrote_them(void **state)
{
	struct dns01_notes *first = open_notes(&one), *second = open_notes(&one);
	const char *better[DNS01_NOTE_TEXTS] = {"a", "more"};
	unsigned long a, b, c;

	(void)state;
	a = write_note(first, "a", "");
	b = write_note(first, "b", "\n with;\tall\xff kinds");
	c = write_note(first, "c", NULL);
	assert_true(a != b && b != c && a != c);
	assert_true(dns01_notes_write(first, &a, better, &err));
	dns01_notes_erase(first, c);
	dns01_notes_erase(first, 0);
	/* while its writer lives it is not touched, not even by itself */
	inherit(second);
	assert_int_equal(found.count, 0);
	inherit(first);
	assert_int_equal(found.count, 0);
	write_note(second, "d", "");
	dns01_notes_close(first);
	/* but some time after */
	inherit_later(second);
	assert_int_equal(found.count, 2);
	assert_non_null(strstr(found.text, "a,more;"));
	assert_non_null(strstr(found.text, "b,\n with;\tall\xff kinds;"));
	assert_int_equal(temp_dir_count(""), 1);
	/* and still there when they are not erased */
	dns01_notes_erase(second, found.numbers[0]);
	dns01_notes_close(second);
	first = open_notes(&one);
	inherit(first);
	assert_int_equal(found.count, 2);
	assert_non_null(strstr(found.text, "d,;"));
	dns01_notes_erase(first, found.numbers[0]);
	dns01_notes_erase(first, found.numbers[1]);
	dns01_notes_close(first);
	assert_int_equal(temp_dir_count(""), 0);
}

static void others_are_left_alone(void **state)
{
	const struct acmems_instance dotted = {"mod", "one.a"};
	struct dns01_notes *mine = open_notes(&two), *theirs = open_notes(&dotted);

	(void)state;
	write_note(mine, "mine", "");
	write_note(theirs, "theirs", "");
	dns01_notes_close(mine);
	dns01_notes_close(theirs);
	temp_file("mod-one.ABCDEF", "no folder");
	mine = open_notes(&one);
	inherit(mine);
	assert_int_equal(found.count, 0);
	dns01_notes_close(mine);
	assert_int_equal(temp_dir_count(""), 3);
}

static void put(const char *name, const char *data, size_t len)
{
	int fd = open(temp_path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static void odd_files(void **state)
{
	struct dns01_notes *notes = open_notes(&one);
	char *large = calloc(1, NOTE_MAX + 1);

	(void)state;
	assert_non_null(large);
	assert_int_equal(mkdir(temp_path("mod-one.old123"), 0700), 0);
	put("mod-one.old123/1", "", 0);
	put("mod-one.old123/2", "no end", 6);
	put("mod-one.old123/3",
		"1\0"
		"2\0"
		"3\0"
		"4\0"
		"5\0"
		"6\0"
		"7\0"
		"8\0"
		"9\0",
		18);
	put("mod-one.old123/4.AbCdEf", "half a no", 9);
	put("mod-one.old123/5", large, NOTE_MAX + 1);
	free(large);
	inherit(notes);
	assert_int_equal(found.count, 3);
	assert_non_null(strstr(found.text, "no end,;"));
	assert_non_null(strstr(found.text, "1,2;"));
	/* what can not be read stays where it is */
	assert_int_equal(temp_dir_count("mod-one.old123"), 1);
	dns01_notes_close(notes);
}

static void folders_that_are_none(void **state)
{
	const char *texts[DNS01_NOTE_TEXTS] = {"a"};
	struct dns01_notes *notes;
	unsigned long number = 0;

	(void)state;
	err = (struct acmems_error){0};
	assert_null(dns01_notes_open(&one, temp_file("file", ""), &err));
	assert_non_null(strstr(err.message, "state-dir"));
	notes = open_notes(&one);
	assert_int_equal(rmdir(notes->path), 0);
	assert_false(dns01_notes_write(notes, &number, texts, &err));
	assert_int_equal(number, 0);
	assert_non_null(strstr(err.message, "state-dir"));
	/* a word in the log, no more */
	dns01_notes_erase(notes, 7);
	dns01_notes_close(notes);
	dns01_notes_close(NULL);
}

static void nothing_is_inherited_by_who_goes_at_once(void **state)
{
	struct dns01_notes *notes = open_notes(&one);

	(void)state;
	write_note(notes, "a", "");
	dns01_notes_close(notes);
	notes = open_notes(&one);
	dns01_notes_inherit(notes, on_found, NULL);
	dns01_notes_close(notes);
	loop_run_once(0);
	notes = open_notes(&one);
	inherit(notes);
	assert_int_equal(found.count, 1);
	dns01_notes_close(notes);
}

static int setup(void **state)
{
	return unit_loop_setup(state) != 0 || temp_dir_setup(state) != 0 ? -1 : 0;
}

static int teardown(void **state)
{
	unit_loop_teardown(state);
	return temp_dir_teardown(state);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(notes_outlive_who_wrote_them),
		in_folder(others_are_left_alone),
		in_folder(odd_files),
		in_folder(folders_that_are_none),
		in_folder(nothing_is_inherited_by_who_goes_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
