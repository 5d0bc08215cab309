/* SPDX-License-Identifier: ISC */
/*
 * answer_body.c - texts of errors. The CA's words pass through here on their way to clients, so
 * everything is made printable once more.
 */
#include "sign/answer_body.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

/* Message and details with every character escaped, and some 24 bytes around each short detail. */
#define BODY_MAX 65536

/* Length of the word at text that is trimmed of blanks and ends before any of ends. */
static size_t word(const char **text, const char *ends)
{
	const char *start = *text + strspn(*text, " \t");
	size_t len = strcspn(start, ends);

	*text = start + len;
	while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
		len--;
	return len;
}

static bool is(const char *start, size_t len, const char *type)
{
	return len == strlen(type) && strncasecmp(start, type, len) == 0;
}

/* Whether the parameters of one element (";q=0.5;...") say "not at all". */
static bool unwanted(const char **text)
{
	bool zero = false;

	while (**text == ';') {
		const char *start = ++*text;
		size_t len;

		start += strspn(start, " \t");
		len = word(text, ";,");
		if (len > 2 && strncasecmp(start, "q=", 2) == 0)
			zero = strspn(start + 2, "0.") == len - 2;
	}
	return zero;
}

bool answer_wants_problem(const char *accept)
{
	while (accept && *accept) {
		const char *start = accept + strspn(accept, " \t");
		size_t len = word(&accept, ";,");
		bool ours = is(start, len, "application/problem+json") ||
			    is(start, len, "application/json");

		if (!unwanted(&accept) && ours)
			return true;
		if (*accept == ',')
			accept++;
	}
	return false;
}

/* What may be told of an error: not which rule failed, and not how our own house looks inside. */
static const char *message_for(int status, const struct acmems_error *err)
{
	if (status == 403)
		return "this request is not allowed here";
	if (status == 500)
		return "the server has a fault of its own; its log says more";
	return err->message[0] ? err->message : "no reason was given";
}

static const char *details_for(int status, const struct acmems_error *err)
{
	return status == 400 || status == 403 || status == 500 ? "" : err->detail;
}

/* Copies at most len bytes; all that is not printable ASCII becomes '?'. */
static void printable(char *out, size_t room, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < room && text[i]; i++)
		out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	out[i] = '\0';
}

static void add_text(struct str *out, const char *message, const char *details)
{
	char line[ACMEMS_ERROR_DETAIL_MAX];

	printable(line, sizeof(line), message, strlen(message));
	str_addf(out, "%s\n", line);
	while (*details) {
		size_t len = strcspn(details, "\n");

		printable(line, sizeof(line), details, len);
		str_addf(out, "%s\n", line);
		details += len + (details[len] == '\n');
	}
}

static void add_json_text(struct str *out, const char *text, size_t len)
{
	char line[ACMEMS_ERROR_DETAIL_MAX];

	printable(line, sizeof(line), text, len);
	json_quote(out, line);
}

/* "NAME: explanation" as an object of the extension member "errors" (RFC 9457, 3). */
static void add_json_detail(struct str *out, const char *line, size_t len)
{
	const char *colon = memmem(line, len, ": ", 2);

	str_add(out, "{");
	if (colon) {
		str_add(out, "\"name\":");
		add_json_text(out, line, (size_t)(colon - line));
		str_add(out, ",");
		len -= (size_t)(colon + 2 - line);
		line = colon + 2;
	}
	str_add(out, "\"detail\":");
	add_json_text(out, line, len);
	str_add(out, "}");
}

static void add_json_details(struct str *out, const char *details)
{
	const char *between = ",\"errors\":[";

	if (!*details)
		return;
	while (*details) {
		size_t len = strcspn(details, "\n");

		str_add(out, between);
		add_json_detail(out, details, len);
		between = ",";
		details += len + (details[len] == '\n');
	}
	str_add(out, "]");
}

static void add_json_type(struct str *out, const char *problem)
{
	char type[ACMEMS_ERROR_PROBLEM_MAX + 32] = "about:blank";

	if (problem[0])
		snprintf(type, sizeof(type), "urn:ietf:params:acme:error:%s", problem);
	add_json_text(out, type, strlen(type));
}

void answer_body(struct str *out, const struct answer_meaning *meaning,
	const struct acmems_error *err, bool json)
{
	const char *message = message_for(meaning->status, err);
	const char *details = details_for(meaning->status, err);

	str_init(out, BODY_MAX);
	if (!json) {
		add_text(out, message, details);
		return;
	}
	str_add(out, "{\"type\":");
	add_json_type(out, meaning->status == 403 || meaning->status == 500 ? "" : err->problem);
	str_addf(out, ",\"title\":\"%s\",\"status\":%d,\"detail\":", meaning->title,
		meaning->status);
	add_json_text(out, message, strlen(message));
	add_json_details(out, details);
	str_add(out, "}\n");
}
