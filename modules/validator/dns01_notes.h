/* SPDX-License-Identifier: ISC */
/*
 * dns01_notes.h - what others were asked to publish, on disk, so that a crash leaves nothing behind.
 * Part of the validators that have somebody else publish: dns01-exec, dns01-httpreq.
 *
 * A folder of its own for each instance that runs, TYPE-NAME.XXXXXX in the state directory, mode 0700,
 * and a file in it for each note. The folder is locked as long as its process lives; whoever starts
 * later takes over what is in the folders that nobody holds any more. A note is a few texts, each with a
 * NUL behind it.
 */
#ifndef DNS01_NOTES_H
#define DNS01_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/module.h>

#define DNS01_NOTE_TEXTS 8

struct dns01_notes;

/* The option of every such module, of a struct that has the member `char *state_dir`. */
#define DNS01_NOTES_OPTION(type_)                                                                  \
	{                                                                                          \
		.name = "state-dir", .type = ACMEMS_STRING, .offset = offsetof(type_, state_dir),  \
		.fallback = ACMEMS_STATE_DIR, .min = 1, .max = 3000,                               \
		.help = "directory for the list of records that are published"                     \
	}

/* Makes a folder for an instance, which has to outlive it. NULL and *err. */
struct dns01_notes *dns01_notes_open(
	const struct acmems_instance *instance, const char *state_dir, struct acmems_error *err);

/*
 * A note of a process that is no more; ours now, under its number. `texts` has DNS01_NOTE_TEXTS, those
 * that the note has not are "".
 */
typedef void dns01_note_found(void *arg, unsigned long number, const char *const *texts);

/*
 * Takes over what nobody holds, from the loop and every hour, until it is closed: who only tries out
 * whether the module starts has no use for it. What can not be read is logged, and stays.
 */
void dns01_notes_inherit(struct dns01_notes *notes, dns01_note_found *found, void *arg);

/*
 * Writes a note of up to DNS01_NOTE_TEXTS texts, NULL behind them; on disk when it returns. *number is 0
 * for a new one, and is filled; else that one is replaced, as a whole or not at all.
 */
bool dns01_notes_write(struct dns01_notes *notes, unsigned long *number, const char *const *texts,
	struct acmems_error *err);

/* Erases a note; 0 is none. A failure is logged, and only means one try too many later. */
void dns01_notes_erase(struct dns01_notes *notes, unsigned long number);

/* What is not erased is there for the next start. NULL is allowed. */
void dns01_notes_close(struct dns01_notes *notes);

#endif
