/* SPDX-License-Identifier: ISC */
/*
 * storage/file_next.c - looks for the least digest above another: a folder is read whole for each
 * entry, as nothing is remembered between two calls. Of 100,000 entries it has four hundred.
 */
#include "file_next.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <acmems/file.h>
#include <acmems/loop.h>
#include <acmems/op.h>

#include "file_place.h"

/* Folders or entries looked at in one round of the loop. */
#define STEPS 16

struct search {
	char directory[PATH_MAX];
	uint64_t op;
	int folder;
	char name[PLACE_NAME_LEN + 1]; /* entries up to this one are behind us; "": none of them */
	/* a timer, as a task would run again before the loop looks at its sockets */
	struct acmems_timer *timer;
};

static void search_free(void *arg)
{
	struct search *search = arg;

	acmems_timer_free(search->timer);
	free(search);
}

static bool is_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == PLACE_NAME_LEN && name[PLACE_NAME_LEN] == '\0';
}

/* The least name above search->name into best; false: there is none. */
static bool least(const struct search *search, char best[PLACE_NAME_LEN + 1])
{
	char path[PATH_MAX];
	int len = snprintf(
		path, sizeof(path), "%s/%02x", search->directory, (unsigned)search->folder);
	DIR *dir = len > 0 && len < PATH_MAX ? opendir(path) : NULL;

	best[0] = '\0';
	if (!dir)
		return false;
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		if (is_name(entry->d_name) && strcmp(entry->d_name, search->name) > 0 &&
			(best[0] == '\0' || strcmp(entry->d_name, best) < 0))
			memcpy(best, entry->d_name, PLACE_NAME_LEN + 1);
	}
	closedir(dir);
	return best[0] != '\0';
}

static bool read_file(const struct search *search, const char *file, size_t max, char **ret_data,
	size_t *ret_len, struct acmems_error *err)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%02x/%s/%s", search->directory,
		(unsigned)search->folder, search->name, file);

	return len > 0 && len < PATH_MAX && acmems_file_read(path, max, ret_data, ret_len, err);
}

/* One whose folder has another's name would lead the walk astray. */
static bool is_at_home(const struct search *search, const char *csr, size_t len)
{
	struct acmems_entry entry = {.csr = csr, .csr_len = len};
	struct acmems_error ignored = {0};
	struct place place;
	char folder[3];

	snprintf(folder, sizeof(folder), "%02x", (unsigned)search->folder & 0xffu);
	return !memchr(csr, '\0', len) && place_of(&place, search->directory, &entry, &ignored) &&
	       strncmp(place.hex, folder, 2) == 0 && strcmp(place.hex + 2, search->name) == 0;
}

/* The entry search->name, its files one behind the other; NULL: it is of no use, or *err says why. */
static char *read_entry(const struct search *search, size_t *ret_len, struct acmems_error *err)
{
	char *csr = NULL, *chain = NULL, *both = NULL;
	size_t csr_len = 0, chain_len = 0;

	if (read_file(search, "csr.pem", FILE_CSR_MAX, &csr, &csr_len, err) &&
		is_at_home(search, csr, csr_len) &&
		read_file(search, "cert.pem", FILE_CHAIN_MAX, &chain, &chain_len, err)) {
		both = malloc(csr_len + 1 + chain_len);
		if (!both)
			acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to hand out an entry");
	}
	if (both) {
		memcpy(both, csr, csr_len);
		both[csr_len] = '\0';
		memcpy(both + csr_len + 1, chain, chain_len);
		*ret_len = csr_len + 1 + chain_len;
	}
	free(csr);
	free(chain);
	return both;
}

/* Finishes with the entry search->name, or with what keeps all of them from being read. */
static bool finish(const struct search *search)
{
	struct acmems_error err = {0};
	size_t len = 0;
	char *both = read_entry(search, &len, &err);

	if (both)
		acmems_op_finish_with(search->op, both, len);
	else if (err.code == ACMEMS_NO_MEMORY)
		acmems_op_finish(search->op, &err);
	else
		return false;
	free(both);
	return true;
}

static void on_round(void *arg)
{
	struct search *search = arg;
	char best[PLACE_NAME_LEN + 1];

	for (int i = 0; i < STEPS && search->folder < PLACE_FOLDERS; i++) {
		if (!least(search, best)) {
			search->folder++;
			search->name[0] = '\0';
			continue;
		}
		memcpy(search->name, best, sizeof(best));
		if (finish(search)) {
			search_free(search);
			return;
		}
	}
	if (search->folder < PLACE_FOLDERS) {
		acmems_timer_start(search->timer, 0);
		return;
	}
	acmems_op_finish_with(search->op, NULL, 0);
	search_free(search);
}

static bool begin_behind(
	struct search *search, const struct acmems_entry *entry, struct acmems_error *err)
{
	struct place place;

	if (!entry->csr)
		return true;
	if (!place_of(&place, search->directory, entry, err))
		return false;
	search->folder = place.digest[0];
	memcpy(search->name, place.hex + 2, sizeof(search->name));
	return true;
}

bool file_next_start(const char *directory, const struct acmems_entry *entry, uint64_t op,
	struct acmems_error *err)
{
	struct search *search = calloc(1, sizeof(*search));

	if (search)
		search->timer = acmems_timer_new(on_round, search);
	if (!search || !search->timer) {
		free(search);
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to look for an entry");
	}
	snprintf(search->directory, sizeof(search->directory), "%s", directory);
	search->op = op;
	if (!begin_behind(search, entry, err)) {
		search_free(search);
		return false;
	}
	acmems_op_on_cancel(op, search_free, search);
	acmems_timer_start(search->timer, 0);
	return true;
}
