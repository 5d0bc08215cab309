/* SPDX-License-Identifier: ISC */
/* storage/file_list.c - walks over the 256 folders and their entries. */
#include "file_list.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <acmems/file.h>
#include <acmems/loop.h>
#include <acmems/op.h>

#include "file_place.h"

#define LIST_MAX (64u << 20)
#define STEPS 32 /* of one round: some hundred microseconds */

struct listing {
	char directory[PATH_MAX];
	uint64_t op;
	int folder; /* the one that is read */
	DIR *dir; /* NULL: not opened yet */
	char *data;
	size_t len;
	size_t room;
	/* a timer, as a task would run again before the loop looks at its sockets */
	struct acmems_timer *timer;
};

static void listing_free(void *arg)
{
	struct listing *listing = arg;

	acmems_timer_free(listing->timer);
	if (listing->dir)
		closedir(listing->dir);
	free(listing->data);
	free(listing);
}

static bool add(struct listing *listing, const char *csr, size_t len, struct acmems_error *err)
{
	size_t need = listing->len + len + 1;

	if (need > LIST_MAX)
		return acmems_error_set(
			err, ACMEMS_TOO_LARGE, "the kept CSRs are more than %u bytes", LIST_MAX);
	if (need > listing->room) {
		char *data = realloc(listing->data, need * 2);

		if (!data)
			return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a list");
		listing->data = data;
		listing->room = need * 2;
	}
	memcpy(listing->data + listing->len, csr, len);
	listing->len += len;
	if (len > 0 && csr[len - 1] != '\n')
		listing->data[listing->len++] = '\n';
	return true;
}

static const char *path_of(
	const struct listing *listing, const char *name, const char *file, char path[PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s/%02x/%s%s", listing->directory,
		(unsigned)listing->folder, name, file);

	return len > 0 && len < PATH_MAX ? path : "";
}

/* An entry has both files; what is broken is left to get, which warns of it. */
static bool read_entry(struct listing *listing, const char *name, struct acmems_error *err)
{
	struct acmems_error ignored = {0};
	char path[PATH_MAX];
	char *csr = NULL;
	size_t len = 0;
	bool ok;

	if (access(path_of(listing, name, "/cert.pem", path), F_OK) < 0 ||
		!acmems_file_read(path_of(listing, name, "/csr.pem", path), FILE_CSR_MAX, &csr,
			&len, &ignored))
		return true;
	ok = add(listing, csr, len, err);
	free(csr);
	return ok;
}

static bool step(struct listing *listing, struct acmems_error *err)
{
	char path[PATH_MAX];
	const struct dirent *entry;

	if (!listing->dir) {
		listing->dir = opendir(path_of(listing, "", "", path));
		if (!listing->dir)
			listing->folder++;
		return true;
	}
	entry = readdir(listing->dir);
	if (!entry) {
		closedir(listing->dir);
		listing->dir = NULL;
		listing->folder++;
		return true;
	}
	return strlen(entry->d_name) != PLACE_NAME_LEN || read_entry(listing, entry->d_name, err);
}

static void on_round(void *arg)
{
	struct listing *listing = arg;
	struct acmems_error err = {0};

	for (int i = 0; i < STEPS && listing->folder < PLACE_FOLDERS; i++) {
		if (!step(listing, &err)) {
			acmems_op_finish(listing->op, &err);
			listing_free(listing);
			return;
		}
	}
	if (listing->folder < PLACE_FOLDERS) {
		acmems_timer_start(listing->timer, 0);
		return;
	}
	acmems_op_finish_with(listing->op, listing->data, listing->len);
	listing_free(listing);
}

bool file_list_start(const char *directory, uint64_t op, struct acmems_error *err)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (listing)
		listing->timer = acmems_timer_new(on_round, listing);
	if (!listing || !listing->timer) {
		free(listing);
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a list");
	}
	snprintf(listing->directory, sizeof(listing->directory), "%s", directory);
	listing->op = op;
	acmems_op_on_cancel(op, listing_free, listing);
	acmems_timer_start(listing->timer, 0);
	return true;
}
