/* SPDX-License-Identifier: ISC */
/* loader.c - file and folder looked at, mapped, the one symbol found. */
#include "registry/loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/loader_check.h"
#include "registry/registry.h"
#include "settings/settings_parts.h"

#define SYMBOL "acmems_module"
#define SUFFIX ".so"

static const enum acmems_kind kinds[] = {
	ACMEMS_VALIDATOR, ACMEMS_AUTH, ACMEMS_STORAGE, ACMEMS_NOTIFY};

bool loader_name_parse(const char *file, enum acmems_kind *kind, char type[32])
{
	size_t len = strlen(file);
	size_t suffix = strlen(SUFFIX);

	if (len <= suffix || len >= LOADER_NAME_MAX || strcmp(file + len - suffix, SUFFIX) != 0)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *name = kind_name(kinds[i]);
		size_t name_len = strlen(name);

		if (strncmp(file, name, name_len) != 0 || file[name_len] != '-' ||
			name_len + 1 + suffix >= len || len - suffix - name_len - 1 > 31)
			continue;
		*kind = kinds[i];
		snprintf(type, 32, "%.*s", (int)(len - suffix - name_len - 1), file + name_len + 1);
		return settings_type_valid(type);
	}
	return false;
}

char *loader_path(const char *dir, enum acmems_kind kind, const char *type)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s-%s" SUFFIX, dir, kind_name(kind), type);

	return len > 0 && (size_t)len < sizeof(path) ? strdup(path) : NULL;
}

/* Code that anybody but root and ourselves could have put there is not run. */
static bool check_writers(const struct stat *info, const char *what, struct acmems_error *err)
{
	if (info->st_uid != 0 && info->st_uid != geteuid())
		return acmems_error_set(err, ACMEMS_CONFIG,
			"%s belongs to user %u: it must belong to root or to the user that acmems "
			"runs as (%u)",
			what, (unsigned)info->st_uid, (unsigned)geteuid());
	if (info->st_mode & (S_IWGRP | S_IWOTH))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"others may write to %s (mode %04o): run chmod go-w", what,
			(unsigned)info->st_mode & 07777);
	return true;
}

/* Whoever may rename the folder, or one above it, can have another there when it is mapped. */
static bool check_above(const char *folder, struct acmems_error *err)
{
	char path[PATH_MAX];
	struct stat info;

	if (!realpath(folder, path))
		return acmems_error_errno(err, errno, "cannot look at its folder");
	while (path[1]) {
		char *slash = strrchr(path, '/');

		slash[slash == path] = '\0';
		if (stat(path, &info) < 0)
			return acmems_error_errno(err, errno, "cannot look at %s", path);
		if ((info.st_mode & S_IWOTH) && !(info.st_mode & S_ISVTX))
			return acmems_error_set(err, ACMEMS_CONFIG,
				"others may replace its folder, as they may write to %s (mode "
				"%04o): run chmod o-w",
				path, (unsigned)info.st_mode & 07777);
	}
	return true;
}

static bool check_folder(const char *path, struct acmems_error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	char what[PATH_MAX + 16];
	struct stat info;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		slash ? path : ".");
	if (stat(folder, &info) < 0)
		return acmems_error_errno(err, errno, "cannot look at its folder");
	snprintf(what, sizeof(what), "its folder %s", folder);
	return check_writers(&info, what, err) && check_above(folder, err);
}

bool loader_look(const char *path, struct loader_file *file, struct acmems_error *err)
{
	struct stat info;

	if (lstat(path, &info) < 0) {
		acmems_error_errno(err, errno, "cannot look at it");
		if (errno == ENOENT || errno == ENOTDIR)
			err->code = ACMEMS_NOT_FOUND;
		return false;
	}
	if (!S_ISREG(info.st_mode))
		return acmems_error_set(err, ACMEMS_CONFIG, "it is not a regular file%s",
			S_ISLNK(info.st_mode) ? " but a symbolic link: put the file itself there"
					      : "");
	if (!check_writers(&info, "it", err) || !check_folder(path, err))
		return false;
	*file = (struct loader_file){.dev = info.st_dev,
		.ino = info.st_ino,
		.size = info.st_size,
		.changed = info.st_mtim};
	return true;
}

bool loader_same_file(const struct loader_file *a, const struct loader_file *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* dlerror() names the file itself, sometimes twice; the caller does, too. */
static bool refuse_dl(struct acmems_error *err, const char *path, const char *what)
{
	const char *text = dlerror();
	size_t len = strlen(path);

	if (!text)
		text = "unknown";
	if (strncmp(text, path, len) == 0 && strncmp(text + len, ": ", 2) == 0)
		text += len + 2;
	return acmems_error_set(err, ACMEMS_CONFIG, "%s: %s", what, text);
}

/*
 * Finds the constant, in this file and not in a library it uses, and how long it is: a module that
 * was compiled against less must not be read beyond its end.
 */
static const struct acmems_module *find_constant(
	void *handle, const char *path, size_t *room, struct acmems_error *err)
{
	struct link_map *map = NULL;
	void *owner = NULL;
	void *entry = NULL;
	const ElfW(Sym) * symbol;
	Dl_info info;
	void *found;

	dlerror();
	found = dlsym(handle, SYMBOL);
	if (!found) {
		refuse_dl(err, path, "it has no constant " SYMBOL);
		return NULL;
	}
	if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 ||
		!dladdr1(found, &info, &owner, RTLD_DL_LINKMAP) || owner != map ||
		!dladdr1(found, &info, &entry, RTLD_DL_SYMENT) || !entry) {
		acmems_error_set(err, ACMEMS_CONFIG, "it has no constant " SYMBOL " of its own");
		return NULL;
	}
	symbol = entry;
	if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT) {
		acmems_error_set(err, ACMEMS_CONFIG, "its " SYMBOL " is not a constant");
		return NULL;
	}
	*room = symbol->st_size;
	return found;
}

const struct acmems_module *loader_load(const char *path, enum acmems_kind kind, const char *type,
	bool *ret_mapped, struct acmems_error *err)
{
	const struct acmems_module *module;
	size_t room = 0;
	void *handle;

	*ret_mapped = false;
	dlerror();
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle) {
		refuse_dl(err, path, "it can not be mapped");
		return NULL;
	}
	*ret_mapped = true;
	module = find_constant(handle, path, &room, err);
	if (!module || !loader_check(module, room, kind, type, err))
		return NULL;
	return module;
}
