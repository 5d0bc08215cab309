/* SPDX-License-Identifier: ISC */
/* dns01-rfc2136_inherit.c - see dns01-rfc2136_journal.h: journals of processes that are no more. */
#include "dns01-rfc2136_journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <acmems/dns.h>
#include <acmems/file.h>
#include <acmems/log.h>

#define ROOM "dns01-rfc2136"
/* Far more than can be under way at a time. */
#define FILE_MAX (64u << 20)

/* ---- reading ---- */

static char *next_word(char **at)
{
	char *word = strsep(at, " ");

	return word && *word ? word : NULL;
}

/* "OWNER ZONE VALUE SERVER...", what stands behind the number. *ret NULL for what is no such line; false
 * without memory for one that is. */
static bool parse_entry(char *at, struct rfc2136_entry **ret)
{
	char *owner = next_word(&at), *zone = next_word(&at), *value = next_word(&at), *server;
	struct acmems_error ignored = {0};
	struct rfc2136_entry *entry;
	bool ok;

	*ret = NULL;
	if (!owner || !zone || !value || !acmems_dns_name_check(owner, &ignored) ||
		!acmems_dns_name_check(zone, &ignored) || strlen(value) > 255)
		return true;
	entry = rfc2136_entry_new(owner, zone, value);
	ok = entry != NULL;
	server = ok ? next_word(&at) : NULL;
	for (size_t count = 0; server && ok && count < RFC2136_SERVERS_MAX;
		server = next_word(&at)) {
		if (!acmems_dns_server_check(server, &ignored))
			continue;
		ok = rfc2136_entry_add_server(entry, server);
		count++;
	}
	if (ok && entry->servers[0])
		*ret = entry;
	else
		rfc2136_entry_free(entry);
	return ok;
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

/* False: no memory. */
static bool read_line(struct rfc2136_entry **list, char *line)
{
	char *end;
	unsigned long number = strtoul(line + 1, &end, 10);
	struct rfc2136_entry *entry = NULL;

	if (end == line + 1)
		return true;
	if (*line == '-') {
		drop_number(list, number);
		return true;
	}
	if (*line == '+' && *end == ' ' && !parse_entry(end + 1, &entry))
		return false;
	if (!entry)
		return true;
	entry->number = number;
	entry->leftover = true;
	entry->next = *list;
	*list = entry;
	return true;
}

static void drop_all(struct rfc2136_entry *list)
{
	while (list) {
		struct rfc2136_entry *entry = list;

		list = entry->next;
		rfc2136_entry_free(entry);
	}
}

/* What is damaged is passed over; what there is no memory for stays where it is, for another time. */
static bool read_file(const char *path, struct rfc2136_entry **ret_list, struct acmems_error *err)
{
	struct rfc2136_entry *list = NULL;
	char *text = NULL, *at, *end;
	size_t len = 0;
	bool ok = true;

	if (!acmems_file_read(path, FILE_MAX, &text, &len, err))
		return acmems_error_context(err, "leftovers are not known");
	for (at = text, end = strchr(at, '\n'); end && ok; at = end + 1, end = strchr(at, '\n')) {
		*end = '\0';
		ok = !*at || read_line(&list, at);
	}
	free(text);
	if (ok) {
		*ret_list = list;
		return true;
	}
	drop_all(list);
	return acmems_error_set(
		err, ACMEMS_NO_MEMORY, "no memory for the leftovers of \"%s\"", path);
}

/* ---- taking over ---- */

/* Copies what is left over into our journal; false leaves it where it is, for another time. */
static bool adopt(struct rfc2136 *rfc2136, struct rfc2136_entry *list, struct acmems_error *err)
{
	struct rfc2136_entry **end = &list;
	bool ok = true;

	for (; ok && *end; end = &(*end)->next)
		ok = rfc2136_journal_add(rfc2136->journal, *end, err);
	if (!ok || !rfc2136_journal_sync(rfc2136->journal, err)) {
		drop_all(list);
		return false;
	}
	*end = rfc2136->entries;
	rfc2136->entries = list;
	return true;
}

static void take_over(struct rfc2136 *rfc2136, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct rfc2136_entry *list = NULL;
	struct acmems_error err = {0};

	if (fd < 0)
		return;
	/* else somebody lives in it: we, another generation, or another daemon */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (!read_file(path, &list, &err) || !adopt(rfc2136, list, &err))
			acmems_log(ACMEMS_LOG_WARNING, ROOM, rfc2136->self.name, "%s", err.message);
		/* or it would be taken over again and again */
		else if (unlink(path) < 0 && ftruncate(fd, 0) < 0)
			acmems_log(ACMEMS_LOG_WARNING, ROOM, rfc2136->self.name,
				"cannot remove \"%s\": %s", path, strerror(errno));
	}
	close(fd);
}

void rfc2136_journal_inherit(struct rfc2136 *rfc2136)
{
	char prefix[NAME_MAX], path[PATH_MAX];
	int len = snprintf(prefix, sizeof(prefix), "dns01-rfc2136-%s.", rfc2136->self.name);
	DIR *dir = opendir(rfc2136->state_dir);

	for (struct dirent *item = dir ? readdir(dir) : NULL; item; item = readdir(dir)) {
		if (len <= 0 || strncmp(item->d_name, prefix, (size_t)len) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", rfc2136->state_dir, item->d_name);
		take_over(rfc2136, path);
	}
	if (dir)
		closedir(dir);
}
