/* SPDX-License-Identifier: ISC */
/*
 * auth/exec.c - asks a program of the operator's: `exec = [ "/usr/local/lib/acmems/policy" ];`.
 *
 * The program is told who asks for which names with which key, in its environment and, whole, as JSON
 * on its standard input. Exit status 0 is a yes and 1 a no; anything else is a program that could not
 * find out, which lets nobody in and is logged as a warning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <acmems/auth.h>
#include <acmems/child.h>
#include <acmems/json.h>
#include <acmems/module.h>

#define ROOM "auth-exec"
#define INPUT_MAX (1u << 20)

/* A request that the program is asked about. */
struct question {
	struct exec *exec;
	uint64_t op;
	uint64_t child;
	LIST_ENTRY(question) entry;
};

struct exec {
	struct acmems_instance self;
	struct acmems_list command;
	struct acmems_list environment;
	int64_t timeout_ms;
	int64_t at_most;
	struct acmems_child_pool *pool;
	LIST_HEAD(question_list, question) questions;
};

static const struct acmems_option options[] = {
	{.name = "command",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct exec, command),
		.flags = ACMEMS_REQUIRED | ACMEMS_DIRECT,
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
		.fallback = "5s",
		.min = 100,
		.max = 10000,
		.help = "how long it may run"},
	{.name = "at-most",
		.type = ACMEMS_INT,
		.offset = offsetof(struct exec, at_most),
		.fallback = "8",
		.min = 1,
		.max = 256,
		.help = "how many of it may run at once"},
};

/* ---- what it is told ---- */

static const char *kind_text(enum acmems_name_kind kind)
{
	switch (kind) {
	case ACMEMS_NAME_DNS:
		return "dns";
	case ACMEMS_NAME_IP:
		return "ip";
	case ACMEMS_NAME_EMAIL:
		return "email";
	case ACMEMS_NAME_URI:
		return "uri";
	case ACMEMS_NAME_OTHER:
		return "other";
	}
	return "other";
}

static void write_names(
	struct acmems_json_writer *writer, const struct acmems_name *names, size_t count)
{
	acmems_json_begin_array(writer, "names");
	for (size_t i = 0; i < count; i++) {
		acmems_json_begin_object(writer, NULL);
		acmems_json_put_text(writer, "kind", kind_text(names[i].kind));
		acmems_json_put_text(writer, "name", names[i].text);
		acmems_json_put_bool(writer, "wildcard", names[i].wildcard);
		acmems_json_end(writer);
	}
	acmems_json_end(writer);
}

static void write_client(struct acmems_json_writer *writer, const struct acmems_client_cert *client)
{
	if (!client)
		return;
	acmems_json_begin_object(writer, "client");
	acmems_json_put_text(writer, "subject", client->subject);
	acmems_json_put_text(writer, "issuer", client->issuer);
	acmems_json_put_text(writer, "serial", client->serial);
	acmems_json_put_text(writer, "sha256", client->digest);
	write_names(writer, client->names, client->name_count);
	acmems_json_end(writer);
}

/* The caller frees it; NULL: no memory. */
static char *write_input(const struct exec *exec, const struct acmems_sign_request *request,
	const char *peer, size_t *len)
{
	struct acmems_json_writer *writer = acmems_json_writer_new(INPUT_MAX);
	char *pem = strndup(request->body, request->body_len);

	acmems_json_put_text(writer, "block", exec->self.name);
	acmems_json_put_text(writer, "peer", peer);
	write_client(writer, request->client);
	write_names(writer, request->csr->names, request->csr->name_count);
	acmems_json_begin_object(writer, "key");
	acmems_json_put_text(writer, "type", request->csr->key_type);
	acmems_json_put_int(writer, "bits", request->csr->key_bits);
	acmems_json_end(writer);
	acmems_json_put_text(writer, "csr-sha256", request->csr->digest);
	acmems_json_put_text(writer, "csr", pem);
	free(pem);
	return acmems_json_writer_finish(writer, len);
}

/* All names with a space between them; the caller frees it; NULL: no memory. */
static char *join_names(const struct acmems_csr *csr)
{
	size_t room = 1, len = 0;
	char *text;

	for (size_t i = 0; i < csr->name_count; i++)
		room += strlen(csr->names[i].text) + 1;
	text = calloc(1, room);
	for (size_t i = 0; text && i < csr->name_count; i++)
		len += (size_t)snprintf(
			text + len, room - len, "%s%s", i > 0 ? " " : "", csr->names[i].text);
	return text;
}

/* ---- what it answers ---- */

static void drop(struct question *question)
{
	LIST_REMOVE(question, entry);
	free(question);
}

static void on_cancel(void *arg)
{
	struct question *question = arg;

	acmems_child_cancel(question->child);
	drop(question);
}

static void judge(
	const struct exec *exec, const struct acmems_child_result *result, struct acmems_error *err)
{
	const char *path = exec->command.items[0];
	const char *colon = *result->last_line ? ": " : "";

	if (result->status == 1)
		acmems_error_set(
			err, ACMEMS_REFUSED, "%s says no%s%s", path, colon, result->last_line);
	else
		acmems_error_set(err, ACMEMS_SYSTEM,
			"%s ended with status %d, which is neither yes (0) nor no (1)%s%s", path,
			result->status, colon, result->last_line);
}

static void on_done(
	void *arg, const struct acmems_child_result *result, const struct acmems_error *why)
{
	struct question *question = arg;
	const struct exec *exec = question->exec;
	uint64_t op = question->op;
	struct acmems_error err = {0};

	drop(question);
	if (why)
		err = *why;
	else if (result->status != 0)
		judge(exec, result, &err);
	acmems_op_finish(op, err.code == ACMEMS_OK ? NULL : &err);
}

/* ---- asking ---- */

static bool run(struct question *question, const struct acmems_sign_request *request,
	const char *names, struct acmems_error *err)
{
	const struct exec *exec = question->exec;
	char peer[ACMEMS_ADDRESS_TEXT_MAX], bits[16];
	size_t input_len = 0;
	char *input;

	acmems_address_text(&request->peer, peer);
	snprintf(bits, sizeof(bits), "%u", request->csr->key_bits);
	input = write_input(exec, request, peer, &input_len);
	if (!input)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to ask about a request");
	const struct acmems_client_cert *client = request->client;
	/* the last two only if there is a certificate */
	const struct acmems_child_variable variables[] = {
		{"ACMEMS_BLOCK", exec->self.name},
		{"ACMEMS_PEER", peer},
		{"ACMEMS_NAMES", names},
		{"ACMEMS_KEY_TYPE", request->csr->key_type},
		{"ACMEMS_KEY_BITS", bits},
		{"ACMEMS_CSR_SHA256", request->csr->digest},
		{"ACMEMS_CLIENT_SUBJECT", client ? client->subject : NULL},
		{"ACMEMS_CLIENT_SHA256", client ? client->digest : NULL},
	};
	const size_t variable_count = sizeof(variables) / sizeof(variables[0]);
	struct acmems_child_config config = {
		.pool = exec->pool,
		.room = ROOM,
		.subject = exec->self.name,
		.command = exec->command.items,
		.environment = exec->environment.items,
		.variables = variables,
		.variable_count = client ? variable_count : variable_count - 2,
		.input = input,
		.input_len = input_len,
		.timeout_ms = exec->timeout_ms,
	};
	question->child = acmems_child_start(&config, on_done, question, err);
	free(input);
	return question->child != 0;
}

static bool exec_judge(void *instance, uint64_t op, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	struct exec *exec = instance;
	struct question *question = calloc(1, sizeof(*question));
	char *names = join_names(request->csr);
	bool ok = question && names;

	if (ok) {
		question->exec = exec;
		question->op = op;
		LIST_INSERT_HEAD(&exec->questions, question, entry);
		ok = run(question, request, names, err);
		if (ok)
			acmems_op_on_cancel(op, on_cancel, question);
		else
			drop(question);
	} else {
		free(question);
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to ask about a request");
	}
	free(names);
	return ok;
}

/* ---- life ---- */

static bool exec_check(void *instance, struct acmems_error *err)
{
	const struct exec *exec = instance;

	return acmems_child_check(exec->command.items, exec->environment.items, err);
}

static bool exec_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct exec *exec = instance;

	exec->pool = acmems_child_pool_new((unsigned)exec->at_most);
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
	while (!LIST_EMPTY(&exec->questions))
		drop(LIST_FIRST(&exec->questions));
}

static const struct acmems_auth_ops ops = {.check = exec_judge};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "exec"),
	.version = ACMEMS_VERSION,
	.summary = "lets a program of the operator's decide",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct exec),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = exec_check,
	.start = exec_start,
	.release = exec_release,
};
