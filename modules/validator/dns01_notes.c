/* SPDX-License-Identifier: ISC */
/* dns01_notes.c - see dns01_notes.h. */
#include "dns01_notes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <acmems/file.h>
#include <acmems/loop.h>

#define NOTE_MAX 65536
#define RANDOM "XXXXXX"
#define LOOK_MS (60 * 60 * 1000)

struct dns01_notes {
	const struct acmems_instance *instance;
	int fd; /* of the folder, locked */
	unsigned long last; /* number */
	struct acmems_task inheriting;
	struct acmems_timer *again; /* for inheriting once more */
	dns01_note_found *found;
	void *arg; /* of found */
	char state_dir[PATH_MAX];
	char path[PATH_MAX];
};

static void warn(const struct dns01_notes *notes, const struct acmems_error *err)
{
	acmems_log(ACMEMS_LOG_WARNING, notes->instance->type, notes->instance->name, "%s",
		err->message);
}

/* False: the path is too long. */
static bool note_path(const char *folder, unsigned long number, char path[PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s/%lu", folder, number);

	return len > 0 && len < PATH_MAX;
}

/* ---- a folder of our own ---- */

/* Under another name until it is locked, as who starts looks for folders that are not. */
static bool make_folder(struct dns01_notes *notes, struct acmems_error *err)
{
	const struct acmems_instance *instance = notes->instance;
	char begun[PATH_MAX];
	int len = snprintf(begun, sizeof(begun), "%s/.%s-%s." RANDOM, notes->state_dir,
		instance->type, instance->name);

	if (len < 0 || (size_t)len >= sizeof(begun))
		return acmems_error_set(err, ACMEMS_CONFIG, "state-dir is too long a path");
	if (!mkdtemp(begun))
		return acmems_error_errno(
			err, errno, "cannot make a folder in \"%s\"", notes->state_dir);
	snprintf(notes->path, sizeof(notes->path), "%s/%s", notes->state_dir,
		strrchr(begun, '/') + 2);
	notes->fd = open(begun, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (notes->fd >= 0 && flock(notes->fd, LOCK_EX | LOCK_NB) == 0 &&
		rename(begun, notes->path) == 0)
		return acmems_directory_sync(notes->state_dir, err);
	acmems_error_errno(err, errno, "cannot make \"%s\"", notes->path);
	rmdir(begun);
	return false;
}

static void on_inherit(void *arg);

struct dns01_notes *dns01_notes_open(
	const struct acmems_instance *instance, const char *state_dir, struct acmems_error *err)
{
	struct dns01_notes *notes;

	if (!acmems_directory_make(state_dir, 0700, err) ||
		!acmems_directory_writable(state_dir, err)) {
		acmems_error_context(err, "state-dir");
		return NULL;
	}
	notes = calloc(1, sizeof(*notes));
	if (!notes) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for notes");
		return NULL;
	}
	notes->instance = instance;
	notes->fd = -1;
	snprintf(notes->state_dir, sizeof(notes->state_dir), "%s", state_dir);
	notes->again = acmems_timer_new(on_inherit, notes);
	if (!notes->again)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a timer");
	else if (make_folder(notes, err))
		return notes;
	dns01_notes_close(notes);
	return NULL;
}

void dns01_notes_close(struct dns01_notes *notes)
{
	if (!notes)
		return;
	acmems_task_cancel(&notes->inheriting);
	acmems_timer_free(notes->again);
	/* says no while there is something in it */
	if (notes->fd >= 0) {
		rmdir(notes->path);
		close(notes->fd);
	}
	free(notes);
}

/* ---- notes ---- */

static size_t join(const char *const *texts, char *data)
{
	size_t len = 0;

	for (size_t i = 0; i < DNS01_NOTE_TEXTS && texts[i]; i++) {
		size_t more = strlen(texts[i]) + 1;

		if (data)
			memcpy(data + len, texts[i], more);
		len += more;
	}
	return len;
}

bool dns01_notes_write(struct dns01_notes *notes, unsigned long *number, const char *const *texts,
	struct acmems_error *err)
{
	size_t len = join(texts, NULL);
	char *data = len <= NOTE_MAX ? malloc(len + 1) : NULL;
	unsigned long as = *number > 0 ? *number : notes->last + 1;
	char path[PATH_MAX];
	bool ok;

	if (!data)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a note");
	join(texts, data);
	ok = note_path(notes->path, as, path)
		     ? acmems_file_write(path, data, len, 0600, err)
		     : acmems_error_set(err, ACMEMS_CONFIG, "too long a path");
	free(data);
	if (!ok)
		return acmems_error_context(err, "state-dir");
	if (*number == 0)
		notes->last = as;
	*number = as;
	return true;
}

void dns01_notes_erase(struct dns01_notes *notes, unsigned long number)
{
	struct acmems_error err = {0};
	char path[PATH_MAX];

	if (number == 0 || !note_path(notes->path, number, path) || unlink(path) == 0)
		return;
	acmems_error_errno(&err, errno, "cannot remove \"%s\"", path);
	warn(notes, &err);
}

/* ---- what others have left ---- */

/* Texts of the bytes of a file, which has a NUL behind it. */
static void split(const char *data, size_t len, const char *texts[DNS01_NOTE_TEXTS])
{
	const char *end = data + len;

	for (size_t i = 0; i < DNS01_NOTE_TEXTS; i++) {
		texts[i] = data < end ? data : "";
		data += data < end ? strlen(data) + 1 : 0;
	}
}

/* Moves a file to our folder, and then tells of it. */
static void take_note(struct dns01_notes *notes, const char *path)
{
	const char *texts[DNS01_NOTE_TEXTS];
	struct acmems_error err = {0};
	char ours[PATH_MAX];
	char *data = NULL;
	size_t len = 0;

	if (acmems_file_read(path, NOTE_MAX, &data, &len, &err) &&
		(!note_path(notes->path, notes->last + 1, ours) || rename(path, ours) < 0))
		acmems_error_errno(&err, errno, "cannot move \"%s\"", path);
	if (err.code != ACMEMS_OK) {
		warn(notes, &err);
	} else {
		split(data, len, texts);
		notes->found(notes->arg, ++notes->last, texts);
	}
	free(data);
}

/* All notes of a folder that is locked by us. One that was never finished has no number for a name. */
static void take_notes(struct dns01_notes *notes, DIR *dir, const char *folder)
{
	char path[PATH_MAX];

	for (struct dirent *item = readdir(dir); item; item = readdir(dir)) {
		size_t digits = strspn(item->d_name, "0123456789");
		int len = snprintf(path, sizeof(path), "%s/%s", folder, item->d_name);

		if (digits == 0 || len < 0 || (size_t)len >= sizeof(path))
			continue;
		if (item->d_name[digits] == '\0')
			take_note(notes, path);
		else
			unlink(path);
	}
	rmdir(folder);
}

static void take_folder(struct dns01_notes *notes, const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = NULL;

	/* if it is locked somebody lives in it: we, another generation, or another daemon */
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		dir = fdopendir(fd);
	if (dir) {
		take_notes(notes, dir, folder);
		closedir(dir);
	} else if (fd >= 0) {
		close(fd);
	}
}

/* Once more after a while: those that a reload has replaced end later than we have begun. */
static void on_inherit(void *arg)
{
	struct dns01_notes *notes = arg;
	const char *name = strrchr(notes->path, '/') + 1;
	size_t len = strlen(name), same = len - strlen(RANDOM);
	DIR *dir = opendir(notes->state_dir);
	char path[PATH_MAX];

	for (struct dirent *item = dir ? readdir(dir) : NULL; item; item = readdir(dir)) {
		int put = snprintf(path, sizeof(path), "%s/%s", notes->state_dir, item->d_name);

		if (strlen(item->d_name) == len && strncmp(item->d_name, name, same) == 0 &&
			put > 0 && (size_t)put < sizeof(path))
			take_folder(notes, path);
	}
	if (dir)
		closedir(dir);
	acmems_timer_start(notes->again, LOOK_MS);
}

void dns01_notes_inherit(struct dns01_notes *notes, dns01_note_found *found, void *arg)
{
	notes->found = found;
	notes->arg = arg;
	acmems_task_post(&notes->inheriting, on_inherit, notes);
}
