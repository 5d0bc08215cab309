/* SPDX-License-Identifier: ISC */
/*
 * dns01-rfc2136_journal.h - what was published, on disk, so that a crash leaves nothing behind in a
 * zone.
 *
 * A file of its own for each instance that runs, dns01-rfc2136-NAME.XXXXXX in the state directory, mode
 * 0600. It is locked as long as its process lives; whoever starts later takes over the files that
 * nobody holds any more. Lines are appended: "+NUMBER OWNER ZONE VALUE SERVER..." when something is
 * about to be published, "-NUMBER" when it is gone. A last line without end does not count.
 */
#ifndef DNS01_RFC2136_JOURNAL_H
#define DNS01_RFC2136_JOURNAL_H

#include "dns01-rfc2136.h"

/* Opens a new one, and inherits what is in abandoned ones. */
bool rfc2136_journal_open(struct rfc2136 *rfc2136, struct acmems_error *err);

/* Puts what is in abandoned ones before the instance's entries, as leftovers, and into our journal. */
void rfc2136_journal_inherit(struct rfc2136 *rfc2136);

/* Removes the file if there is no entry left. NULL is allowed. */
void rfc2136_journal_close(struct rfc2136 *rfc2136);

/* Writes down an entry, and gives it its number; on disk after rfc2136_journal_sync(). */
bool rfc2136_journal_add(
	struct rfc2136_journal *journal, struct rfc2136_entry *entry, struct acmems_error *err);
bool rfc2136_journal_sync(struct rfc2136_journal *journal, struct acmems_error *err);

/*
 * It is gone, and out of the instance's entries already. A failure only means one try too many later.
 * A file that has become mostly what is gone is written anew.
 */
void rfc2136_journal_remove(struct rfc2136 *rfc2136, const struct rfc2136_entry *entry);

/* Texts are copied; servers[] is for the caller to fill. NULL: no memory. */
struct rfc2136_entry *rfc2136_entry_new(const char *owner, const char *zone, const char *value);

/* Copies one server more; false: no memory or too many. */
bool rfc2136_entry_add_server(struct rfc2136_entry *entry, const char *server);
void rfc2136_entry_free(struct rfc2136_entry *entry);

#endif
