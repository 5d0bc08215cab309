/* SPDX-License-Identifier: ISC */
/* storage/file_next.h - entries one behind the other, in order of their digests. Part of storage-file. */
#ifndef STORAGE_FILE_NEXT_H
#define STORAGE_FILE_NEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/storage.h>

/*
 * The operation `next` on this directory. What is kept in memory stays as it is; entries that can not
 * be read are passed over, which `get` warns of.
 */
bool file_next_start(const char *directory, const struct acmems_entry *entry, uint64_t op,
	struct acmems_error *err);

#endif
