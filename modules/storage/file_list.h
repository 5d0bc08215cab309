/* SPDX-License-Identifier: ISC */
/* storage/file_list.h - all kept CSRs, a few in each round of the loop. Part of storage-file. */
#ifndef STORAGE_FILE_LIST_H
#define STORAGE_FILE_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/error.h>

/* The operation `list` on this directory. */
bool file_list_start(const char *directory, uint64_t op, struct acmems_error *err);

#endif
