/* SPDX-License-Identifier: ISC */
/* child_program.c - arguments and environment put together and copied. */
#include "base/child_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static size_t count_texts(char *const *texts)
{
	size_t count = 0;

	while (texts && texts[count])
		count++;
	return count;
}

/* Appends a copy; false: no memory. The room is there. */
static bool append(char **texts, size_t *count, const char *text)
{
	texts[*count] = strdup(text);
	return texts[*count] && ++*count;
}

static bool copy_arguments(const struct acmems_child_config *config, struct child_program *program)
{
	char *const *more = (char *const *)config->arguments;
	size_t command_count = count_texts(config->command), more_count = count_texts(more);
	size_t count = 0;

	program->arguments = calloc(command_count + more_count + 1, sizeof(char *));
	if (!program->arguments)
		return false;
	for (size_t i = 0; i < command_count; i++) {
		if (!append(program->arguments, &count, config->command[i]))
			return false;
	}
	for (size_t i = 0; i < more_count; i++) {
		if (!append(program->arguments, &count, more[i]))
			return false;
	}
	return true;
}

/* Whether "NAME=value" is about the variable `name`. */
static bool is_about(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static bool is_overruled(const struct acmems_child_config *config, const char *entry)
{
	for (size_t i = 0; i < config->variable_count; i++) {
		if (is_about(entry, config->variables[i].name))
			return true;
	}
	return false;
}

static bool has_path(const struct acmems_child_config *config)
{
	for (size_t i = 0; config->environment && config->environment[i]; i++) {
		if (is_about(config->environment[i], "PATH"))
			return true;
	}
	return false;
}

/* "NAME=value", allocated; NULL: no memory. */
static char *join(const struct acmems_child_variable *variable)
{
	size_t room = strlen(variable->name) + strlen(variable->value) + 2;
	char *text = malloc(room);

	if (text)
		snprintf(text, room, "%s=%s", variable->name, variable->value);
	return text;
}

static bool copy_environment(
	const struct acmems_child_config *config, struct child_program *program)
{
	size_t given = count_texts(config->environment);
	size_t count = 0;

	program->environment = calloc(given + config->variable_count + 2, sizeof(char *));
	if (!program->environment)
		return false;
	if (!has_path(config) && !append(program->environment, &count, USUAL_PATH))
		return false;
	for (size_t i = 0; i < given; i++) {
		if (!is_overruled(config, config->environment[i]) &&
			!append(program->environment, &count, config->environment[i]))
			return false;
	}
	for (size_t i = 0; i < config->variable_count; i++) {
		program->environment[count] = join(&config->variables[i]);
		if (!program->environment[count++])
			return false;
	}
	return true;
}

static bool copy_input(const struct acmems_child_config *config, struct child_program *program)
{
	if (config->input_len == 0)
		return true;
	program->input = malloc(config->input_len);
	if (!program->input)
		return false;
	memcpy(program->input, config->input, config->input_len);
	program->input_len = config->input_len;
	return true;
}

bool child_program_copy(const struct acmems_child_config *config, struct child_program *program)
{
	*program = (struct child_program){0};
	return copy_arguments(config, program) && copy_environment(config, program) &&
	       copy_input(config, program);
}

static void free_texts(char **texts)
{
	for (size_t i = 0; texts && texts[i]; i++)
		free(texts[i]);
	free(texts);
}

void child_program_free(struct child_program *program)
{
	free_texts(program->arguments);
	free_texts(program->environment);
	free(program->input);
	*program = (struct child_program){0};
}

const char *child_program_name(const struct child_program *program)
{
	const char *slash = strrchr(program->arguments[0], '/');

	return slash ? slash + 1 : program->arguments[0];
}
