/* SPDX-License-Identifier: ISC */
/*
 * net/curl_glue.h - HTTP through curl, over the connections of curl_pool.h. Names are resolved before
 * (http_client.c): curl's own resolver would start threads.
 */
#ifndef NET_CURL_GLUE_H
#define NET_CURL_GLUE_H

#include <stdint.h>

#include <acmems/http.h>

struct curl_transfer;

struct curl_request {
	const struct acmems_http_call *call; /* used during the call only; its body is copied */
	const char *host; /* for messages */
	const char *server; /* "HOST:PORT" */
	const char *resolve; /* "+HOST:PORT:ADDRESS,ADDRESS", or NULL when the host is an address */
	int64_t timeout_ms;
};

/* done comes once, from the loop, unless cancelled. NULL and *err on failure. */
struct curl_transfer *curl_transfer_start(const struct curl_request *request,
	acmems_http_done *done, void *arg, struct acmems_error *err);

/* Silent. Not from inside done, when it is gone already. */
void curl_transfer_cancel(struct curl_transfer *transfer);

/* As curl_transfer_cancel(), when its time is over: new transfers get connections of their own. */
void curl_transfer_late(struct curl_transfer *transfer);

#endif
