/* SPDX-License-Identifier: ISC */
/*
 * fuzz_conf.c - any text as a configuration, and its tree through a table with every type of option.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses texts it has read when a syntax error follows; not ours to free */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

struct target {
	char *text;
	bool truth;
	int64_t number, duration, size;
	int choice;
	struct acmems_list list;
	char *inner;
};

static const char *const choices[] = {"info", "debug", NULL};
static const struct acmems_option inner[] = {
	{.name = "inner", .type = ACMEMS_STRING, .offset = offsetof(struct target, inner)}};
static const struct acmems_option rows[] = {
	{.name = "text", .type = ACMEMS_STRING, .offset = offsetof(struct target, text)},
	{.name = "truth", .type = ACMEMS_BOOL, .offset = offsetof(struct target, truth)},
	{.name = "number", .type = ACMEMS_INT, .offset = offsetof(struct target, number), .max = 9},
	{.name = "wait", .type = ACMEMS_DURATION, .offset = offsetof(struct target, duration)},
	{.name = "size", .type = ACMEMS_SIZE, .offset = offsetof(struct target, size)},
	{.name = "level",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct target, choice),
		.choices = choices},
	{.name = "list", .type = ACMEMS_LIST, .offset = offsetof(struct target, list)},
	{.name = "group", .type = ACMEMS_GROUP, .rows = inner, .row_count = 1},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	struct schema schema = {"the file", rows, count, false, NULL};
	struct conf_faults faults = {0};
	struct target target = {0};
	struct conf_node *root;
	char *text;

	/* an include would make the outcome depend on the files of the machine */
	if (memmem(data, size, "@include", 8))
		return 0;
	text = malloc(size + 1);
	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	root = conf_parse(text, "fuzz.conf", &faults);
	if (!root && conf_faultless(&faults))
		__builtin_trap();
	if (root && !schema_apply(&schema, root, &target, &faults) && conf_faultless(&faults))
		__builtin_trap();
	schema_free(rows, count, &target);
	conf_free(root);
	conf_faults_fini(&faults);
	free(text);
	return 0;
}
