/* SPDX-License-Identifier: ISC */
/* temp_dir.h - a folder of the test's own, gone when it ends. */
#ifndef TEMP_DIR_H
#define TEMP_DIR_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char temp_dir[64];

static inline int temp_dir_setup(void **state)
{
	(void)state;
	snprintf(temp_dir, sizeof(temp_dir), "%s/acmems-unit-XXXXXX", unit_tmp());
	return mkdtemp(temp_dir) ? 0 : -1;
}

static inline int temp_dir_remove(const char *path)
{
	DIR *dir = opendir(path);
	char inner[1024];

	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			temp_dir_remove(inner);
	}
	if (dir)
		closedir(dir);
	return rmdir(path);
}

/* With what is in it, folders too. */
static inline int temp_dir_teardown(void **state)
{
	(void)state;
	return temp_dir_remove(temp_dir);
}

/* How many files and folders are in one of its folders; "" is the folder itself. */
static inline size_t temp_dir_count(const char *name)
{
	char path[512];
	DIR *dir;
	size_t count = 0;

	snprintf(path, sizeof(path), "%s/%s", temp_dir, name);
	dir = opendir(path);
	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	if (dir)
		closedir(dir);
	return count;
}

/* Path of a file in it; valid until the fourth next call. */
static inline const char *temp_path(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", temp_dir, name);
	return path;
}

static inline const char *temp_file(const char *name, const char *text)
{
	const char *path = temp_path(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

/* Copies a file, under its own or another name; the copy is a file of its own. */
static inline const char *temp_copy(const char *from, const char *name)
{
	const char *path = temp_path(name);
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	char buffer[65536];
	ssize_t len;

	assert_true(in >= 0 && out >= 0);
	for (len = read(in, buffer, sizeof(buffer)); len > 0;
		len = read(in, buffer, sizeof(buffer)))
		assert_int_equal(write(out, buffer, (size_t)len), len);
	close(in);
	close(out);
	return path;
}

#endif
