/* SPDX-License-Identifier: ISC */
/* net/http_client.h - the HTTP client's beginning and end; calls are in acmems/http.h. */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stddef.h>

/* Everything sent says so: "acmems/VERSION ...". RFC 8555, 6.1 demands a User-Agent. */
#define HTTP_CLIENT_USER_AGENT "acmems/" ACMEMS_VERSION " (+libcurl)"

/* Calls under way; for tests and draining. */
size_t http_client_count(void);

/* Cancels every call and frees connections and multi handle. The next call begins anew. Not from inside done. */
void http_client_fini(void);

#endif
