/* SPDX-License-Identifier: ISC */
/*
 * conf.c - libconfig's tree copied into ours, with file and line at every node; and the faults.
 *
 * What libconfig would spoil without a word is found by conf_scan.c before it parses.
 */
#include "conf/conf.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/file.h>

#include "base/str.h"
#include "conf/conf_hint.h"
#include "conf/conf_scan.h"

#define FILE_MAX (1u << 20)
#define DEPTH_MAX 16
#define FAULTS_MAX 50

/* A fault is a line, and what it quotes must not move the terminal's cursor. */
static void tame(char *message)
{
	for (char *at = message; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	}
}

static void fault_va(struct conf_faults *faults, const char *file, unsigned line,
	const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void fault_va(struct conf_faults *faults, const char *file, unsigned line,
	const char *format, va_list args)
{
	char message[1024];
	struct str text;
	char **lines;

	vsnprintf(message, sizeof(message), format, args);
	tame(message);
	str_init(&text, 4096);
	if (file && line > 0)
		str_addf(&text, "%s:%u: ", file, line);
	else if (file)
		str_addf(&text, "%s: ", file);
	str_add(&text, message);
	lines = faults->count < FAULTS_MAX
			? realloc(faults->lines, (faults->count + 1) * sizeof(*lines))
			: NULL;
	if (lines) {
		faults->lines = lines;
		lines[faults->count] = str_take(&text);
		if (lines[faults->count]) {
			faults->count++;
			return;
		}
	}
	faults->lost++;
	str_fini(&text);
}

void conf_fault(struct conf_faults *faults, const struct conf_node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fault_va(faults, node ? node->file : NULL, node ? node->line : 0, format, args);
	va_end(args);
}

void conf_fault_at(
	struct conf_faults *faults, const char *file, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fault_va(faults, file, line, format, args);
	va_end(args);
}

bool conf_faultless(const struct conf_faults *faults)
{
	return faults->count == 0 && faults->lost == 0;
}

void conf_faults_fini(struct conf_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		free(faults->lines[i]);
	free(faults->lines);
	*faults = (struct conf_faults){0};
}

void conf_free(struct conf_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->count; i++)
		conf_free(node->children[i]);
	/* a text may be a secret */
	if (node->text)
		explicit_bzero(node->text, strlen(node->text));
	free(node->children);
	free(node->text);
	free(node->name);
	free(node->file);
	free(node);
}

static struct conf_node *copy(
	const config_setting_t *setting, const char *file, int depth, struct conf_faults *faults);

static bool copy_children(struct conf_node *node, const config_setting_t *setting, const char *file,
	int depth, struct conf_faults *faults)
{
	int count = config_setting_length(setting);

	node->children = calloc((size_t)count + 1, sizeof(struct conf_node *));
	if (!node->children) {
		conf_fault(faults, node, "no memory for the configuration");
		return false;
	}
	for (int i = 0; i < count; i++) {
		node->children[node->count] = copy(
			config_setting_get_elem(setting, (unsigned)i), file, depth + 1, faults);
		if (!node->children[node->count])
			return false;
		node->count++;
	}
	return true;
}

static bool copy_value(struct conf_node *node, const config_setting_t *setting, const char *file,
	int depth, struct conf_faults *faults)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		node->type = CONF_GROUP;
		return copy_children(node, setting, file, depth, faults);
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		node->type = CONF_LIST;
		return copy_children(node, setting, file, depth, faults);
	case CONFIG_TYPE_STRING:
		node->type = CONF_STRING;
		node->text = strdup(config_setting_get_string(setting));
		return node->text != NULL;
	case CONFIG_TYPE_INT:
		node->type = CONF_INT;
		node->number = config_setting_get_int(setting);
		return true;
	case CONFIG_TYPE_INT64:
		node->type = CONF_INT;
		node->number = config_setting_get_int64(setting);
		return true;
	case CONFIG_TYPE_BOOL:
		node->type = CONF_BOOL;
		node->truth = config_setting_get_bool(setting) != 0;
		return true;
	default:
		/* libconfig's types, not an enum of ours: floats, and what newer versions add */
		node->type = CONF_FLOAT;
		return true;
	}
}

static struct conf_node *copy(
	const config_setting_t *setting, const char *file, int depth, struct conf_faults *faults)
{
	const char *name = config_setting_name(setting);
	const char *source = config_setting_source_file(setting);
	struct conf_node *node = calloc(1, sizeof(*node));

	if (!node) {
		conf_fault_at(faults, file, 0, "no memory for the configuration");
		return NULL;
	}
	node->line = config_setting_source_line(setting);
	node->file = strdup(source ? source : file);
	node->name = name ? strdup(name) : NULL;
	if (!node->file || (name && !node->name))
		conf_fault_at(faults, file, 0, "no memory for the configuration");
	else if (depth > DEPTH_MAX)
		conf_fault(faults, node, "nested more than %d deep", DEPTH_MAX);
	else if (copy_value(node, setting, file, depth, faults))
		return node;
	conf_free(node);
	return NULL;
}

/* The folder of the file, for @include. */
static bool folder_of(const char *path, char *out, size_t room)
{
	const char *slash = strrchr(path, '/');
	int len = slash ? snprintf(out, room, "%.*s", slash == path ? 1 : (int)(slash - path), path)
			: snprintf(out, room, ".");

	return len >= 0 && (size_t)len < room;
}

struct conf_node *conf_parse(const char *text, const char *file, struct conf_faults *faults)
{
	char folder[PATH_MAX];
	struct conf_node *root = NULL;
	config_t config;

	if (!folder_of(file, folder, sizeof(folder))) {
		conf_fault_at(faults, file, 0, "path too long");
		return NULL;
	}
	if (!conf_scan(text, file, folder, faults))
		return NULL;
	config_init(&config);
	config_set_include_dir(&config, folder);
	if (config_read_string(&config, text) == CONFIG_TRUE) {
		root = copy(config_root_setting(&config), file, 0, faults);
	} else {
		const char *source = config_error_file(&config);
		const char *said = config_error_text(&config);
		const char *what = said ? said : "cannot be parsed";
		unsigned line =
			config_error_line(&config) > 0 ? (unsigned)config_error_line(&config) : 0;

		conf_fault_at(faults, source ? source : file, line, "%s%s", what,
			source ? "" : conf_hint(text, line, what));
	}
	config_destroy(&config);
	return root;
}

struct conf_node *conf_read(const char *path, struct conf_faults *faults)
{
	struct acmems_error err = {0};
	struct conf_node *root = NULL;
	char *text = NULL;
	size_t len = 0;

	if (!acmems_file_read(path, FILE_MAX, &text, &len, &err)) {
		conf_fault_at(faults, NULL, 0, "%s", err.message);
		return NULL;
	}
	if (memchr(text, '\0', len))
		conf_fault_at(faults, path, 0, "has a NUL byte: not a configuration file");
	else
		root = conf_parse(text, path, faults);
	explicit_bzero(text, len);
	free(text);
	return root;
}

const struct conf_node *conf_child(const struct conf_node *group, const char *name)
{
	if (!group || group->type != CONF_GROUP)
		return NULL;
	for (size_t i = 0; i < group->count; i++) {
		if (strcmp(group->children[i]->name, name) == 0)
			return group->children[i];
	}
	return NULL;
}

const char *conf_type_text(enum conf_type type)
{
	switch (type) {
	case CONF_GROUP:
		return "a group { }";
	case CONF_LIST:
		return "a list";
	case CONF_STRING:
		return "a text in quotes";
	case CONF_INT:
		return "a number";
	case CONF_FLOAT:
		return "a number with a point";
	case CONF_BOOL:
		return "true or false";
	}
	return "something unknown";
}
