/* SPDX-License-Identifier: ISC */
/*
 * fuzz_http_check.c - the strict look at requests. Input: "METHOD TARGET MAJOR.MINOR BODY_LENGTH",
 * then "NAME:VALUE" lines. What passes must be bounded, printable and of one meaning.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/http_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

/* Cuts text at the first of the separator; returns what is behind it. */
static char *cut(char *text, char separator)
{
	char *end = strchr(text, separator);

	if (!end)
		return text + strlen(text);
	*end = '\0';
	return end + 1;
}

static size_t count_of(const struct http_check_request *request, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->header_count; i++)
		count += strcasecmp(request->headers[i].name, name) == 0;
	return count;
}

static void must_be_sound(const struct http_check_request *request, const char *path)
{
	must(request->major == 1 && (request->minor == 0 || request->minor == 1));
	must(path[0] == '/' && strlen(path) <= HTTP_CHECK_PATH_MAX);
	for (const char *p = path; *p != '\0'; p++)
		must(*p > ' ' && *p <= '~' && *p != '?' && *p != '#');
	must(request->header_count <= HTTP_CHECK_HEADERS_MAX);
	must(count_of(request, "host") <= 1 && count_of(request, "content-length") <= 1);
	must(request->minor == 0 || count_of(request, "host") == 1);
	must(count_of(request, "transfer-encoding") == 0);
	must(request->body_len == 0 || count_of(request, "content-length") == 1);
	for (size_t i = 0; i < request->header_count; i++) {
		must(request->headers[i].name[0] != '\0');
		must(!strpbrk(request->headers[i].name, " \t\r\n:"));
		must(!strpbrk(request->headers[i].value, "\r\n"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acmems_http_header headers[HTTP_CHECK_HEADERS_MAX + 2];
	struct http_check_request request = {.headers = headers};
	char path[HTTP_CHECK_PATH_MAX + 1];
	const char *why = NULL;
	char *text = malloc(size + 1);
	char *line, *rest, *version;
	int status;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	rest = cut(text, '\n');
	line = text;
	request.method = line;
	line = cut(line, ' ');
	request.target = line;
	version = cut(line, ' ');
	line = cut(version, ' ');
	request.body_len = strtoul(line, NULL, 10);
	line = cut(version, '.');
	request.major = (int)strtol(version, NULL, 10);
	request.minor = (int)strtol(line, NULL, 10);
	while (*rest != '\0' && request.header_count < sizeof(headers) / sizeof(headers[0])) {
		line = rest;
		rest = cut(line, '\n');
		headers[request.header_count].name = line;
		headers[request.header_count++].value = cut(line, ':');
	}
	status = http_check(&request, path, &why);
	must(why != NULL);
	must(status == 0 || status == 400 || status == 411 || status == 414);
	if (status == 0)
		must_be_sound(&request, path);
	free(text);
	return 0;
}
