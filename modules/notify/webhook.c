/* SPDX-License-Identifier: ISC */
/*
 * notify/webhook.c - tells a web server of events: JSON of ours, the message of a chat, or an
 * operator's template. Each event is one request; when it fails, the core tries again later. The
 * URL may be a secret, so that errors name the host only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#include "webhook_parts.h"

#define ANSWER_MAX (1 << 20)
#define URL_MAX 4096
#define HOST_MAX 256

static const char *const formats[] = {
	"json", "slack", "mattermost", "matrix", "teams", "ntfy", "gotify", NULL};

static const struct acmems_option options[] = {
	{.name = "url",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webhook, url),
		.flags = ACMEMS_SECRET,
		.min = 8,
		.max = 2048,
		.help = "where events are sent to"},
	{.name = "url-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webhook, url_file),
		.min = 1,
		.max = 4095,
		.help = "file that holds the URL, when it is a secret"},
	{.name = "format",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct webhook, format),
		.fallback = "json",
		.choices = formats,
		.help = "what is sent"},
	{.name = "template",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webhook, template_file),
		.min = 1,
		.max = 4095,
		.help = "file with a body of one's own, ${NAME} for what the event says"},
	{.name = "content-type",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webhook, content_type),
		.fallback = "application/json",
		.min = 3,
		.max = 255,
		.help = "type of the body"},
	{.name = "topic",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webhook, topic),
		.min = 1,
		.max = 64,
		.help = "topic of ntfy"},
	{.name = "headers",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct webhook, headers),
		.max = WEBHOOK_HEADERS_MAX,
		.help = "further headers, \"NAME: VALUE\" each"},
	{.name = "headers-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webhook, headers_file),
		.min = 1,
		.max = 4095,
		.help = "file with further headers, one a line"},
	{.name = "token-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webhook, token_file),
		.min = 1,
		.max = 4095,
		.help = "file with the token that lets us in"},
	{.name = "secret-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webhook, secret_file),
		.min = 1,
		.max = 4095,
		.help = "file with the secret that bodies are signed with"},
	{.name = "ca-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct webhook, ca_file),
		.min = 1,
		.max = 4095,
		.help = "further trust anchors for the server's certificate, PEM"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct webhook, timeout_ms),
		.fallback = "30s",
		.min = 100,
		.max = 55000,
		.help = "for one try"},
};

/* One event on its way. */
struct webhook_send {
	struct webhook_send *next;
	struct webhook *webhook;
	uint64_t op;
	uint64_t call;
};

static const char *url_of(const struct webhook *webhook)
{
	return webhook->secret_url ? webhook->secret_url : webhook->url;
}

/* Scheme and host, all of the URL that may be told. */
static void host_of(const struct webhook *webhook, char out[HOST_MAX])
{
	const char *url = url_of(webhook);
	const char *host = strstr(url, "://");
	size_t len = host ? (size_t)(host + 3 - url) : 0;

	len += strcspn(url + len, "/?#");
	snprintf(out, HOST_MAX, "%.*s", (int)(len < HOST_MAX ? len : HOST_MAX - 1), url);
}

static void drop(struct webhook_send *send)
{
	struct webhook_send **at = &send->webhook->sends;

	while (*at && *at != send)
		at = &(*at)->next;
	if (*at)
		*at = send->next;
	acmems_http_call_cancel(send->call);
	free(send);
}

static void on_cancel(void *arg)
{
	drop(arg);
}

/* Seconds only: a date would be for a server that is down for days. */
static uint32_t retry_after(const struct acmems_http_answer *answer)
{
	const char *text = acmems_http_answer_header(answer, "Retry-After");
	size_t len = text ? strspn(text, "0123456789") : 0;

	return len > 0 && len < 6 && text[len] == '\0' ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

/* Another try of what is malformed, too large or of no type that is taken has no other end. */
static bool is_final(int status)
{
	return status == 400 || status == 413 || status == 415 || status == 422;
}

static void judge(const struct webhook *webhook, const struct acmems_http_answer *answer,
	const struct acmems_error *why, struct acmems_error *err)
{
	char host[HOST_MAX];

	if (answer) {
		acmems_http_answer_error(answer, err);
		err->retry_after = retry_after(answer);
		if (is_final(answer->status))
			err->code = ACMEMS_BAD_REQUEST;
	} else {
		*err = *why;
	}
	host_of(webhook, host);
	acmems_error_context(err, "%s", host);
}

static void on_answer(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct webhook_send *send = arg;
	uint64_t op = send->op;
	struct acmems_error err = {0};
	bool ok = answer && answer->status / 100 == 2;

	/* what it says is put into words as an error is */
	if (ok)
		acmems_http_answer_error(answer, &err);
	else
		judge(send->webhook, answer, why, &err);
	send->call = 0;
	drop(send);
	if (ok)
		acmems_op_finish_with(op, err.message, strlen(err.message));
	else
		acmems_op_finish(op, &err);
}

static bool start_call(struct webhook_send *send, const struct acmems_event *event,
	const char *body, size_t len, struct acmems_error *err)
{
	const struct webhook *webhook = send->webhook;
	bool matrix = webhook->format == WEBHOOK_MATRIX && !webhook->template;
	struct webhook_headers headers = {.count = 0};
	char url[URL_MAX + 40];
	struct acmems_http_call call = {.method = matrix ? "PUT" : "POST",
		.url = url,
		.headers = headers.all,
		.body = body,
		.body_len = len,
		.max_answer = ANSWER_MAX,
		.timeout_ms = webhook->timeout_ms,
		.ca_file = webhook->ca_file,
		.plain = true};

	if (!webhook_headers_write(webhook, event, body, len, &headers, err))
		return false;
	call.header_count = headers.count;
	/* the number of the transaction makes a repetition no second message */
	snprintf(url, sizeof(url), "%s%s%s", url_of(webhook), matrix ? "/acmems-" : "",
		matrix ? headers.id : "");
	send->call = acmems_http_call_start(&call, on_answer, send, err);
	acmems_wipe(&headers, sizeof(headers));
	return send->call != 0;
}

static bool webhook_send(
	void *instance, uint64_t op, const struct acmems_event *event, struct acmems_error *err)
{
	struct webhook *webhook = instance;
	struct webhook_send *send = calloc(1, sizeof(*send));
	size_t len = 0;
	char *body;
	bool ok;

	if (!send)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a message");
	*send = (struct webhook_send){.webhook = webhook, .op = op, .next = webhook->sends};
	webhook->sends = send;
	body = webhook_body(webhook, event, &len, err);
	ok = body && start_call(send, event, body, len, err);
	free(body);
	if (!ok) {
		drop(send);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel, send);
	return true;
}

/* ---- life ---- */

static bool check_url(const char *url, struct acmems_error *err)
{
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "the URL has to begin with https:// or http://");
	for (const char *c = url; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f)
			return acmems_error_set(err, ACMEMS_CONFIG,
				"the URL has characters that do not belong there");
	}
	return true;
}

static bool webhook_check(void *instance, struct acmems_error *err)
{
	struct webhook *webhook = instance;

	if (!webhook->url == !webhook->url_file)
		return acmems_error_set(err, ACMEMS_CONFIG, "write either url or url-file");
	if (!webhook->topic != (webhook->format != WEBHOOK_NTFY))
		return acmems_error_set(
			err, ACMEMS_CONFIG, "topic and format = \"ntfy\" go together");
	if (webhook->template_file && webhook->format != WEBHOOK_JSON)
		return acmems_error_set(err, ACMEMS_CONFIG, "write either format or template");
	return webhook_files_read(webhook, err) && check_url(url_of(webhook), err);
}

static void webhook_release(void *instance)
{
	struct webhook *webhook = instance;

	while (webhook->sends)
		drop(webhook->sends);
	webhook_files_drop(webhook);
}

static const struct acmems_notify_ops ops = {.send = webhook_send};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_NOTIFY, "webhook"),
	.version = ACMEMS_VERSION,
	.summary = "tells a web server, or a chat behind one",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct webhook),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = webhook_check,
	.release = webhook_release,
};
