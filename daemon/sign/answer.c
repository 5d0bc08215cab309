/* SPDX-License-Identifier: ISC */
/* answer.c - what a client gets to see: statuses, texts, headers. Decides nothing and logs nothing. */
#include "sign/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sign/answer_body.h"
#include "sign/answer_match.h"

/* When nobody said how long: long enough to spare us, short enough for a nightly job's retry. */
#define RETRY_UNAVAILABLE 60
#define RETRY_RATE_LIMITED 3600

static struct answer_meaning meaning_of(enum acmems_code code)
{
	switch (code) {
	case ACMEMS_OK:
		return (struct answer_meaning){200, "OK"};
	case ACMEMS_BAD_REQUEST:
		return (struct answer_meaning){400, "Bad request"};
	case ACMEMS_REFUSED:
		return (struct answer_meaning){403, "Not allowed"};
	case ACMEMS_NOT_FOUND:
		return (struct answer_meaning){404, "Not found"};
	case ACMEMS_BAD_METHOD:
		return (struct answer_meaning){405, "Method not allowed"};
	case ACMEMS_NO_LENGTH:
		return (struct answer_meaning){411, "Length required"};
	case ACMEMS_TOO_LARGE:
		return (struct answer_meaning){413, "Too large"};
	case ACMEMS_BAD_CSR:
		return (struct answer_meaning){415, "Not a usable CSR"};
	case ACMEMS_VALIDATION:
		return (struct answer_meaning){421, "The CA could not validate a name"};
	case ACMEMS_RATE_LIMITED:
		return (struct answer_meaning){429, "Rate limit of the CA"};
	case ACMEMS_BAD_ANSWER:
		return (struct answer_meaning){502, "Bad answer of the CA"};
	case ACMEMS_UNAVAILABLE:
		return (struct answer_meaning){503, "Unavailable"};
	case ACMEMS_TIMEOUT:
		return (struct answer_meaning){504, "No answer in time"};
	case ACMEMS_NO_MEMORY:
	case ACMEMS_SYSTEM:
	case ACMEMS_CONFIG:
	case ACMEMS_FAULT:
		break;
	}
	return (struct answer_meaning){500, "Fault of the server"};
}

int answer_status(enum acmems_code code)
{
	return meaning_of(code).status;
}

static uint32_t retry_after(int status, uint32_t said)
{
	if (said > 0)
		return said;
	if (status == 503)
		return RETRY_UNAVAILABLE;
	return status == 429 ? RETRY_RATE_LIMITED : 0;
}

/* Adds the header and counts it. */
static void put(
	struct acmems_http_header *headers, size_t *count, const char *name, const char *value)
{
	headers[(*count)++] = (struct acmems_http_header){.name = name, .value = value};
}

static void reply_error(uint64_t id, const struct acmems_error *err, const char *allow)
{
	const struct acmems_http_request *request = acmems_http_request_find(id);
	struct answer_meaning meaning = meaning_of(err->code);
	uint32_t wait = retry_after(meaning.status, err->retry_after);
	struct acmems_http_header headers[3];
	size_t count = 0;
	char seconds[16];
	struct str body;
	const char *text;
	bool json;

	if (!request)
		return;
	json = answer_wants_problem(acmems_http_request_header(request, "Accept"));
	put(headers, &count, "Content-Type",
		json ? "application/problem+json" : "text/plain; charset=utf-8");
	if (allow)
		put(headers, &count, "Allow", allow);
	snprintf(seconds, sizeof(seconds), "%u", (unsigned)wait);
	if (wait > 0)
		put(headers, &count, "Retry-After", seconds);
	answer_body(&body, &meaning, err, json);
	text = str_text(&body);
	acmems_http_reply(id, meaning.status, headers, count, text, text ? body.len : 0);
	str_fini(&body);
}

void answer_error(uint64_t request, const struct acmems_error *err)
{
	reply_error(request, err, NULL);
}

void answer_method(uint64_t request, const char *allow)
{
	struct acmems_error err = {0};

	acmems_error_set(&err, ACMEMS_BAD_METHOD, "this path takes %s only", allow);
	reply_error(request, &err, allow);
}

int answer_chain(uint64_t id, const char *chain, size_t len, const char *etag)
{
	const struct acmems_http_request *request = acmems_http_request_find(id);
	struct acmems_http_header headers[2];
	size_t count = 0;

	put(headers, &count, "ETag", etag);
	if (request && answer_match(acmems_http_request_header(request, "If-None-Match"), etag)) {
		acmems_http_reply(id, 304, headers, count, NULL, 0);
		return 304;
	}
	put(headers, &count, "Content-Type", "application/pem-certificate-chain");
	acmems_http_reply(id, 200, headers, count, chain, len);
	return 200;
}

void answer_text(uint64_t request, const char *text)
{
	static const struct acmems_http_header type = {
		.name = "Content-Type", .value = "text/plain; charset=utf-8"};

	acmems_http_reply(request, 200, &type, 1, text, strlen(text));
}
