/* SPDX-License-Identifier: ISC */
/*
 * webhook_parts.h - what the parts of notify-webhook share: the instance, the bodies it sends
 * (webhook_body.c, webhook_headers.c, webhook_template.c), and what it reads from files (webhook_files.c).
 */
#ifndef WEBHOOK_PARTS_H
#define WEBHOOK_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/crypto.h>
#include <acmems/http.h>
#include <acmems/json.h>
#include <acmems/module.h>
#include <acmems/notify.h>

#define WEBHOOK_HEADERS_MAX 32

enum webhook_format {
	WEBHOOK_JSON,
	WEBHOOK_SLACK,
	WEBHOOK_MATTERMOST,
	WEBHOOK_MATRIX,
	WEBHOOK_TEAMS,
	WEBHOOK_NTFY,
	WEBHOOK_GOTIFY,
};

struct webhook_send;

struct webhook {
	struct acmems_instance self;
	char *url;
	char *url_file;
	int format;
	char *template_file;
	char *content_type;
	char *topic;
	struct acmems_list headers;
	char *headers_file;
	char *token_file;
	char *secret_file;
	char *ca_file;
	int64_t timeout_ms;

	/* of the files; all may be NULL */
	char *secret_url;
	char *token;
	char *secret;
	char *template;
	struct acmems_http_header own[WEBHOOK_HEADERS_MAX]; /* name and value in one allocation */
	size_t own_count;
	struct webhook_send *sends;
};

/* ---- webhook_files.c ---- */

/* Reads all files anew and splits the headers. */
bool webhook_files_read(struct webhook *webhook, struct acmems_error *err);

/* Wipes and frees what was read. */
void webhook_files_drop(struct webhook *webhook);

/* ---- webhook_body.c ---- */

/* The event in the format of the instance, the caller's to free(). */
char *webhook_body(const struct webhook *webhook, const struct acmems_event *event, size_t *ret_len,
	struct acmems_error *err);

/* ---- webhook_headers.c ---- */

#define WEBHOOK_TOKEN_MAX 4096

struct webhook_headers {
	struct acmems_http_header all[WEBHOOK_HEADERS_MAX + 8];
	size_t count;
	/* texts that they point to */
	char id[24];
	char timestamp[24];
	char signature[8 + ACMEMS_DIGEST_HEX_MAX];
	char token[WEBHOOK_TOKEN_MAX + 8];
};

/* Adds all headers; *headers is zeroed before, and must not be moved then. */
bool webhook_headers_write(const struct webhook *webhook, const struct acmems_event *event,
	const char *body, size_t len, struct webhook_headers *headers, struct acmems_error *err);

/* ---- webhook_template.c ---- */

/* Whether every ${NAME} in the template is one that an event can have. */
bool webhook_template_check(const char *template, struct acmems_error *err);

/* The template with the event's texts in it, escaped as in a text of JSON; to be freed.
 * NULL: no memory. */
char *webhook_template_fill(
	const char *template, const struct acmems_event *event, size_t *ret_len);

#endif
