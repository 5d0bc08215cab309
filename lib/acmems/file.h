/* SPDX-License-Identifier: ISC */
/*
 * file.h - files read with a bound and written so that neither a crash nor a full disk leaves half
 * of one.
 */
#ifndef ACMEMS_FILE_H
#define ACMEMS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

/*
 * Reads a regular file of at most max bytes. *ret_data is allocated, with a NUL behind the *ret_len
 * bytes, and the caller's to free(). ACMEMS_NOT_FOUND when there is none, ACMEMS_TOO_LARGE over max.
 */
bool acmems_file_read(
	const char *path, size_t max, char **ret_data, size_t *ret_len, struct acmems_error *err);

/*
 * As acmems_file_read(), of a secret: a text without NUL, of which one line end at the end does not
 * count. ACMEMS_CONFIG when it is empty, and when everybody may read or the group may write the file.
 * To be wiped (crypto.h) before it is freed.
 */
bool acmems_file_read_secret(
	const char *path, size_t max, char **ret_text, size_t *ret_len, struct acmems_error *err);

/*
 * A number that is another one when the file at this path was changed or replaced, to see when it has
 * to be read again. 0 when there is none. Nothing is read.
 */
uint64_t acmems_file_stamp(const char *path);

/*
 * Writes a file atomically and durably: a temporary file beside it, mode `mode` from its first
 * moment, synced, renamed over, folder synced. The old content stays whole on any failure.
 */
bool acmems_file_write(
	const char *path, const void *data, size_t len, unsigned mode, struct acmems_error *err);

/* Removes a file and syncs its folder; one that is not there is success. */
bool acmems_file_remove(const char *path, struct acmems_error *err);

/* Makes a directory and its missing parents with this mode; one that is there is left as it is. */
bool acmems_directory_make(const char *path, unsigned mode, struct acmems_error *err);

/* Has the names in a directory on the disk: what was made, renamed or removed there. */
bool acmems_directory_sync(const char *path, struct acmems_error *err);

/* Whether files can be made in the directory; if not, *err says why and what to do. */
bool acmems_directory_writable(const char *path, struct acmems_error *err);

#endif
