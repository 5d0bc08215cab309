/* SPDX-License-Identifier: ISC */
/* webhook_files.c - secrets and the template from their files, and the operator's own headers. */
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/file.h>

#include "webhook_parts.h"

#define SECRET_MAX WEBHOOK_TOKEN_MAX
#define HEADERS_FILE_MAX 16384
#define TEMPLATE_MAX 65536
#define NAME_LETTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&'*+-.^_`|~"

static void drop_secret(char **secret)
{
	if (*secret)
		acmems_wipe(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

void webhook_files_drop(struct webhook *webhook)
{
	drop_secret(&webhook->secret_url);
	drop_secret(&webhook->token);
	drop_secret(&webhook->secret);
	free(webhook->template);
	webhook->template = NULL;
	for (size_t i = 0; i < webhook->own_count; i++) {
		char *value = (char *)webhook->own[i].value;

		acmems_wipe(value, strlen(value));
		free((char *)webhook->own[i].name);
	}
	webhook->own_count = 0;
}

/* A secret of one line. */
static bool read_secret(const char *option, const char *path, char **ret, struct acmems_error *err)
{
	size_t len = 0;

	if (!path)
		return true;
	if (!acmems_file_read_secret(path, SECRET_MAX, ret, &len, err))
		return acmems_error_context(err, "%s", option);
	if (strpbrk(*ret, "\r\n")) {
		drop_secret(ret);
		return acmems_error_set(
			err, ACMEMS_CONFIG, "%s: \"%s\" has more than one line", option, path);
	}
	return true;
}

/* "NAME: VALUE", len bytes of it. */
static bool add_header(
	struct webhook *webhook, const char *line, size_t len, struct acmems_error *err)
{
	size_t name_len = strspn(line, NAME_LETTERS);
	char *copy;
	char *value;

	if (name_len == 0 || name_len >= len || line[name_len] != ':')
		return acmems_error_set(
			err, ACMEMS_CONFIG, "a header has to be written as \"NAME: VALUE\"");
	if (webhook->own_count == WEBHOOK_HEADERS_MAX)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "more than %d headers", WEBHOOK_HEADERS_MAX);
	copy = strndup(line, len);
	if (!copy)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a header");
	copy[name_len] = '\0';
	value = copy + name_len + 1;
	value += strspn(value, " \t");
	for (const char *c = value; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			free(copy);
			return acmems_error_set(
				err, ACMEMS_CONFIG, "a header has control characters in its value");
		}
	}
	webhook->own[webhook->own_count++] = (struct acmems_http_header){copy, value};
	return true;
}

static bool read_headers(struct webhook *webhook, struct acmems_error *err)
{
	char *text = NULL;
	size_t len = 0;
	bool ok = true;

	for (size_t i = 0; i < webhook->headers.count; i++) {
		const char *line = webhook->headers.items[i];

		if (!add_header(webhook, line, strlen(line), err))
			return acmems_error_context(err, "headers");
	}
	if (!webhook->headers_file)
		return true;
	if (!acmems_file_read_secret(webhook->headers_file, HEADERS_FILE_MAX, &text, &len, err))
		return acmems_error_context(err, "headers-file");
	for (const char *at = text; ok && *at;) {
		size_t end = strcspn(at, "\n");
		size_t line = end > 0 && at[end - 1] == '\r' ? end - 1 : end;

		ok = line == 0 || add_header(webhook, at, line, err);
		at += end + (at[end] == '\n');
	}
	acmems_wipe(text, len);
	free(text);
	return ok || acmems_error_context(err, "headers-file \"%s\"", webhook->headers_file);
}

static bool read_template(struct webhook *webhook, struct acmems_error *err)
{
	size_t len = 0;

	if (!webhook->template_file)
		return true;
	if (!acmems_file_read(webhook->template_file, TEMPLATE_MAX, &webhook->template, &len, err))
		return acmems_error_context(err, "template");
	if (strlen(webhook->template) != len)
		return acmems_error_set(err, ACMEMS_CONFIG, "template \"%s\" has a NUL in it",
			webhook->template_file);
	return webhook_template_check(webhook->template, err) ||
	       acmems_error_context(err, "template \"%s\"", webhook->template_file);
}

bool webhook_files_read(struct webhook *webhook, struct acmems_error *err)
{
	webhook_files_drop(webhook);
	return read_secret("url-file", webhook->url_file, &webhook->secret_url, err) &&
	       read_secret("token-file", webhook->token_file, &webhook->token, err) &&
	       read_secret("secret-file", webhook->secret_file, &webhook->secret, err) &&
	       read_headers(webhook, err) && read_template(webhook, err);
}
