/* SPDX-License-Identifier: ISC */
/*
 * auth/header.c - lets in whoever sends a header with the right value, as a proxy in front might:
 *
 *   header: { name = "X-Team"; value = "web"; };
 */
#include <string.h>

#include <acmems/auth.h>
#include <acmems/crypto.h>
#include <acmems/module.h>

/* One block of the configuration. Its first member is the core's; options are stored into the rest. */
struct header {
	struct acmems_instance self;
	char *name;
	char *value;
};

static const struct acmems_option options[] = {
	{.name = "name",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct header, name),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 64,
		.help = "header to look at"},
	{.name = "value",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct header, value),
		.flags = ACMEMS_REQUIRED | ACMEMS_SECRET,
		.min = 1,
		.max = 256,
		.help = "what it has to be"},
};

/* Do the options fit together? Each of them by itself the core has checked already. */
static bool header_check(void *instance, struct acmems_error *err)
{
	const struct header *header = instance;

	if (strpbrk(header->name, ": \t"))
		return acmems_error_set(err, ACMEMS_CONFIG, "name is not the name of a header");
	return true;
}

/* Cheap, before the body is parsed. Whatever is unclear is a no. */
static bool header_possible(
	void *instance, const struct acmems_sign_request *request, struct acmems_error *err)
{
	const struct header *header = instance;
	const char *value = acmems_http_request_header(request->http, header->name);
	size_t len = strlen(header->value);

	if (!value)
		return acmems_error_set(err, ACMEMS_REFUSED, "there is no header %s", header->name);
	if (strlen(value) != len || !acmems_equal(value, header->value, len))
		return acmems_error_set(err, ACMEMS_REFUSED, "header %s is wrong", header->name);
	return true;
}

/* An operation: may take its time, and finishes exactly once (acmems/op.h). This one knows at once. */
static bool header_judge(void *instance, uint64_t op, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	struct acmems_error why = {0};

	(void)err;
	acmems_op_finish(op, header_possible(instance, request, &why) ? NULL : &why);
	return true;
}

static const struct acmems_auth_ops ops = {.possible = header_possible, .check = header_judge};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "header"),
	.version = VERSION,
	.summary = "lets in whoever sends the right header",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct header),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = header_check,
};
