/* SPDX-License-Identifier: ISC */
/*
 * http_client.c - a call from its URL to its answer: the host is looked up by our resolver, the rest
 * is curl's. One deadline holds for both.
 */
#include "net/http_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(added) ((added)->id = 0)
#include <uthash.h>

#include <acmems/http.h>

#include "net/address.h"
#include "net/curl_glue.h"
#include "net/curl_mail.h"
#include "net/curl_pool.h"
#include "net/http_call.h"
#include "net/resolver.h"

#define TIMEOUT_MS 30000
#define HOST_MAX 254
#define HEADER_MAX 16384

#define LETTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HOST_LETTERS LETTERS "-._"
#define NAME_LETTERS LETTERS "!#$%&'*+-.^_`|~" /* RFC 9110, 5.6.2 */

struct url {
	char host[HOST_MAX]; /* without brackets */
	char port[6];
	bool literal; /* an IPv6 address in brackets */
};

struct call {
	uint64_t id;
	struct acmems_http_call call; /* our copies */
	struct url url;
	acmems_http_done *done;
	void *arg;
	uint64_t lookup;
	struct curl_transfer *transfer;
	struct acmems_timer *timer;
	int64_t end_ms;
	UT_hash_handle hh;
};

static struct call *calls;
static uint64_t last_id;

static void call_free(struct call *call)
{
	resolver_cancel(call->lookup);
	if (call->transfer)
		curl_transfer_cancel(call->transfer);
	acmems_timer_free(call->timer);
	http_call_free(&call->call);
	free(call);
}

/* Out of the table first, then the callback, then nothing is touched any more. */
static void call_done(
	struct call *call, const struct acmems_http_answer *answer, const struct acmems_error *err)
{
	acmems_http_done *done = call->done;
	void *arg = call->arg;

	HASH_DEL(calls, call);
	done(arg, answer, err);
	call_free(call);
}

static void on_transfer(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *err)
{
	struct call *call = arg;

	call->transfer = NULL;
	call_done(call, answer, err);
}

static void on_deadline(void *arg)
{
	struct call *call = arg;
	struct acmems_error err = {0};

	if (call->transfer)
		curl_transfer_late(call->transfer);
	call->transfer = NULL;
	acmems_error_set(&err, ACMEMS_TIMEOUT, "%s did not answer within %" PRId64 " ms",
		call->url.host, call->call.timeout_ms);
	call_done(call, NULL, &err);
}

static bool start_transfer(struct call *call, const char *resolve, struct acmems_error *err)
{
	int64_t left = call->end_ms - acmems_clock_ms();
	char server[HOST_MAX + 8];
	struct curl_request request = {.call = &call->call,
		.host = call->url.host,
		.server = server,
		.resolve = resolve,
		.timeout_ms = left > 1 ? left : 1};

	snprintf(server, sizeof(server), "%s:%s", call->url.host, call->url.port);
	call->transfer = curl_transfer_start(&request, on_transfer, call, err);
	return call->transfer != NULL;
}

static void on_addresses(void *arg, const struct acmems_address *addresses, size_t count,
	const struct acmems_error *why)
{
	struct call *call = arg;
	struct acmems_error err = {0};
	char text[ADDRESS_RESOLVE_MAX];

	call->lookup = 0;
	if (why) {
		err = *why;
		call_done(call, NULL, &err);
		return;
	}
	address_resolve_text(call->url.host, call->url.port, addresses, count, text);
	if (!start_transfer(call, text, &err))
		call_done(call, NULL, &err);
}

/* Visible ASCII: what may stand in a URL, seen from far (RFC 3986, 2). */
static bool printable(const char *text)
{
	while (*text > ' ' && *text < 0x7f)
		text++;
	return *text == '\0';
}

/* Decimal, 1 to 65535, or nothing at all. Returns the text behind it, NULL when it is none. */
static const char *parse_port(const char *at, struct url *url)
{
	size_t len = strspn(at, "0123456789");
	unsigned long port = strtoul(at, NULL, 10);

	if (len == 0 || len >= sizeof(url->port) || port == 0 || port > 65535)
		return NULL;
	snprintf(url->port, sizeof(url->port), "%lu", port);
	return at + len;
}

/*
 * Host and port of an absolute http(s) URL without user information (RFC 3986). The host is one that
 * curl takes as it stands: had curl to decode it, it would look up another name than we, by itself.
 */
static bool parse_url(const char *text, bool plain, struct url *url, struct acmems_error *err)
{
	bool secure = strncasecmp(text, "https://", 8) == 0;
	const char *at = text + (secure ? 8 : 7);
	size_t len;

	if (!secure && !(plain && strncasecmp(text, "http://", 7) == 0))
		return acmems_error_set(err, ACMEMS_BAD_ANSWER, "\"%.200s\" is not an %s URL", text,
			plain ? "http(s)" : "https");
	url->literal = *at == '[';
	len = url->literal ? strspn(++at, "0123456789abcdefABCDEF:.") : strspn(at, HOST_LETTERS);
	if (len == 0 || len >= sizeof(url->host))
		return acmems_error_set(err, ACMEMS_BAD_ANSWER, "\"%.200s\" has no host", text);
	snprintf(url->host, sizeof(url->host), "%.*s", (int)len, at);
	at += len;
	if (url->literal && *at++ != ']')
		return acmems_error_set(err, ACMEMS_BAD_ANSWER, "\"%.200s\" lacks a \"]\"", text);
	snprintf(url->port, sizeof(url->port), "%s", secure ? "443" : "80");
	if (*at == ':')
		at = parse_port(at + 1, url);
	if (!at)
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "\"%.200s\" has no proper port", text);
	if ((*at != '\0' && !strchr("/?#", *at)) || !printable(at))
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "\"%.200s\" is no proper URL", text);
	return true;
}

/* What can not be a header line is told at once, and before any of it is sent. */
static bool check_headers(const struct acmems_http_call *call, struct acmems_error *err)
{
	for (size_t i = 0; i < call->header_count; i++) {
		const char *name = call->headers[i].name, *value = call->headers[i].value;

		if (*name == '\0' || name[strspn(name, NAME_LETTERS)] != '\0')
			return acmems_error_set(
				err, ACMEMS_FAULT, "\"%.100s\" can not name a header", name);
		if (strpbrk(value, "\r\n") || strlen(name) + strlen(value) > HEADER_MAX)
			return acmems_error_set(err, ACMEMS_FAULT,
				"the value of header \"%.100s\" can not be sent", name);
	}
	return true;
}

static bool add_to_table(struct call *call)
{
	call->id = ++last_id;
	HASH_ADD(hh, calls, id, sizeof(call->id), call);
	return call->id != 0;
}

static bool begin(struct call *call, struct acmems_error *err)
{
	if (call->call.timeout_ms <= 0)
		call->call.timeout_ms = TIMEOUT_MS;
	call->end_ms = acmems_clock_ms() + call->call.timeout_ms;
	acmems_timer_start(call->timer, call->call.timeout_ms);
	if (call->url.literal)
		return start_transfer(call, NULL, err);
	call->lookup =
		resolver_start(call->url.host, call->call.timeout_ms, on_addresses, call, err);
	return call->lookup != 0;
}

uint64_t acmems_http_call_start(const struct acmems_http_call *from, acmems_http_done *done,
	void *arg, struct acmems_error *err)
{
	struct url url = {0};
	struct call *call;
	uint64_t id;

	if (!parse_url(from->url, from->plain, &url, err) || !check_headers(from, err))
		return 0;
	call = calloc(1, sizeof(*call));
	if (!call) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request");
		return 0;
	}
	call->url = url;
	call->done = done;
	call->arg = arg;
	call->timer = acmems_timer_new(on_deadline, call);
	if (!http_call_copy(&call->call, from) || !call->timer || !add_to_table(call)) {
		call_free(call);
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request");
		return 0;
	}
	id = call->id;
	if (!begin(call, err)) {
		HASH_DEL(calls, call);
		call_free(call);
		return 0;
	}
	return id;
}

void acmems_http_call_cancel(uint64_t id)
{
	struct call *call;

	HASH_FIND(hh, calls, &id, sizeof(id), call);
	if (!call)
		return;
	HASH_DEL(calls, call);
	call_free(call);
}

size_t http_client_count(void)
{
	return HASH_COUNT(calls);
}

void http_client_fini(void)
{
	struct call *call, *next;

	HASH_ITER(hh, calls, call, next)
	{
		HASH_DEL(calls, call);
		call_free(call);
	}
	curl_mail_fini();
	curl_pool_fini();
}
