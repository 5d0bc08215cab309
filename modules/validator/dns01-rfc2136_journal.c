/* SPDX-License-Identifier: ISC */
/* dns01-rfc2136_journal.c - see dns01-rfc2136_journal.h. */
#include "dns01-rfc2136_journal.h"

#include <dirent.h>
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
/* When nothing but what is gone has made it so large it is begun anew. */
#define FILE_MAX (4u << 20)

struct rfc2136_journal {
	char path[PATH_MAX];
	int fd;
	unsigned long next;
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

	if (written < 0 || (size_t)written != len)
		return acmems_error_errno(
			err, written < 0 ? errno : ENOSPC, "cannot write \"%s\"", journal->path);
	journal->dirty = true;
	return true;
}

bool rfc2136_journal_add(
	struct rfc2136_journal *journal, struct rfc2136_entry *entry, struct acmems_error *err)
{
	char line[LINE_MAX_LEN];
	int len = snprintf(line, sizeof(line), "+%lu %s %s %s", journal->next, entry->owner,
		entry->zone, entry->value);

	for (size_t i = 0; entry->servers[i] && len > 0 && (size_t)len < sizeof(line); i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, " %s", entry->servers[i]);
	if (len <= 0 || (size_t)len + 2 > sizeof(line))
		return acmems_error_set(err, ACMEMS_SYSTEM, "a line of the journal is too long");
	snprintf(line + len, sizeof(line) - (size_t)len, "\n");
	if (!append(journal, line, err))
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

/* Whether the end of the file is beyond reason. */
static bool is_large(const struct rfc2136_journal *journal)
{
	struct stat info;

	return fstat(journal->fd, &info) == 0 && info.st_size > (off_t)FILE_MAX;
}

void rfc2136_journal_remove(struct rfc2136_journal *journal, const struct rfc2136_entry *entry,
	const struct rfc2136_entry *others)
{
	struct acmems_error err = {0};
	char line[32];

	/* with nothing left to remember the file begins anew */
	if (!others && ftruncate(journal->fd, 0) == 0)
		return;
	snprintf(line, sizeof(line), "-%lu\n", entry->number);
	if (!append(journal, line, &err))
		acmems_log(ACMEMS_LOG_WARNING, ROOM, NULL, "%s", err.message);
	if (is_large(journal))
		acmems_log(ACMEMS_LOG_WARNING, ROOM, NULL,
			"\"%s\" grows: there is always something in it", journal->path);
}

/* ---- what others have left ---- */

static char *next_word(char **at)
{
	char *word = strsep(at, " ");

	return word && *word ? word : NULL;
}

/* "OWNER ZONE VALUE SERVER...", what stands behind the number. NULL for what is no such line. */
static struct rfc2136_entry *parse_entry(char *at)
{
	char *owner = next_word(&at), *zone = next_word(&at), *value = next_word(&at);
	struct acmems_error ignored = {0};
	struct rfc2136_entry *entry;

	if (!owner || !zone || !value || !acmems_dns_name_check(owner, &ignored) ||
		!acmems_dns_name_check(zone, &ignored) || strlen(value) > 255)
		return NULL;
	entry = rfc2136_entry_new(owner, zone, value);
	for (char *server = entry ? next_word(&at) : NULL; server; server = next_word(&at)) {
		if (acmems_dns_server_check(server, &ignored))
			rfc2136_entry_add_server(entry, server);
	}
	if (entry && entry->servers[0])
		return entry;
	rfc2136_entry_free(entry);
	return NULL;
}

static void drop_number(struct rfc2136_entry **list, unsigned long number)
{
	while (*list && (*list)->number != number)
		list = &(*list)->next;
	if (*list) {
		struct rfc2136_entry *entry = *list;

		*list = entry->next;
		rfc2136_entry_free(entry);
	}
}

static void read_line(struct rfc2136_entry **list, char *line)
{
	char *end;
	unsigned long number = strtoul(line + 1, &end, 10);
	struct rfc2136_entry *entry;

	if (end == line + 1)
		return;
	if (*line == '-') {
		drop_number(list, number);
		return;
	}
	entry = *line == '+' && *end == ' ' ? parse_entry(end + 1) : NULL;
	if (!entry)
		return;
	entry->number = number;
	entry->leftover = true;
	entry->next = *list;
	*list = entry;
}

static struct rfc2136_entry *read_file(const char *path)
{
	struct rfc2136_entry *list = NULL;
	struct acmems_error err = {0};
	char *text = NULL, *at, *end;
	size_t len = 0;

	if (!acmems_file_read(path, 2 * FILE_MAX, &text, &len, &err)) {
		acmems_log(
			ACMEMS_LOG_WARNING, ROOM, NULL, "leftovers are not known: %s", err.message);
		return NULL;
	}
	for (at = text, end = strchr(at, '\n'); end; at = end + 1, end = strchr(at, '\n')) {
		*end = '\0';
		if (*at)
			read_line(&list, at);
	}
	free(text);
	return list;
}

/* Copies what is left over into our journal; false leaves it where it is. */
static bool adopt(struct rfc2136 *rfc2136, struct rfc2136_entry *list, struct acmems_error *err)
{
	bool ok = true;

	while (list) {
		struct rfc2136_entry *entry = list;

		list = entry->next;
		if (ok)
			ok = rfc2136_journal_add(rfc2136->journal, entry, err);
		entry->next = rfc2136->entries;
		rfc2136->entries = entry;
	}
	return ok && rfc2136_journal_sync(rfc2136->journal, err);
}

static void take_over(struct rfc2136 *rfc2136, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct acmems_error err = {0};

	if (fd < 0)
		return;
	/* else somebody lives in it: another generation, or another daemon */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (!adopt(rfc2136, read_file(path), &err))
			acmems_log(ACMEMS_LOG_WARNING, ROOM, rfc2136->self.name, "%s", err.message);
		else if (unlink(path) < 0)
			acmems_log(ACMEMS_LOG_WARNING, ROOM, rfc2136->self.name,
				"cannot remove \"%s\": %s", path, strerror(errno));
	}
	close(fd);
}

static void take_over_all(struct rfc2136 *rfc2136)
{
	char prefix[NAME_MAX], path[PATH_MAX];
	int len = snprintf(prefix, sizeof(prefix), "dns01-rfc2136-%s.", rfc2136->self.name);
	DIR *dir = opendir(rfc2136->state_dir);

	for (struct dirent *item = dir ? readdir(dir) : NULL; item; item = readdir(dir)) {
		if (len <= 0 || strncmp(item->d_name, prefix, (size_t)len) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", rfc2136->state_dir, item->d_name);
		if (strcmp(path, rfc2136->journal->path) != 0)
			take_over(rfc2136, path);
	}
	if (dir)
		closedir(dir);
}

/* ---- life ---- */

/* Under another name until it is locked, as who starts looks for files that are not. */
static bool make_file(struct rfc2136 *rfc2136, struct acmems_error *err)
{
	struct rfc2136_journal *journal = rfc2136->journal;
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
	if (flock(journal->fd, LOCK_EX | LOCK_NB) == 0 && rename(begun, journal->path) == 0)
		return true;
	acmems_error_errno(err, errno, "cannot make the journal \"%s\"", journal->path);
	unlink(begun);
	return false;
}

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
	if (!make_file(rfc2136, err))
		return false;
	take_over_all(rfc2136);
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
