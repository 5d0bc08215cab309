/* SPDX-License-Identifier: ISC */
/*
 * validator/webroot.c - http-01 (RFC 8555, 8.3) by files in a directory that a web server on this
 * machine serves as /.well-known/acme-challenge/:
 *
 *   validator: { web: { type = "webroot"; directory = "/srv/www/.well-known/acme-challenge"; }; };
 */
#include <stdio.h>
#include <string.h>

#include <acmems/file.h>
#include <acmems/module.h>
#include <acmems/validator.h>

#define PATH_MAX_LEN 2048

struct webroot {
	struct acmems_instance self;
	char *directory;
};

static const struct acmems_option options[] = {
	{.name = "directory",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webroot, directory),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 1024,
		.help = "directory that the web server shows, by its absolute path"},
};

static bool webroot_check(void *instance, struct acmems_error *err)
{
	const struct webroot *webroot = instance;

	if (webroot->directory[0] != '/')
		return acmems_error_set(err, ACMEMS_CONFIG, "directory is not an absolute path");
	return true;
}

/* Says early, and with a reason, what would fail late. The generation that runs stays if this fails. */
static bool webroot_start(void *instance, uint64_t op, struct acmems_error *err)
{
	const struct webroot *webroot = instance;

	if (!acmems_directory_writable(webroot->directory, err))
		return false;
	acmems_op_finish(op, NULL);
	return true;
}

/* The core has checked that the token is base64url (RFC 8555, 8.3): no '/', no '.', not empty. */
static bool path_of(const struct webroot *webroot, const struct acmems_challenge *challenge,
	char path[PATH_MAX_LEN], struct acmems_error *err)
{
	int len = snprintf(path, PATH_MAX_LEN, "%s/%s", webroot->directory, challenge->token);

	if (len < 0 || len >= PATH_MAX_LEN)
		return acmems_error_set(err, ACMEMS_FAULT, "the token is too long");
	return true;
}

static bool webroot_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	const char *text = challenge->key_authorization;
	char path[PATH_MAX_LEN];

	if (!path_of(instance, challenge, path, err) ||
		!acmems_file_write(path, text, strlen(text), 0644, err))
		return false;
	acmems_op_finish(op, NULL);
	return true;
}

/* Comes always, also when present failed halfway: finding nothing is success. */
static bool webroot_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	char path[PATH_MAX_LEN];

	if (!path_of(instance, challenge, path, err) || !acmems_file_remove(path, err))
		return false;
	acmems_op_finish(op, NULL);
	return true;
}

static const char *const types[] = {"http-01", NULL};

static const struct acmems_validator_ops ops = {
	.types = types, .present = webroot_present, .cleanup = webroot_cleanup};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "webroot"),
	.version = VERSION,
	.summary = "solves http-01 by files of a web server",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct webroot),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = webroot_check,
	.start = webroot_start,
};
