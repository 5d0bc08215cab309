/* SPDX-License-Identifier: ISC */
/* reply.c - see reply.h. */
#include "acme/reply.h"

#include <string.h>
#include <strings.h>

#include <acmems/loop.h>

#include "acme/json.h"
#include "acme/problem.h"

/* Whether the answer's media type is this one, whatever its parameters (RFC 9110, 8.3.1). */
static bool is_type(const struct acmems_http_answer *http, const char *type)
{
	const char *value = acmems_http_answer_header(http, "content-type");
	size_t len;

	if (value == NULL)
		return false;
	len = strcspn(value, "; \t");
	return len == strlen(type) && strncasecmp(value, type, len) == 0;
}

static int64_t read_retry_after(const struct acmems_http_answer *http)
{
	const char *value = acmems_http_answer_header(http, "retry-after");

	return value != NULL ? acme_retry_after(value, acmems_clock_wall()) : -1;
}

/* A body that is no JSON is no reason to lose the status. */
bool reply_problem(const struct acmems_http_answer *http, struct acmems_error *err)
{
	int64_t pause = read_retry_after(http);
	int64_t seconds = pause > 0 ? (pause + 999) / 1000 : 0;
	struct acmems_error ignored;
	struct acmems_json *json = NULL;

	if (is_type(http, "application/problem+json") || is_type(http, "application/json"))
		json = json_parse(http->body, http->len, &ignored);
	problem_read(json, http->status, (uint32_t)seconds, err);
	acmems_json_free(json);
	return false;
}

static bool read_json(const struct acmems_http_answer *http, struct acmems_json **ret_json,
	struct acmems_error *err)
{
	if (!is_type(http, "application/json"))
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "the CA's answer is not of type application/json");
	*ret_json = json_parse(http->body, http->len, err);
	return *ret_json != NULL || acmems_error_context(err, "the CA's answer");
}

static bool read_chain(const struct acmems_http_answer *http, struct acmems_error *err)
{
	if (!is_type(http, "application/pem-certificate-chain"))
		return acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"the CA's answer is not of type application/pem-certificate-chain");
	if (http->len > REPLY_CHAIN_MAX || memchr(http->body, '\0', http->len) != NULL)
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "the CA's answer is not a usable chain");
	return true;
}

bool reply_read(const struct acmems_http_answer *http, enum acme_expect expect,
	struct acme_answer *answer, struct acmems_json **ret_json, struct acmems_error *err)
{
	const char *location = acmems_http_answer_header(http, "location");
	bool ok = false;

	*ret_json = NULL;
	if (http->status < 200 || http->status > 299)
		return reply_problem(http, err);
	switch (expect) {
	case ACME_EXPECT_JSON:
		ok = read_json(http, ret_json, err);
		break;
	case ACME_EXPECT_CHAIN:
		ok = read_chain(http, err);
		break;
	}
	*answer = (struct acme_answer){
		.status = http->status,
		.json = *ret_json,
		.body = http->body,
		.len = http->len,
		.location = location != NULL && json_is_url(location) ? location : NULL,
		.retry_after_ms = read_retry_after(http),
	};
	return ok;
}
