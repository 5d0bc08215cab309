/* SPDX-License-Identifier: ISC */
/* curl_glue.c - requests of HTTP: what curl is told of them, and what becomes of its results. */
#include "net/curl_glue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/curl_answer.h"
#include "net/curl_pool.h"
#include "net/curl_trust.h"
#include "net/http_client.h"

#define MAX_ANSWER 65536

struct curl_transfer {
	struct curl_member member; /* first */
	struct curl_slist *headers;
	struct curl_slist *resolve;
	struct curl_answer answer;
	char *host;
	char error[CURL_ERROR_SIZE];
	acmems_http_done *done;
	void *arg;
};

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
	struct curl_transfer *transfer = arg;

	return curl_answer_header(&transfer->answer, data, size * count) ? size * count : 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct curl_transfer *transfer = arg;

	return curl_answer_body(&transfer->answer, data, size * count) ? size * count : 0;
}

static CURLcode on_ssl_ctx(CURL *easy, void *ssl_ctx, void *arg)
{
	struct curl_transfer *transfer = arg;

	(void)easy;
	return curl_trust_set(ssl_ctx, curl_pool_ca_file(transfer->member.pool))
		       ? CURLE_OK
		       : CURLE_SSL_CACERT_BADFILE;
}

static void transfer_free(struct curl_transfer *transfer)
{
	if (transfer->member.easy)
		curl_easy_cleanup(transfer->member.easy);
	curl_slist_free_all(transfer->headers);
	curl_slist_free_all(transfer->resolve);
	curl_answer_fini(&transfer->answer);
	free(transfer->host);
	free(transfer);
}

static enum acmems_code code_of(CURLcode result, const struct curl_answer *answer)
{
	if (answer->no_memory)
		return ACMEMS_NO_MEMORY;
	if (answer->too_large)
		return ACMEMS_BAD_ANSWER;
	switch (result) {
	case CURLE_OPERATION_TIMEDOUT:
		return ACMEMS_TIMEOUT;
	case CURLE_OUT_OF_MEMORY:
		return ACMEMS_NO_MEMORY;
	case CURLE_SSL_CACERT_BADFILE:
		return ACMEMS_CONFIG;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_FILESIZE_EXCEEDED:
	case CURLE_URL_MALFORMAT:
		return ACMEMS_BAD_ANSWER;
	default:
		/* curl's numbers, not an enum of ours: no connection, lost connection or stream, TLS */
		return ACMEMS_UNAVAILABLE;
	}
}

static void on_ended(struct curl_member *member, CURLcode result)
{
	struct curl_transfer *transfer = (struct curl_transfer *)member;
	struct curl_pool *pool = member->pool;
	const char *ca_file = curl_pool_ca_file(pool);
	struct curl_answer *got = &transfer->answer;
	struct acmems_http_answer answer = {
		.len = got->body.len, .headers = got->headers, .header_count = got->header_count};
	struct acmems_error err = {0};
	long status = 0, verified = 0;

	curl_pool_leave(&transfer->member);
	/* for curl a head without its end is one */
	if (result == CURLE_OK && !got->whole_head)
		result = CURLE_GOT_NOTHING;
	if (result == CURLE_OPERATION_TIMEDOUT)
		curl_pool_retire(pool);
	if (result == CURLE_OK && !got->too_large) {
		curl_easy_getinfo(transfer->member.easy, CURLINFO_RESPONSE_CODE, &status);
		answer.status = (int)status;
		answer.body = str_text(&got->body);
		transfer->done(transfer->arg, &answer, NULL);
	} else {
		acmems_error_set(&err, code_of(result, got), "%s: %s", transfer->host,
			got->too_large       ? "its answer is too large"
			: transfer->error[0] ? transfer->error
					     : curl_easy_strerror(result));
		curl_easy_getinfo(transfer->member.easy, CURLINFO_SSL_VERIFYRESULT, &verified);
		if (result == CURLE_PEER_FAILED_VERIFICATION && verified != 0 && !ca_file)
			acmems_error_context(
				&err, "no CA that the system knows, and no ca-file names another");
		if (result == CURLE_SSL_CACERT_BADFILE)
			acmems_error_context(&err, "cannot read trust anchors from \"%s\"",
				ca_file ? ca_file : "");
		transfer->done(transfer->arg, NULL, &err);
	}
	transfer_free(transfer);
}

/* As curl wants it; a name alone would take the header away. */
static bool add_header(struct curl_slist **list, const struct acmems_http_header *header)
{
	struct str line;
	struct curl_slist *longer = NULL;

	str_init(&line, strlen(header->name) + strlen(header->value) + 2);
	if (header->value[0] == '\0')
		str_addf(&line, "%s;", header->name);
	else
		str_addf(&line, "%s: %s", header->name, header->value);
	if (str_text(&line))
		longer = curl_slist_append(*list, str_text(&line));
	str_fini(&line);
	if (longer)
		*list = longer;
	return longer;
}

static bool set_headers(struct curl_transfer *transfer, const struct acmems_http_call *call)
{
	transfer->headers = curl_slist_append(NULL, "Expect:");
	if (!transfer->headers)
		return false;
	for (size_t i = 0; i < call->header_count; i++) {
		if (!add_header(&transfer->headers, &call->headers[i]))
			return false;
	}
	return curl_easy_setopt(transfer->member.easy, CURLOPT_HTTPHEADER, transfer->headers) ==
	       CURLE_OK;
}

static bool set_method(CURL *easy, const struct acmems_http_call *call)
{
	if (strcmp(call->method, "HEAD") == 0)
		return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
	if (strcmp(call->method, "GET") == 0)
		return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, call->body ? call->body : "") ==
		       CURLE_OK &&
	       (strcmp(call->method, "POST") == 0 ||
		       curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method) == CURLE_OK);
}

/* Nothing from environment or home directory, no redirects, no other protocols. */
static void set_limits(struct curl_transfer *transfer, const struct curl_request *request)
{
	CURL *easy = transfer->member.easy;
	const char *protocols = request->call->plain ? "http,https" : "https";

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 60L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 45L);
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, 600L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	/* a session that is resumed would not be judged by the anchors as they are now */
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* or what on_ssl_ctx() adds would stay for a day, whatever became of the file */
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
	curl_easy_setopt(easy, CURLOPT_USERAGENT, HTTP_CLIENT_USER_AGENT);
}

static bool set_up(struct curl_transfer *transfer, const struct curl_request *request)
{
	CURL *easy = transfer->member.easy = curl_easy_init();

	if (!easy)
		return false;
	set_limits(transfer, request);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	if (request->resolve) {
		transfer->resolve = curl_slist_append(NULL, request->resolve);
		if (!transfer->resolve ||
			curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer->resolve) != CURLE_OK)
			return false;
	}
	return curl_easy_setopt(easy, CURLOPT_URL, request->call->url) == CURLE_OK &&
	       set_method(easy, request->call) && set_headers(transfer, request->call);
}

struct curl_transfer *curl_transfer_start(const struct curl_request *request,
	acmems_http_done *done, void *arg, struct acmems_error *err)
{
	const struct acmems_http_call *call = request->call;
	struct curl_transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request");
		return NULL;
	}
	transfer->done = done;
	transfer->arg = arg;
	curl_answer_init(&transfer->answer, call->max_answer ? call->max_answer : MAX_ANSWER);
	transfer->host = strdup(request->host);
	transfer->member.ended = on_ended;
	transfer->member.pool = curl_pool_for(request->server, call->ca_file);
	if (transfer->host && transfer->member.pool && set_up(transfer, request) &&
		curl_pool_enter(&transfer->member))
		return transfer;
	transfer_free(transfer);
	acmems_error_set(err, ACMEMS_NO_MEMORY, "%s: cannot set up a request", request->host);
	return NULL;
}

void curl_transfer_cancel(struct curl_transfer *transfer)
{
	curl_pool_leave(&transfer->member);
	transfer_free(transfer);
}

void curl_transfer_late(struct curl_transfer *transfer)
{
	curl_pool_retire(transfer->member.pool);
	curl_transfer_cancel(transfer);
}
