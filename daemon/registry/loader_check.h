/* SPDX-License-Identifier: ISC */
/* loader_check.h - what a module says of itself, checked from the head on. Between loader.c and
 * loader_check.c. */
#ifndef LOADER_CHECK_H
#define LOADER_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include <acmems/module.h>

/*
 * module points to `room` bytes of a file named after kind and type. The messages do not name the
 * file: the caller puts it in front.
 */
bool loader_check(const struct acmems_module *module, size_t room, enum acmems_kind kind,
	const char *type, struct acmems_error *err);

#endif
