/* SPDX-License-Identifier: ISC */
/* http_call.c - see http_call.h. */
#include "net/http_call.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

static bool copy_text(const char **target, const char *text)
{
	*target = text ? strdup(text) : NULL;
	return !text || *target;
}

static bool copy_headers(struct acmems_http_call *to, const struct acmems_http_call *from)
{
	struct acmems_http_header *headers = calloc(from->header_count + 1, sizeof(*headers));

	to->headers = headers;
	for (size_t i = 0; headers && i < from->header_count; i++) {
		to->header_count = i + 1;
		if (!copy_text(&headers[i].name, from->headers[i].name) ||
			!copy_text(&headers[i].value, from->headers[i].value))
			return false;
	}
	return headers != NULL;
}

bool http_call_copy(struct acmems_http_call *to, const struct acmems_http_call *from)
{
	char *body = malloc(from->body_len + 1);

	*to = (struct acmems_http_call){.body = body,
		.body_len = from->body_len,
		.max_answer = from->max_answer,
		.timeout_ms = from->timeout_ms,
		.plain = from->plain};
	if (!body)
		return false;
	if (from->body_len)
		memcpy(body, from->body, from->body_len);
	body[from->body_len] = '\0';
	return copy_text(&to->method, from->method) && copy_text(&to->url, from->url) &&
	       copy_text(&to->ca_file, from->ca_file) && copy_headers(to, from);
}

void http_call_free(struct acmems_http_call *call)
{
	for (size_t i = 0; call->headers && i < call->header_count; i++) {
		char *value = (char *)call->headers[i].value;

		if (value)
			acmems_wipe(value, strlen(value));
		free(value);
		free((char *)call->headers[i].name);
	}
	free((void *)call->headers);
	free((char *)call->method);
	free((char *)call->url);
	free((void *)call->body);
	free((char *)call->ca_file);
	*call = (struct acmems_http_call){0};
}
