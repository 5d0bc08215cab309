/* SPDX-License-Identifier: ISC */
/* curl_answer.c - bounded collection of an answer. */
#include "net/curl_answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADER_BYTES_MAX 32768

void curl_answer_init(struct curl_answer *answer, size_t max_body)
{
	*answer = (struct curl_answer){0};
	str_init(&answer->body, max_body);
}

static void drop_headers(struct curl_answer *answer)
{
	for (size_t i = 0; i < answer->header_count; i++) {
		free((char *)answer->headers[i].name);
		free((char *)answer->headers[i].value);
	}
	answer->header_count = 0;
	answer->header_bytes = 0;
}

static bool add_header(struct curl_answer *answer, const char *line, size_t name_len, size_t len)
{
	size_t begin = name_len + 1;
	char *name = strndup(line, name_len);
	char *value;

	while (begin < len && (line[begin] == ' ' || line[begin] == '\t'))
		begin++;
	value = strndup(line + begin, len - begin);
	if (!name || !value) {
		free(name);
		free(value);
		answer->no_memory = true;
		return false;
	}
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	answer->headers[answer->header_count++] = (struct acmems_http_header){name, value};
	return true;
}

/* A token, RFC 9110, 5.6.2. Continuations of the line before have a space in front, and are none. */
static bool is_name(const char *text, size_t len)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) &&
			!memchr(others, text[i], sizeof(others) - 1))
			return false;
	}
	return len > 0;
}

bool curl_answer_header(struct curl_answer *answer, const char *line, size_t len)
{
	const char *colon;

	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		drop_headers(answer);
		answer->whole_head = false;
		return true;
	}
	while (len > 0 && isspace((unsigned char)line[len - 1]))
		len--;
	colon = memchr(line, ':', len);
	answer->header_bytes += len;
	if (len == 0)
		answer->whole_head = true;
	if (!colon || !is_name(line, (size_t)(colon - line)) || memchr(line, '\0', len))
		return true;
	if (answer->header_count == CURL_ANSWER_HEADERS_MAX ||
		answer->header_bytes > HEADER_BYTES_MAX) {
		answer->too_large = true;
		return false;
	}
	return add_header(answer, line, (size_t)(colon - line), len);
}

bool curl_answer_body(struct curl_answer *answer, const char *data, size_t len)
{
	if (len > answer->body.max || answer->body.len > answer->body.max - len)
		answer->too_large = true;
	str_add_bytes(&answer->body, data, len);
	answer->no_memory = answer->body.failed && !answer->too_large;
	return !answer->body.failed;
}

void curl_answer_fini(struct curl_answer *answer)
{
	drop_headers(answer);
	str_fini(&answer->body);
}

const char *acmems_http_answer_header(const struct acmems_http_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->header_count; i++) {
		if (strcasecmp(answer->headers[i].name, name) == 0)
			return answer->headers[i].value;
	}
	return NULL;
}
