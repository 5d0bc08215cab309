/* SPDX-License-Identifier: ISC */
/* command.c - the commands that end by themselves. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/loop.h"
#include "base/op_core.h"
#include "base/str.h"
#include "conf/describe.h"
#include "generation/generation.h"
#include "registry/loader.h"
#include "registry/module_dir.h"
#include "registry/rehearsal.h"
#include "reload/rehearsal_generation.h"
#include "settings/settings_parts.h"

#define TEXT_MAX (1u << 20)

/* ---- -t ---- */

void command_print_faults(const struct conf_faults *faults)
{
	size_t count = faults->count + faults->lost;

	for (size_t i = 0; i < faults->count; i++)
		fprintf(stderr, "%s\n", faults->lines[i]);
	if (faults->lost > 0)
		fprintf(stderr, "(and %zu more)\n", faults->lost);
	fprintf(stderr, "acmems: the configuration has %zu fault%s\n", count,
		count == 1 ? "" : "s");
}

/* A module that crashes must not keep us from saying which. */
static bool rehearse(const struct cli *cli)
{
	struct rehearsal_plan plan = {.path = cli->config, .modules = cli->modules};
	const struct rehearsal_spec spec = {.body = rehearsal_of_generation, .arg = &plan};
	struct acmems_error err = {0};

	if (rehearsal_run(&spec, &err))
		return true;
	fprintf(stderr, "acmems: %s: %s\n", cli->config, err.message);
	return false;
}

int command_test(const struct cli *cli)
{
	struct conf_faults faults = {0};
	struct settings *settings;
	struct generation *generation = NULL;

	if (!rehearse(cli))
		return EX_CONFIG;
	settings = settings_load(cli->config, &faults);
	if (settings)
		generation = generation_build(settings, cli->modules, &faults);
	if (generation)
		printf("acmems: %s: configuration ok\n", cli->config);
	else
		command_print_faults(&faults);
	generation_free(generation);
	registry_fini();
	conf_faults_fini(&faults);
	return generation ? EX_OK : EX_CONFIG;
}

/* ---- -l and -D ---- */

/* One file of the directory: described, or why it is refused. The caller frees the path. */
struct found {
	char *path;
	enum acmems_kind kind;
	char type[32];
	const struct acmems_module *module;
};

static void refuse(const char *path, const char *why)
{
	fprintf(stderr, "acmems: %s is refused: %s\n", path, why);
}

static void describe(const struct found *found);

/* A rehearsal_body. What a module says of itself may lead nowhere, so it is read there, too. */
static void map(void *arg)
{
	struct found found = *(const struct found *)arg;
	const char *name = strrchr(found.path, '/') + 1;
	struct acmems_error err = {0};
	bool mapped;

	rehearsal_at(name, "being mapped");
	found.module = loader_load(found.path, found.kind, found.type, &mapped, &err);
	rehearsal_at(name, "being described");
	if (found.module)
		describe(&found);
}

static const struct acmems_module *load(struct found *found, struct acmems_error *err)
{
	const struct rehearsal_spec spec = {.body = map, .arg = found};
	struct loader_file identity;
	bool mapped;

	if (!loader_look(found->path, &identity, err) || !rehearsal_run(&spec, err))
		return NULL;
	return loader_load(found->path, found->kind, found->type, &mapped, err);
}

static bool look(const char *dir, const char *file, struct found *found)
{
	struct acmems_error err = {0};
	char path[4096];

	if (!loader_name_parse(file, &found->kind, found->type)) {
		snprintf(path, sizeof(path), "%s/%s", dir, file);
		refuse(path, "its name is not KIND-TYPE.so with a kind that there is");
		return false;
	}
	found->path = loader_path(dir, found->kind, found->type);
	if (!found->path) {
		refuse(file, "its path is too long");
		return false;
	}
	found->module = load(found, &err);
	if (found->module)
		return true;
	refuse(found->path, err.message);
	free(found->path);
	return false;
}

static const char *directory_of(const struct cli *cli)
{
	return cli->modules ? cli->modules : ACMEMS_MODULE_DIR;
}

static bool read_dir(const struct cli *cli, struct module_dir *dir)
{
	struct acmems_error err = {0};

	if (module_dir_read(directory_of(cli), dir, &err))
		return true;
	fprintf(stderr, "acmems: %s\n", err.message);
	return false;
}

int command_list(const struct cli *cli)
{
	struct module_dir dir;

	if (!read_dir(cli, &dir))
		return EX_NOINPUT;
	for (size_t i = 0; i < dir.count; i++) {
		struct found found = {0};

		if (!look(directory_of(cli), dir.files[i], &found))
			continue;
		printf("%-9s  %-16s  %-8s  %s\n", kind_name(found.kind), found.type,
			found.module->version, found.module->summary);
		free(found.path);
	}
	module_dir_fini(&dir);
	return EX_OK;
}

/* Is the setting itself a value, with no need of a group? */
static bool takes_setting(const struct acmems_module *module)
{
	for (uint32_t i = 0; i < module->option_count; i++) {
		if (module->options[i].flags & ACMEMS_DIRECT)
			return true;
	}
	return false;
}

static void print_usage(const struct found *found)
{
	switch (found->kind) {
	case ACMEMS_VALIDATOR:
	case ACMEMS_STORAGE:
	case ACMEMS_NOTIFY:
		printf("Use: %s: { NAME: { type = \"%s\"; ... }; };\n", kind_name(found->kind),
			found->type);
		break;
	case ACMEMS_AUTH:
		printf("Use: in a block of auth, %s%s\n", found->type,
			takes_setting(found->module) ? " = ...;" : ": { ... };");
		break;
	}
}

static void print_options(const char *title, const struct acmems_option *rows, size_t count)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	describe_options(&text, rows, count);
	printf("%s:\n%s", title, str_text(&text) ? str_text(&text) : "");
	str_fini(&text);
}

/* What can be said beside a module's own options, whatever the module. */
static bool print_group(const char *group)
{
	static const struct {
		const char *group;
		const char *title;
	} titles[] = {
		{"notify", "Options of every notifier"},
		{"storage", "Options of every storage"},
		{"auth", "Options of every auth block"},
		{"account", "Options of every account"},
		{"mgmt", "Options of mgmt"},
		{"log", "Options of log"},
	};
	const struct acmems_option *rows;
	size_t count;

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		rows = strcmp(titles[i].group, group) == 0 ? settings_rows(group, &count) : NULL;
		if (!rows)
			continue;
		print_options(titles[i].title, rows, count);
		return true;
	}
	return false;
}

/* In order of their tables; what a module may leave out tells what it can not do. */
static const struct {
	enum acmems_kind kind;
	const char *name;
	size_t at;
} operations[] = {
	{ACMEMS_VALIDATOR, "present", offsetof(struct acmems_validator_ops, present)},
	{ACMEMS_VALIDATOR, "cleanup", offsetof(struct acmems_validator_ops, cleanup)},
	{ACMEMS_AUTH, "possible", offsetof(struct acmems_auth_ops, possible)},
	{ACMEMS_AUTH, "check", offsetof(struct acmems_auth_ops, check)},
	{ACMEMS_STORAGE, "get", offsetof(struct acmems_storage_ops, get)},
	{ACMEMS_STORAGE, "put", offsetof(struct acmems_storage_ops, put)},
	{ACMEMS_STORAGE, "list", offsetof(struct acmems_storage_ops, list)},
	{ACMEMS_STORAGE, "remove", offsetof(struct acmems_storage_ops, remove)},
	{ACMEMS_STORAGE, "peek", offsetof(struct acmems_storage_ops, peek)},
	{ACMEMS_STORAGE, "next", offsetof(struct acmems_storage_ops, next)},
	{ACMEMS_NOTIFY, "send", offsetof(struct acmems_notify_ops, send)},
	{ACMEMS_NOTIFY, "send_several", offsetof(struct acmems_notify_ops, send_several)},
};

/* Is it in the module's table, which may be shorter than ours, and offered? */
static bool is_offered(const struct acmems_module *module, size_t at)
{
	static void (*const none)(void);

	return at + sizeof(none) <= module->ops_size &&
	       memcmp((const char *)module->ops + at, &none, sizeof(none)) != 0;
}

static void print_operations(const struct found *found)
{
	const char *before = "";

	printf("Operations:");
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (operations[i].kind != found->kind ||
			!is_offered(found->module, operations[i].at))
			continue;
		printf("%s %s", before, operations[i].name);
		before = ",";
	}
	printf("\n");
}

static void print_types(const struct acmems_module *module)
{
	const struct acmems_validator_ops *ops = module->ops;
	bool chooses = module->ops_size >= sizeof(*ops) && ops->types_of;

	printf("Solves:");
	for (size_t i = 0; ops->types && ops->types[i]; i++)
		printf("%s %s", i > 0 ? "," : "", ops->types[i]);
	printf("%s\n", chooses ? " what its options choose" : "");
}

static void describe(const struct found *found)
{
	const struct acmems_module *module = found->module;

	printf("%s-%s %s: %s\n", kind_name(found->kind), found->type, module->version,
		module->summary);
	printf("File: %s\n", found->path);
	print_usage(found);
	print_operations(found);
	if (found->kind == ACMEMS_VALIDATOR)
		print_types(module);
	print_options(module->option_count > 0 ? "Options" : "No options", module->options,
		module->option_count);
	print_group(kind_name(found->kind));
}

/* Does the file's name say that it is NAME: "http01", "validator-http01"? */
static bool is_named(const char *file, const char *name)
{
	enum acmems_kind kind;
	char type[32];

	return loader_name_parse(file, &kind, type) &&
	       (strcmp(type, name) == 0 || (strncmp(file, name, strlen(name)) == 0 &&
						   strcmp(file + strlen(name), ".so") == 0));
}

static void unknown_module(const struct cli *cli, const struct module_dir *dir)
{
	static const enum acmems_kind kinds[] = {
		ACMEMS_VALIDATOR, ACMEMS_AUTH, ACMEMS_STORAGE, ACMEMS_NOTIFY};
	char near[32] = "";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !near[0]; i++)
		module_dir_nearest(dir, kinds[i], cli->describe, near);
	fprintf(stderr, "acmems: there is no module \"%s\" in %s", cli->describe,
		directory_of(cli));
	if (near[0])
		fprintf(stderr, ", did you mean \"%s\"?\n", near);
	else
		fprintf(stderr, ", acmems -l lists them\n");
}

int command_describe(const struct cli *cli)
{
	struct module_dir dir;
	size_t named = 0;
	size_t described = 0;

	if (!read_dir(cli, &dir))
		return EX_NOINPUT;
	for (size_t i = 0; i < dir.count; i++) {
		struct found found = {0};

		if (!is_named(dir.files[i], cli->describe))
			continue;
		named++;
		if (!look(directory_of(cli), dir.files[i], &found))
			continue;
		if (described++ > 0)
			printf("\n");
		describe(&found);
		free(found.path);
	}
	if (named == 0 && print_group(cli->describe))
		described++;
	else if (named == 0)
		unknown_module(cli, &dir);
	module_dir_fini(&dir);
	return described > 0 ? EX_OK : EX_NOINPUT;
}
