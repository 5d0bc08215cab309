/* SPDX-License-Identifier: ISC */
/* module_dir.h - what lies in a module directory, by name only. */
#ifndef MODULE_DIR_H
#define MODULE_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include <acmems/module.h>

/* The names of its .so files, sorted. */
struct module_dir {
	char **files;
	size_t count;
};

bool module_dir_read(const char *path, struct module_dir *dir, struct acmems_error *err);
void module_dir_fini(struct module_dir *dir);

/* The type of that kind nearest to a mistyped one, written to out; false if none is near. */
bool module_dir_nearest(
	const struct module_dir *dir, enum acmems_kind kind, const char *type, char out[32]);

#endif
