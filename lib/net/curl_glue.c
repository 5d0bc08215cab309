/* SPDX-License-Identifier: ISC */
/*
 * curl_glue.c - pools of connections, one for each server and set of trust anchors. Curl does not know
 * that the anchors differ, and would hand a connection made with extra ones to a call without. Of the
 * transfers that wait for a connection it moves one at a time, so that one which waits for a busy
 * server would stand in the way of another's that has room.
 *
 * A pool in which a call came to its deadline is used for no new one: with HTTP/2 a connection that is
 * stuck takes every call there is, and curl would not part with it while any of them waits.
 */
#include "net/curl_glue.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

#include "net/curl_answer.h"
#include "net/curl_trust.h"
#include "net/http_client.h"

#define MAX_ANSWER 65536
#define HOST_CONNECTIONS 4L
#define POOLS_MAX 8 /* more only while all are in use */

struct pool {
	struct pool *next;
	char *server; /* HOST:PORT */
	char *ca_file; /* NULL: the system's anchors only */
	size_t transfers;
	bool retired;
	CURLM *multi;
	struct acmems_timer *timer;
	struct acmems_task finished; /* reads what has ended */
};

struct curl_transfer {
	struct pool *pool;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *resolve;
	struct curl_answer answer;
	char *host;
	char error[CURL_ERROR_SIZE];
	acmems_http_done *done;
	void *arg;
};

static struct pool *pools;
static bool initialised;

/* ---- curl's events on our loop ---- */

static void read_finished(void *arg);

static void act(struct pool *pool, curl_socket_t fd, int mask)
{
	int running = 0;

	curl_multi_socket_action(pool->multi, fd, mask, &running);
	acmems_task_post(&pool->finished, read_finished, pool);
}

static void on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(void *arg, int fd, unsigned ready)
{
	act(arg, fd,
		((ready & ACMEMS_READ) ? CURL_CSELECT_IN : 0) |
			((ready & ACMEMS_WRITE) ? CURL_CSELECT_OUT : 0));
}

/* The watch is kept as curl's own data of the socket; an unknown socket simply has none yet. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_data)
{
	struct pool *pool = arg;
	struct acmems_watch *watch = NULL;
	struct acmems_error err = {0};
	unsigned events = 0;

	(void)easy;
	acmems_watch_free(socket_data);
	if (what & CURL_POLL_IN)
		events |= ACMEMS_READ;
	if (what & CURL_POLL_OUT)
		events |= ACMEMS_WRITE;
	/* without a watch the transfer ends at its deadline, which beats ending all of them */
	if (what != CURL_POLL_REMOVE && events)
		watch = acmems_watch_new(fd, events, on_ready, pool, &err);
	curl_multi_assign(pool->multi, fd, watch);
	return 0;
}

static int on_timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct pool *pool = arg;

	(void)multi;
	if (ms < 0)
		acmems_timer_stop(pool->timer);
	else
		acmems_timer_start(pool->timer, ms);
	return 0;
}

/* ---- pools ---- */

static void pool_free(struct pool *pool)
{
	acmems_task_cancel(&pool->finished);
	/* closing the last connections may still ask for sockets to be unwatched */
	curl_multi_cleanup(pool->multi);
	acmems_timer_free(pool->timer);
	free(pool->server);
	free(pool->ca_file);
	free(pool);
}

static void pool_unlink(struct pool *pool)
{
	struct pool **at = &pools;

	while (*at != pool)
		at = &(*at)->next;
	*at = pool->next;
}

/* A transfer has left it. It may be in use further up, so what is over is freed by its task. */
static void pool_left(struct pool *pool)
{
	pool->transfers--;
	if (pool->retired && pool->transfers == 0)
		acmems_task_post(&pool->finished, read_finished, pool);
}

/* Makes room for another by giving up the one that has been idle longest. */
static void pool_prune(void)
{
	struct pool *idle = NULL;
	size_t count = 0;

	for (struct pool *pool = pools; pool; pool = pool->next) {
		count++;
		if (pool->transfers == 0)
			idle = pool;
	}
	if (count < POOLS_MAX || !idle)
		return;
	pool_unlink(idle);
	pool_free(idle);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct pool *pool_new(const char *server, const char *ca_file)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->server = strdup(server);
	pool->multi = curl_multi_init();
	pool->timer = acmems_timer_new(on_timer, pool);
	pool->ca_file = ca_file ? strdup(ca_file) : NULL;
	if (!pool->multi || !pool->timer || !pool->server || (ca_file && !pool->ca_file)) {
		pool_free(pool);
		return NULL;
	}
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(pool->multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS);
	return pool;
}

/* The pool to use, in front of the others. */
static struct pool *pool_for(const char *server, const char *ca_file)
{
	struct pool *pool = pools;

	if (!initialised && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	initialised = true;
	while (pool && (pool->retired || strcmp(pool->server, server) != 0 ||
			       !same_text(pool->ca_file, ca_file)))
		pool = pool->next;
	if (pool) {
		pool_unlink(pool);
	} else {
		pool_prune();
		pool = pool_new(server, ca_file);
	}
	if (pool) {
		pool->next = pools;
		pools = pool;
	}
	return pool;
}

void curl_glue_fini(void)
{
	while (pools) {
		struct pool *pool = pools;

		pools = pool->next;
		pool_free(pool);
	}
	if (initialised)
		curl_global_cleanup();
	initialised = false;
}

/* ---- one transfer ---- */

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
	return curl_trust_set(ssl_ctx, transfer->pool->ca_file) ? CURLE_OK
								: CURLE_SSL_CACERT_BADFILE;
}

static void transfer_free(struct curl_transfer *transfer)
{
	if (transfer->easy)
		curl_easy_cleanup(transfer->easy);
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

static void complete(struct curl_transfer *transfer, CURLcode result)
{
	struct curl_answer *got = &transfer->answer;
	struct acmems_http_answer answer = {
		.len = got->body.len, .headers = got->headers, .header_count = got->header_count};
	struct acmems_error err = {0};
	long status = 0;

	curl_multi_remove_handle(transfer->pool->multi, transfer->easy);
	/* for curl a head without its end is one */
	if (result == CURLE_OK && !got->whole_head)
		result = CURLE_GOT_NOTHING;
	if (result == CURLE_OPERATION_TIMEDOUT)
		transfer->pool->retired = true;
	if (result == CURLE_OK && !got->too_large) {
		curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
		answer.status = (int)status;
		answer.body = str_text(&got->body);
		transfer->done(transfer->arg, &answer, NULL);
	} else {
		acmems_error_set(&err, code_of(result, got), "%s: %s", transfer->host,
			got->too_large       ? "its answer is too large"
			: transfer->error[0] ? transfer->error
					     : curl_easy_strerror(result));
		if (result == CURLE_SSL_CACERT_BADFILE)
			acmems_error_context(&err, "cannot read trust anchors from \"%s\"",
				transfer->pool->ca_file ? transfer->pool->ca_file : "");
		transfer->done(transfer->arg, NULL, &err);
	}
	pool_left(transfer->pool);
	transfer_free(transfer);
}

static void read_finished(void *arg)
{
	struct pool *pool = arg;
	struct CURLMsg *message;
	int left;

	/* done() may start and cancel transfers, so ask anew each time; its bytes die with the handle */
	while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
		struct curl_transfer *transfer = NULL;
		CURLcode result = message->data.result;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		complete(transfer, result);
	}
	if (pool->retired && pool->transfers == 0) {
		pool_unlink(pool);
		pool_free(pool);
	}
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
	return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
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
	CURL *easy = transfer->easy;
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
	CURL *easy = transfer->easy = curl_easy_init();

	if (!easy)
		return false;
	set_limits(transfer, request);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
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
	transfer->pool = pool_for(request->server, call->ca_file);
	if (transfer->host && transfer->pool && set_up(transfer, request) &&
		curl_multi_add_handle(transfer->pool->multi, transfer->easy) == CURLM_OK) {
		transfer->pool->transfers++;
		return transfer;
	}
	transfer_free(transfer);
	acmems_error_set(err, ACMEMS_NO_MEMORY, "%s: cannot set up a request", request->host);
	return NULL;
}

void curl_transfer_cancel(struct curl_transfer *transfer)
{
	curl_multi_remove_handle(transfer->pool->multi, transfer->easy);
	pool_left(transfer->pool);
	transfer_free(transfer);
}

void curl_transfer_late(struct curl_transfer *transfer)
{
	transfer->pool->retired = true;
	curl_transfer_cancel(transfer);
}
