/* SPDX-License-Identifier: ISC */
/* module_dir.c - see module_dir.h. Opens no file. */
#include "registry/module_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/nearest.h"
#include "registry/loader.h"

#define FILES_MAX 256

static bool is_library(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 3 && strcmp(name + len - 3, ".so") == 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add(struct module_dir *dir, const char *name)
{
	char **files = reallocarray(dir->files, dir->count + 1, sizeof(*files));

	if (!files)
		return false;
	dir->files = files;
	files[dir->count] = strdup(name);
	if (!files[dir->count])
		return false;
	dir->count++;
	return true;
}

bool module_dir_read(const char *path, struct module_dir *dir, struct acmems_error *err)
{
	DIR *stream = opendir(path);
	bool ok = true;

	*dir = (struct module_dir){0};
	if (!stream)
		return acmems_error_errno(err, errno, "cannot read the module directory %s", path);
	for (struct dirent *entry = readdir(stream); entry && ok; entry = readdir(stream)) {
		if (is_library(entry->d_name) && dir->count < FILES_MAX)
			ok = add(dir, entry->d_name);
	}
	closedir(stream);
	if (!ok) {
		module_dir_fini(dir);
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a list of modules");
	}
	if (dir->count > 0)
		qsort(dir->files, dir->count, sizeof(*dir->files), compare);
	return true;
}

void module_dir_fini(struct module_dir *dir)
{
	for (size_t i = 0; i < dir->count; i++)
		free(dir->files[i]);
	free(dir->files);
	*dir = (struct module_dir){0};
}

bool module_dir_nearest(
	const struct module_dir *dir, enum acmems_kind kind, const char *type, char out[32])
{
	char types[FILES_MAX][32];
	const char *words[FILES_MAX];
	size_t count = 0;
	const char *near;

	for (size_t i = 0; i < dir->count; i++) {
		enum acmems_kind its_kind;

		if (!loader_name_parse(dir->files[i], &its_kind, types[count]) || its_kind != kind)
			continue;
		words[count] = types[count];
		count++;
	}
	near = nearest_word(type, words, count);
	if (near)
		snprintf(out, 32, "%s", near);
	return near != NULL;
}
