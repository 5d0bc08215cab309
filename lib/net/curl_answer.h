/* SPDX-License-Identifier: ISC */
/*
 * net/curl_answer.h - an HTTP answer as it comes in: headers and body collected, every size bounded.
 * Knows nothing of curl.
 */
#ifndef NET_CURL_ANSWER_H
#define NET_CURL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/http.h>

#include "base/str.h"

#define CURL_ANSWER_HEADERS_MAX 64

struct curl_answer {
	struct str body;
	struct acmems_http_header headers[CURL_ANSWER_HEADERS_MAX];
	size_t header_count;
	size_t header_bytes;
	bool too_large;
	bool no_memory;
	bool whole_head; /* the empty line behind the headers has come */
};

void curl_answer_init(struct curl_answer *answer, size_t max_body);

/* Takes one header line, "HTTP/1.1 200" (which begins anew) included. False: stop the transfer. */
bool curl_answer_header(struct curl_answer *answer, const char *line, size_t len);

/* Takes a piece of the body. False: stop the transfer. */
bool curl_answer_body(struct curl_answer *answer, const char *data, size_t len);

void curl_answer_fini(struct curl_answer *answer);

#endif
