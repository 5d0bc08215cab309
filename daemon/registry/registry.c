/* SPDX-License-Identifier: ISC */
/*
 * registry.c - the table of files that are mapped, good ones and refused ones: a path is mapped once
 * in a process, whatever lies there later.
 */
#include "registry/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>

#include "registry/loader.h"
#include "registry/module_dir.h"
#include "registry/rehearsal.h"

struct entry {
	struct module module; /* module.module NULL: refused */
	struct loader_file file;
	struct acmems_error *why; /* it was refused */
	struct entry *next;
};

static struct entry *entries;

const char *kind_name(enum acmems_kind kind)
{
	switch (kind) {
	case ACMEMS_VALIDATOR:
		return "validator";
	case ACMEMS_AUTH:
		return "auth";
	case ACMEMS_STORAGE:
		return "storage";
	case ACMEMS_NOTIFY:
		return "notify";
	}
	/* a module's own number may be anything */
	return "unknown";
}

static void free_entry(struct entry *entry)
{
	if (!entry)
		return;
	free(entry->module.path);
	free(entry->why);
	free(entry);
}

static struct entry *find(const char *path)
{
	for (struct entry *entry = entries; entry; entry = entry->next) {
		if (strcmp(entry->module.path, path) == 0)
			return entry;
	}
	return NULL;
}

static struct entry *new_entry(
	const char *path, enum acmems_kind kind, const char *type, const struct loader_file *file)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->module.path = strdup(path);
	entry->why = calloc(1, sizeof(*entry->why));
	entry->file = *file;
	snprintf(entry->module.owner, sizeof(entry->module.owner), "%s-%s", kind_name(kind), type);
	if (entry->module.path && entry->why)
		return entry;
	free_entry(entry);
	return NULL;
}

/* Another path may lead to the same file: the system maps it once. */
static bool is_loaded(const struct acmems_module *module, const struct entry *but)
{
	for (const struct entry *entry = entries; entry; entry = entry->next) {
		if (entry != but && entry->module.module == module)
			return true;
	}
	return false;
}

/* The module's own beginning, once per process. */
static bool call_load(struct entry *entry, struct acmems_error *err)
{
	const struct acmems_module *module = entry->module.module;

	if (!module->load || is_loaded(module, entry))
		return true;
	rehearsal_at(entry->module.owner, "load");
	if (module->load(err))
		return true;
	entry->module.module = NULL;
	return false;
}

/* Maps a file that was not mapped before; keeps the refusal of one that is mapped in vain. */
static struct entry *map(
	struct entry *entry, enum acmems_kind kind, const char *type, struct acmems_error *err)
{
	bool mapped = false;

	rehearsal_at(entry->module.owner, "being mapped");
	entry->module.module = loader_load(entry->module.path, kind, type, &mapped, err);
	if (!mapped) {
		free_entry(entry);
		return NULL;
	}
	entry->next = entries;
	entries = entry;
	if (entry->module.module && call_load(entry, err)) {
		free(entry->why);
		entry->why = NULL;
		return entry;
	}
	*entry->why = *err;
	return NULL;
}

static const struct module *known(
	struct entry *entry, const struct loader_file *file, struct acmems_error *err)
{
	bool same = file && loader_same_file(&entry->file, file);

	if (!entry->module.module) {
		*err = *entry->why;
		if (!same)
			acmems_error_set(err, ACMEMS_CONFIG,
				"the file is another one now, and the refused one is still mapped: "
				"restart acmems");
		return NULL;
	}
	if (!same && !entry->module.stale) {
		entry->module.stale = true;
		acmems_log(ACMEMS_LOG_WARNING, "module", entry->module.owner,
			"%s has changed since it was loaded; restart acmems to use it",
			entry->module.path);
	}
	return &entry->module;
}

static const struct module *look_up(
	const char *path, enum acmems_kind kind, const char *type, struct acmems_error *err)
{
	struct entry *entry = find(path);
	struct loader_file file;
	bool there = loader_look(path, &file, err);

	if (entry)
		return known(entry, there ? &file : NULL, err);
	if (!there)
		return NULL;
	entry = new_entry(path, kind, type, &file);
	if (!entry) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a module");
		return NULL;
	}
	entry = map(entry, kind, type, err);
	return entry ? &entry->module : NULL;
}

static void not_found(
	const char *dir, enum acmems_kind kind, const char *type, struct acmems_error *err)
{
	struct acmems_error unreadable = {0};
	struct module_dir files = {0};
	char near[32];

	if (!module_dir_read(dir, &files, &unreadable)) {
		*err = unreadable;
		err->code = ACMEMS_NOT_FOUND;
		return;
	}
	if (module_dir_nearest(&files, kind, type, near))
		acmems_error_set(err, ACMEMS_NOT_FOUND,
			"there is no module %s-%s.so in %s, did you mean \"%s\"?", kind_name(kind),
			type, dir, near);
	else
		acmems_error_set(err, ACMEMS_NOT_FOUND,
			"there is no module %s-%s.so in %s, acmems -l lists what is",
			kind_name(kind), type, dir);
	module_dir_fini(&files);
}

const struct module *registry_module(
	const char *dir, enum acmems_kind kind, const char *type, struct acmems_error *err)
{
	char *path = loader_path(dir, kind, type);
	struct acmems_error why = {0};
	const struct module *module;

	if (!path) {
		acmems_error_set(err, ACMEMS_CONFIG, "the path of module %s-%s is too long",
			kind_name(kind), type);
		return NULL;
	}
	module = look_up(path, kind, type, &why);
	if (!module) {
		if (why.code == ACMEMS_NOT_FOUND)
			not_found(dir, kind, type, &why);
		else
			acmems_error_context(&why, "module %s is refused", path);
		*err = why;
	}
	free(path);
	return module;
}

void registry_fini(void)
{
	while (entries) {
		struct entry *entry = entries;

		entries = entry->next;
		free_entry(entry);
	}
}
