/* SPDX-License-Identifier: ISC */
/*
 * notify/exec.c - hands events to a program of the operator's: what happened is in its environment and,
 * whole, as JSON on its standard input. Exit status 0 means delivered, 65 (EX_DATAERR) that it will
 * never take this event; anything else makes the core try again later.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sysexits.h>

#include <acmems/child.h>
#include <acmems/module.h>
#include <acmems/notify.h>

#define ROOM "notify-exec"
#define FIELDS_MAX 32
#define OWN_VARIABLES 8
#define NAME_MAX_LEN 64

/* An event that the program is told of. */
struct delivery {
	uint64_t op;
	uint64_t child;
	const struct exec *exec;
	LIST_ENTRY(delivery) entry;
};

struct exec {
	struct acmems_instance self;
	struct acmems_list command;
	struct acmems_list environment;
	int64_t timeout_ms;
	struct acmems_child_pool *pool;
	LIST_HEAD(delivery_list, delivery) deliveries;
};

static const struct acmems_option options[] = {
	{.name = "command",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct exec, command),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 64,
		.help = "program, by its absolute path, and its arguments"},
	{.name = "environment",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct exec, environment),
		.max = 64,
		.help = "further variables of its environment, \"NAME=value\" each"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct exec, timeout_ms),
		.fallback = "30s",
		.min = 100,
		.max = 55000,
		.help = "how long it may run"},
};

/* ---- what it is told ---- */

/* An event's own facts as texts. */
struct facts {
	char id[24];
	char time[ACMEMS_EVENT_TIME_MAX];
	char first[ACMEMS_EVENT_TIME_MAX];
	char count[16];
};

static void fill_facts(const struct acmems_event *event, struct facts *facts)
{
	snprintf(facts->id, sizeof(facts->id), "%" PRIu64, event->id);
	snprintf(facts->count, sizeof(facts->count), "%" PRIu32, event->count);
	acmems_event_time(event->when, facts->time);
	acmems_event_time(event->first, facts->first);
}

/* The environment: its own facts, then one variable a field. */
struct words {
	char names[FIELDS_MAX][NAME_MAX_LEN];
	struct acmems_child_variable variables[OWN_VARIABLES + FIELDS_MAX];
	size_t count;
};

static void add(struct words *words, const char *name, const char *value)
{
	words->variables[words->count++] =
		(struct acmems_child_variable){.name = name, .value = value};
}

/* "not-after" becomes ACMEMS_FIELD_NOT_AFTER. */
static void add_field(struct words *words, char *name, const struct acmems_field *field)
{
	snprintf(name, NAME_MAX_LEN, "ACMEMS_FIELD_%s", field->name);
	for (char *c = name; *c; c++)
		*c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
	add(words, name, field->text);
}

static void fill_words(
	const struct acmems_event *event, const struct facts *facts, struct words *words)
{
	words->count = 0;
	add(words, "ACMEMS_EVENT", event->name);
	add(words, "ACMEMS_ID", facts->id);
	add(words, "ACMEMS_SEVERITY", acmems_severity_name(event->severity));
	add(words, "ACMEMS_TIME", facts->time);
	add(words, "ACMEMS_FIRST", facts->first);
	add(words, "ACMEMS_COUNT", facts->count);
	add(words, "ACMEMS_SUMMARY", event->summary);
	for (size_t i = 0; i < event->field_count && i < FIELDS_MAX; i++)
		add_field(words, words->names[i], &event->fields[i]);
}

/* ---- deliveries ---- */

static void drop(struct delivery *delivery)
{
	LIST_REMOVE(delivery, entry);
	free(delivery);
}

static void on_cancel(void *arg)
{
	struct delivery *delivery = arg;

	acmems_child_cancel(delivery->child);
	drop(delivery);
}

static void judge(
	const struct exec *exec, const struct acmems_child_result *result, struct acmems_error *err)
{
	enum acmems_code code =
		result->status == EX_DATAERR ? ACMEMS_BAD_REQUEST : ACMEMS_UNAVAILABLE;

	acmems_error_set(err, code, "%s ended with status %d%s%s", exec->command.items[0],
		result->status, *result->last_line ? ": " : "", result->last_line);
}

static void on_done(
	void *arg, const struct acmems_child_result *result, const struct acmems_error *why)
{
	struct delivery *delivery = arg;
	const struct exec *exec = delivery->exec;
	uint64_t op = delivery->op;
	struct acmems_error err = {0};

	drop(delivery);
	if (result && result->status == 0) {
		acmems_op_finish_with(op, result->last_line, strlen(result->last_line));
		return;
	}
	if (result)
		judge(exec, result, &err);
	acmems_op_finish(op, result ? &err : why);
}

static bool run(
	struct delivery *delivery, const struct acmems_event *event, struct acmems_error *err)
{
	const struct exec *exec = delivery->exec;
	struct acmems_child_config config = {
		.pool = exec->pool,
		.room = ROOM,
		.subject = exec->self.name,
		.command = exec->command.items,
		.environment = exec->environment.items,
		.timeout_ms = exec->timeout_ms,
	};
	struct facts facts = {0};
	struct words words;
	char *input;

	fill_facts(event, &facts);
	fill_words(event, &facts, &words);
	input = acmems_event_json(event, &config.input_len);
	if (!input)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an event");
	config.input = input;
	config.variables = words.variables;
	config.variable_count = words.count;
	delivery->child = acmems_child_start(&config, on_done, delivery, err);
	free(input);
	return delivery->child != 0;
}

static bool exec_send(
	void *instance, uint64_t op, const struct acmems_event *event, struct acmems_error *err)
{
	struct exec *exec = instance;
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	if (!delivery)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an event");
	delivery->exec = exec;
	delivery->op = op;
	LIST_INSERT_HEAD(&exec->deliveries, delivery, entry);
	if (!run(delivery, event, err)) {
		drop(delivery);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel, delivery);
	return true;
}

/* ---- life ---- */

static bool exec_check(void *instance, struct acmems_error *err)
{
	const struct exec *exec = instance;

	return acmems_child_check(exec->command.items, exec->environment.items, err);
}

/* The core sends an instance one event at a time. */
static bool exec_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct exec *exec = instance;

	exec->pool = acmems_child_pool_new(1);
	if (!exec->pool)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to start");
	acmems_op_finish(op, NULL);
	return true;
}

static void exec_release(void *instance)
{
	struct exec *exec = instance;

	acmems_child_pool_free(exec->pool);
	exec->pool = NULL;
	while (!LIST_EMPTY(&exec->deliveries))
		drop(LIST_FIRST(&exec->deliveries));
}

static const struct acmems_notify_ops ops = {.send = exec_send};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_NOTIFY, "exec"),
	.version = ACMEMS_VERSION,
	.summary = "hands events to a program of the operator's",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct exec),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = exec_check,
	.start = exec_start,
	.release = exec_release,
};
