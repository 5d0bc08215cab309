/* SPDX-License-Identifier: ISC */
/*
 * journal.h - records appended to a file, each whole or not there.
 *
 * Every record carries its length and a checksum; reading ends at the first that is not whole, and
 * what is behind it (a write that a crash cut short) is taken away. A record is with the kernel when
 * append returns, so a killed process loses nothing; it is on the disk within a second. What the
 * records mean is the owner's business (delivery_journal.c).
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

/* A longer record is taken for damage. */
#define JOURNAL_RECORD_MAX 131072

struct journal;

/* A record of the file, in order; valid during the call. */
typedef void journal_record(void *arg, unsigned char type, const char *data, size_t len);

/*
 * Opens or makes the file, mode 0600, for nobody else, and reads what it has. A file that is no
 * journal, is larger than 64 MiB or used by another process (ACMEMS_UNAVAILABLE) is an error. NULL and
 * *err.
 */
struct journal *journal_open(
	const char *path, journal_record *record, void *arg, struct acmems_error *err);

/* Closed and, if there was anything, synced. NULL is allowed. */
void journal_close(struct journal *journal);

/* False and *err: not appended, and nothing of it is in the file. */
bool journal_append(struct journal *journal, unsigned char type, const char *data, size_t len,
	struct acmems_error *err);

size_t journal_size(const struct journal *journal); /* bytes in the file */

/* Empties the file. */
bool journal_clear(struct journal *journal, struct acmems_error *err);

/*
 * Begins a new file beside the old; the appends that follow go there; commit puts it in place of
 * the old one. On failure the old one stays, and goes on.
 */
bool journal_rewrite_begin(struct journal *journal, struct acmems_error *err);
bool journal_rewrite_commit(struct journal *journal, struct acmems_error *err);
void journal_rewrite_abort(struct journal *journal);

#endif
