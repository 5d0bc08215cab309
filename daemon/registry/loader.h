/* SPDX-License-Identifier: ISC */
/*
 * loader.h - one module file from disk to a description that can be believed.
 *
 * The order of checks is the point: who may write to the file and its folder, before it is mapped;
 * the head, before anything behind it is read; tables, before anything in them is called. Nothing
 * that was mapped is ever unmapped. Keeps no table: registry.c does, and sees that a file is mapped
 * once.
 */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include <acmems/error.h>
#include <acmems/module.h>

/* Longest KIND-TYPE.so. */
#define LOADER_NAME_MAX 64

/* Who a file is: it is another one when any of this differs. */
struct loader_file {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

/* Splits "validator-http01.so"; false if it is not of the form KIND-TYPE.so. */
bool loader_name_parse(const char *file, enum acmems_kind *kind, char type[32]);

/* Writes DIR/KIND-TYPE.so; NULL when it would be too long. The caller frees it. */
char *loader_path(const char *dir, enum acmems_kind kind, const char *type);

/* ACMEMS_NOT_FOUND, or why the file or its folder can not be trusted. Maps nothing. */
bool loader_look(const char *path, struct loader_file *file, struct acmems_error *err);

bool loader_same_file(const struct loader_file *a, const struct loader_file *b);

/*
 * Maps the file, which loader_look() found good, and checks all of it. NULL and *err: why it is
 * refused; *ret_mapped says whether it is mapped all the same, so that the path must not be tried
 * again in this process.
 */
const struct acmems_module *loader_load(const char *path, enum acmems_kind kind, const char *type,
	bool *ret_mapped, struct acmems_error *err);

#endif
