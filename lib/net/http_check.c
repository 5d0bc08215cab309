/* SPDX-License-Identifier: ISC */
/* http_check.c - the strict look at a request's line and headers. */
#include "net/http_check.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Headers that decide something: a second one of them would be a second opinion. */
enum known {
	KNOWN_HOST,
	KNOWN_CONTENT_LENGTH,
	KNOWN_TRANSFER_ENCODING,
	KNOWN_CONTENT_TYPE,
	KNOWN_AUTHORIZATION,
	KNOWN_AUTHENTICATION,
	KNOWN_EXPECT,
	KNOWN_IF_NONE_MATCH,
	KNOWN_COUNT,
};

static const char *const known_names[KNOWN_COUNT] = {
	[KNOWN_HOST] = "host",
	[KNOWN_CONTENT_LENGTH] = "content-length",
	[KNOWN_TRANSFER_ENCODING] = "transfer-encoding",
	[KNOWN_CONTENT_TYPE] = "content-type",
	[KNOWN_AUTHORIZATION] = "authorization",
	[KNOWN_AUTHENTICATION] = "authentication",
	[KNOWN_EXPECT] = "expect",
	[KNOWN_IF_NONE_MATCH] = "if-none-match",
};

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 9110, 5.6.2 */
static bool is_token(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (!is_alnum(*text) && !strchr("!#$%&'*+-.^_`|~", *text))
			return false;
	return true;
}

/* RFC 9110, 5.5: visible characters, blanks and obs-text, no control characters. */
static bool is_value(const char *text)
{
	for (; *text != '\0'; text++)
		if (((uint8_t)*text < ' ' && *text != '\t') || *text == 0x7f)
			return false;
	return true;
}

/* RFC 3986, 3.2.2 and a port; no user information, nothing that ends an authority. */
static bool is_host(const char *text)
{
	for (; *text != '\0'; text++)
		if (!is_alnum(*text) && !strchr("-._~!$&'()*+,;=:[]%", *text))
			return false;
	return true;
}

static bool parse_length(const char *text, uint64_t *length)
{
	*length = 0;
	if (*text == '\0' || strlen(text) > 18)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*length = *length * 10 + (uint64_t)(*text - '0');
	}
	return true;
}

static int bad(const char **why, const char *text)
{
	*why = text;
	return 400;
}

static int check_headers(
	const struct http_check_request *request, const char *known[KNOWN_COUNT], const char **why)
{
	if (request->header_count > HTTP_CHECK_HEADERS_MAX)
		return bad(why, "too many headers");
	for (size_t i = 0; i < request->header_count; i++) {
		const struct acmems_http_header *header = &request->headers[i];

		if (!is_token(header->name))
			return bad(why, "malformed header name");
		if (!is_value(header->value))
			return bad(why, "control character in a header");
		for (int k = 0; k < KNOWN_COUNT; k++) {
			/* most differ in the first letter, and this is done for every request */
			if ((header->name[0] | 0x20) != known_names[k][0] ||
				strcasecmp(header->name, known_names[k]) != 0)
				continue;
			if (known[k])
				return bad(why, "a header that must be single is repeated");
			known[k] = header->value;
		}
	}
	return 0;
}

static int check_host(const struct http_check_request *request, const char *host, const char **why)
{
	if (!host)
		return request->minor >= 1 ? bad(why, "the Host header is missing") : 0;
	return is_host(host) ? 0 : bad(why, "malformed Host header");
}

static bool needs_length(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
	       strcmp(method, "PATCH") == 0;
}

/*
 * A length that is not that of the body read means that the rest of it would be taken for the next
 * request.
 */
static int check_length(
	const struct http_check_request *request, const char *const known[], const char **why)
{
	uint64_t length;

	if (known[KNOWN_TRANSFER_ENCODING]) {
		*why = "Transfer-Encoding is not supported, send a Content-Length";
		return 411;
	}
	if (!known[KNOWN_CONTENT_LENGTH]) {
		if (!needs_length(request->method))
			return request->body_len == 0 ? 0 : bad(why, "body without a length");
		*why = "the Content-Length header is missing: is there nothing to send?";
		return 411;
	}
	if (!parse_length(known[KNOWN_CONTENT_LENGTH], &length))
		return bad(why, "malformed Content-Length");
	if (length != request->body_len)
		return bad(why, "Content-Length does not fit the body");
	return 0;
}

/* RFC 9112, 3.2.2: "http://HOST/path" is as good as "/path" as long as it names no other host. */
static const char *skip_authority(const char *target, const char *host)
{
	const char *authority;
	size_t len;

	if (strncasecmp(target, "http://", 7) != 0)
		return target;
	authority = target + 7;
	len = strcspn(authority, "/?#");
	if (!host || len == 0 || strlen(host) != len || strncasecmp(authority, host, len) != 0)
		return target;
	return authority[len] == '\0' ? "/" : authority + len;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_path_and_query(const char *text)
{
	if (*text != '/')
		return false;
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text > '~' || *text == '#')
			return false;
		if (*text != '%')
			continue;
		if (!is_hex(text[1]) || !is_hex(text[2]) || text[1] < '2')
			return false;
	}
	return true;
}

static int check_target(const struct http_check_request *request, const char *host,
	char path[HTTP_CHECK_PATH_MAX + 1], const char **why)
{
	const char *target = skip_authority(request->target, host);
	size_t len;

	if (!is_path_and_query(target))
		return bad(why, "malformed request target");
	len = strcspn(target, "?");
	if (len > HTTP_CHECK_PATH_MAX) {
		*why = "the path is too long";
		return 414;
	}
	memcpy(path, target, len);
	path[len] = '\0';
	return 0;
}

int http_check(const struct http_check_request *request, char path[HTTP_CHECK_PATH_MAX + 1],
	const char **why)
{
	const char *known[KNOWN_COUNT] = {NULL};
	int status;

	path[0] = '\0';
	*why = "";
	if (request->major != 1 || request->minor < 0 || request->minor > 1)
		return bad(why, "only HTTP/1.0 and HTTP/1.1 are spoken here");
	if (!is_token(request->method))
		return bad(why, "malformed method");
	status = check_headers(request, known, why);
	if (status == 0)
		status = check_host(request, known[KNOWN_HOST], why);
	if (status == 0)
		status = check_length(request, known, why);
	if (status == 0)
		status = check_target(request, known[KNOWN_HOST], path, why);
	return status;
}
