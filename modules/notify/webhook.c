/* SPDX-License-Identifier: ISC */
/*
 * notify/webhook.c - tells a web server of events: JSON of ours, the message of a chat, or an
 * operator's template. Each event is one request; when it fails, the core tries again later. The
 * URL may be a secret, so that errors name the host only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/loop.h>

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

static void on_answer(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *why)
{
	struct webhook_send *send = arg;
	struct acmems_error err = {0};
	bool ok = answer && answer->status / 100 == 2;
	char host[HOST_MAX];
	uint64_t op = send->op;

	if (!ok) {
		if (answer)
			acmems_http_answer_error(answer, &err);
		else
			err = *why;
		host_of(send->webhook, host);
		acmems_error_context(&err, "%s", host);
	}
	send->call = 0;
	drop(send);
	acmems_op_finish(op, ok ? NULL : &err);
}

/* ---- headers ---- */

struct headers {
	struct acmems_http_header all[WEBHOOK_HEADERS_MAX + 8];
	size_t count;
	char id[24];
	char timestamp[24];
	char signature[8 + ACMEMS_DIGEST_HEX_MAX];
	char token[4200];
};

static void put(struct headers *headers, const char *name, const char *value)
{
	headers->all[headers->count++] = (struct acmems_http_header){name, value};
}

/* HMAC-SHA256 over "TIMESTAMP.BODY": with the time in it, an old request can be told. */
static bool sign(const struct webhook *webhook, const char *body, size_t len,
	struct headers *headers, struct acmems_error *err)
{
	unsigned char digest[ACMEMS_DIGEST_MAX];
	size_t head, digest_len;
	char *text = malloc(len + sizeof(headers->timestamp) + 1);

	if (!text)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a signature");
	snprintf(headers->timestamp, sizeof(headers->timestamp), "%" PRId64, acmems_clock_wall());
	head = strlen(headers->timestamp);
	memcpy(text, headers->timestamp, head);
	text[head++] = '.';
	memcpy(text + head, body, len);
	digest_len = acmems_hmac(
		"sha256", webhook->secret, strlen(webhook->secret), text, head + len, digest);
	free(text);
	if (digest_len == 0)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a signature");
	memcpy(headers->signature, "sha256=", 7);
	acmems_hex(digest, digest_len, headers->signature + 7);
	put(headers, "X-Acmems-Timestamp", headers->timestamp);
	put(headers, "X-Acmems-Signature", headers->signature);
	return true;
}

static bool write_headers(const struct webhook *webhook, const struct acmems_event *event,
	const char *body, size_t len, struct headers *headers, struct acmems_error *err)
{
	bool gotify = webhook->format == WEBHOOK_GOTIFY;

	snprintf(headers->id, sizeof(headers->id), "%" PRIu64, event->id);
	put(headers, "Content-Type", webhook->content_type);
	put(headers, "X-Acmems-Event", event->name);
	put(headers, "X-Acmems-Id", headers->id);
	if (webhook->token) {
		snprintf(headers->token, sizeof(headers->token), "%s%s", gotify ? "" : "Bearer ",
			webhook->token);
		put(headers, gotify ? "X-Gotify-Key" : "Authorization", headers->token);
	}
	for (size_t i = 0; i < webhook->own_count; i++)
		put(headers, webhook->own[i].name, webhook->own[i].value);
	return !webhook->secret || sign(webhook, body, len, headers, err);
}

static bool start_call(struct webhook_send *send, const struct acmems_event *event,
	const char *body, size_t len, struct acmems_error *err)
{
	const struct webhook *webhook = send->webhook;
	bool matrix = webhook->format == WEBHOOK_MATRIX && !webhook->template;
	struct headers headers = {.count = 0};
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

	if (!write_headers(webhook, event, body, len, &headers, err))
		return false;
	call.header_count = headers.count;
	/* the number of the transaction makes a repetition no second message */
	snprintf(url, sizeof(url), "%s%s%s", url_of(webhook), matrix ? "/acmems-" : "",
		matrix ? headers.id : "");
	send->call = acmems_http_call_start(&call, on_answer, send, err);
	acmems_wipe(headers.token, sizeof(headers.token));
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
