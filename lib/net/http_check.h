/* SPDX-License-Identifier: ISC */
/*
 * net/http_check.h - the strict look at a request's line and headers that comes before any handler.
 * Pure: knows no sockets and no HTTP library, which lets too much pass (two lengths, a space before
 * the colon, foreign hosts). RFC 9110 and RFC 9112 rule.
 */
#ifndef NET_HTTP_CHECK_H
#define NET_HTTP_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/http.h>

#define HTTP_CHECK_HEADERS_MAX 64
#define HTTP_CHECK_PATH_MAX 512

struct http_check_request {
	const char *method;
	const char *target; /* as on the request line */
	int major;
	int minor;
	const struct acmems_http_header *headers;
	size_t header_count;
	size_t body_len; /* bytes of body that were read */
};

/*
 * Checks everything and writes the path without query into `path`. Returns 0, or the status to
 * answer with (400, 411, 414) and in *why a constant text for the client.
 */
int http_check(const struct http_check_request *request, char path[HTTP_CHECK_PATH_MAX + 1],
	const char **why);

#endif
