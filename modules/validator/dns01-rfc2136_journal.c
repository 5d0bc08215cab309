/* SPDX-License-Identifier: ISC */
/* dns01-rfc2136_journal.c - see dns01-rfc2136_journal.h. */
#include "dns01-rfc2136_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acmems/dns.h>
#include <acmems/file.h>
#include <acmems/log.h>

#define ROOM "dns01-rfc2136"
#define LINE_MAX_LEN 8192
/* A file larger than that, and than twice of what is in it, is written anew. */
#define TIDY_MIN (1 << 20)

struct rfc2136_journal {
	char path[PATH_MAX];
	int fd;
	unsigned long next;
	off_t size;
	off_t tidy_at; /* the size at which it is written anew */
	bool dirty; /* written since the last sync */
};

/* ---- entries ---- */

struct rfc2136_entry *rfc2136_entry_new(const char *owner, const char *zone, const char *value)
{
	struct rfc2136_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->owner = strdup(owner);
	entry->zone = strdup(zone);
	entry->value = strdup(value);
	if (entry->owner && entry->zone && entry->value)
		return entry;
	rfc2136_entry_free(entry);
	return NULL;
}

bool rfc2136_entry_add_server(struct rfc2136_entry *entry, const char *server)
{
	size_t at = 0;

	while (entry->servers[at])
		at++;
	if (at == RFC2136_SERVERS_MAX)
		return false;
	entry->servers[at] = strdup(server);
	return entry->servers[at] != NULL;
}

void rfc2136_entry_free(struct rfc2136_entry *entry)
{
	if (!entry)
		return;
	for (size_t i = 0; entry->servers[i]; i++)
		free(entry->servers[i]);
	free(entry->owner);
	free(entry->zone);
	free(entry->value);
	free(entry);
}

/* ---- writing ---- */

static bool append(struct rfc2136_journal *journal, const char *line, struct acmems_error *err)
{
	size_t len = strlen(line);
	ssize_t written = write(journal->fd, line, len);

	if (written < 0 || (size_t)written != len) {
		acmems_error_errno(
			err, written < 0 ? errno : ENOSPC, "cannot write \"%s\"", journal->path);
		/* the next line would go on where this one has broken off */
		if (written > 0 && ftruncate(journal->fd, journal->size) < 0)
			acmems_error_context(err, "half a line stands there");
		return false;
	}
	journal->size += written;
	journal->dirty = true;
	return true;
}

static bool append_entry(struct rfc2136_journal *journal, unsigned long number,
	const struct rfc2136_entry *entry, struct acmems_error *err)
{
	char line[LINE_MAX_LEN];
	int len = snprintf(line, sizeof(line), "+%lu %s %s %s", number, entry->owner, entry->zone,
		entry->value);

	for (size_t i = 0; entry->servers[i] && len > 0 && (size_t)len < sizeof(line); i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, " %s", entry->servers[i]);
	if (len <= 0 || (size_t)len + 2 > sizeof(line))
		return acmems_error_set(err, ACMEMS_SYSTEM, "a line of the journal is too long");
	snprintf(line + len, sizeof(line) - (size_t)len, "\n");
	return append(journal, line, err);
}

bool rfc2136_journal_add(
	struct rfc2136_journal *journal, struct rfc2136_entry *entry, struct acmems_error *err)
{
	if (!append_entry(journal, journal->next, entry, err))
		return false;
	entry->number = journal->next++;
	return true;
}

bool rfc2136_journal_sync(struct rfc2136_journal *journal, struct acmems_error *err)
{
	if (journal->dirty && fdatasync(journal->fd) < 0)
		return acmems_error_errno(err, errno, "cannot sync \"%s\"", journal->path);
	journal->dirty = false;
	return true;
}

/* ---- a file ---- */

/* Under another name until it is locked, as who starts looks for files that are not. */
static bool make_file(
	const struct rfc2136 *rfc2136, struct rfc2136_journal *journal, struct acmems_error *err)
{
	char begun[PATH_MAX];
	int len = snprintf(begun, sizeof(begun), "%s/.dns01-rfc2136-%s.XXXXXX", rfc2136->state_dir,
		rfc2136->self.name);

	if (len < 0 || (size_t)len >= sizeof(begun))
		return acmems_error_set(err, ACMEMS_CONFIG, "state-dir is too long a path");
	journal->fd = mkostemp(begun, O_APPEND | O_CLOEXEC);
	if (journal->fd < 0)
		return acmems_error_errno(
			err, errno, "cannot make a journal in \"%s\"", rfc2136->state_dir);
	snprintf(journal->path, sizeof(journal->path), "%s/%s", rfc2136->state_dir,
		strrchr(begun, '/') + 2);
	if (flock(journal->fd, LOCK_EX | LOCK_NB) < 0 || rename(begun, journal->path) < 0) {
		acmems_error_errno(err, errno, "cannot make the journal \"%s\"", journal->path);
		unlink(begun);
		return false;
	}
	/* what it will say is of no use if nobody finds it */
	return acmems_directory_sync(rfc2136->state_dir, err);
}

/*
 * What is left goes to a file of its own, and then the old one. After a crash in between both are read,
 * and what stands in both is taken away twice, which does no harm.
 */
static bool write_anew(const struct rfc2136 *rfc2136, struct acmems_error *err)
{
	struct rfc2136_journal fresh = {.fd = -1, .next = rfc2136->journal->next};
	const struct rfc2136_entry *entry = rfc2136->entries;
	bool ok = make_file(rfc2136, &fresh, err);

	for (; ok && entry; entry = entry->next)
		ok = append_entry(&fresh, entry->number, entry, err);
	ok = ok && rfc2136_journal_sync(&fresh, err);
	if (ok) {
		unlink(rfc2136->journal->path);
		close(rfc2136->journal->fd);
		*rfc2136->journal = fresh;
	} else if (fresh.fd >= 0) {
		unlink(fresh.path);
		close(fresh.fd);
	}
	return ok;
}

static void tidy(const struct rfc2136 *rfc2136)
{
	struct rfc2136_journal *journal = rfc2136->journal;
	struct acmems_error err = {0};

	if (journal->size <= journal->tidy_at)
		return;
	if (!write_anew(rfc2136, &err))
		acmems_log(ACMEMS_LOG_WARNING, ROOM, rfc2136->self.name,
			"\"%s\" grows, and cannot be written anew: %s", journal->path, err.message);
	journal->tidy_at = 2 * journal->size > TIDY_MIN ? 2 * journal->size : TIDY_MIN;
}

void rfc2136_journal_remove(struct rfc2136 *rfc2136, const struct rfc2136_entry *entry)
{
	struct rfc2136_journal *journal = rfc2136->journal;
	struct acmems_error err = {0};
	char line[32];

	/* with nothing left to remember the file begins anew */
	if (!rfc2136->entries && ftruncate(journal->fd, 0) == 0) {
		journal->size = 0;
		return;
	}
	snprintf(line, sizeof(line), "-%lu\n", entry->number);
	if (append(journal, line, &err))
		tidy(rfc2136);
	else
		acmems_log(ACMEMS_LOG_WARNING, ROOM, rfc2136->self.name, "%s", err.message);
}

/* ---- life ---- */

bool rfc2136_journal_open(struct rfc2136 *rfc2136, struct acmems_error *err)
{
	if (!acmems_directory_make(rfc2136->state_dir, 0700, err) ||
		!acmems_directory_writable(rfc2136->state_dir, err))
		return acmems_error_context(err, "state-dir");
	rfc2136->journal = calloc(1, sizeof(*rfc2136->journal));
	if (!rfc2136->journal)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a journal");
	rfc2136->journal->fd = -1;
	rfc2136->journal->next = 1;
	rfc2136->journal->tidy_at = TIDY_MIN;
	if (!make_file(rfc2136, rfc2136->journal, err))
		return false;
	rfc2136_journal_inherit(rfc2136);
	return true;
}

void rfc2136_journal_close(struct rfc2136 *rfc2136)
{
	struct rfc2136_journal *journal = rfc2136->journal;

	if (!journal)
		return;
	if (journal->fd >= 0) {
		if (!rfc2136->entries)
			unlink(journal->path);
		close(journal->fd);
	}
	free(journal);
	rfc2136->journal = NULL;
}
