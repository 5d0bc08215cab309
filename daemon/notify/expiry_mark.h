/* SPDX-License-Identifier: ISC */
/* expiry_mark.h - when a storage was looked through last, in a file of the state directory. */
#ifndef EXPIRY_MARK_H
#define EXPIRY_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>

/*
 * When the storage of that name was looked through, wall. 0: never, with another `within`
 * (seconds), in a future that the clock has left, or nobody can say.
 */
int64_t expiry_mark_read(const char *dir, const char *name, int64_t within, int64_t now);

bool expiry_mark_write(
	const char *dir, const char *name, int64_t within, int64_t now, struct acmems_error *err);

#endif
