/* SPDX-License-Identifier: ISC */
/* webhook_headers.c - the headers of a request: what it is, who we are, and a signature. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

#include "webhook_parts.h"

static void put(struct webhook_headers *headers, const char *name, const char *value)
{
	headers->all[headers->count++] = (struct acmems_http_header){name, value};
}

/* HMAC-SHA256 over "TIMESTAMP.BODY": with the time in it, an old request can be told. */
static bool sign(const struct webhook *webhook, const char *body, size_t len,
	struct webhook_headers *headers, struct acmems_error *err)
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

bool webhook_headers_write(const struct webhook *webhook, const struct acmems_event *event,
	const char *body, size_t len, struct webhook_headers *headers, struct acmems_error *err)
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
