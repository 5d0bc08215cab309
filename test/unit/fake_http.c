/* SPDX-License-Identifier: ISC */
/* fake_http.c - requests and replies as lists in memory. */
#include "fake_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/http_server.h"
#include "unit.h"

static struct acmems_http_request *requests;
static struct fake_reply *replies;
static uint64_t last_id;

struct fake_server fake_server;

struct acmems_http_request *fake_http_request(
	const char *method, const char *path, const char *body)
{
	struct acmems_http_request *request = calloc(1, sizeof(*request));

	assert_true(request);
	request->id = ++last_id;
	request->method = method;
	request->path = path;
	request->peer = (struct acmems_address){
		.family = ACMEMS_IPV4, .bytes = {192, 0, 2, 1}, .port = 4711};
	request->body = strdup(body ? body : "");
	request->len = strlen(request->body);
	request->next = requests;
	requests = request;
	return request;
}

void fake_http_header(struct acmems_http_request *request, const char *name, const char *value)
{
	assert_true(request->header_count < FAKE_HTTP_HEADERS);
	request->headers[request->header_count++] =
		(struct acmems_http_header){.name = name, .value = value};
}

static void forget(struct acmems_http_request *request)
{
	struct acmems_http_request **link = &requests;

	while (*link != request)
		link = &(*link)->next;
	*link = request->next;
	free(request->body);
	free(request);
}

void fake_http_leave(uint64_t id)
{
	struct acmems_http_request *request = acmems_http_request_find(id);
	acmems_callback *gone;
	void *arg;

	assert_non_null(request);
	gone = request->gone;
	arg = request->gone_arg;
	if (gone)
		gone(arg);
	forget(request);
}

const struct fake_reply *fake_http_reply(uint64_t id)
{
	for (const struct fake_reply *reply = replies; reply; reply = reply->next) {
		if (reply->id == id)
			return reply;
	}
	return NULL;
}

size_t fake_http_replies(void)
{
	size_t count = 0;

	for (const struct fake_reply *reply = replies; reply; reply = reply->next)
		count++;
	return count;
}

void fake_http_reset(void)
{
	while (requests)
		forget(requests);
	while (replies) {
		struct fake_reply *reply = replies;

		replies = reply->next;
		free(reply->body);
		free(reply);
	}
	fake_server = (struct fake_server){0};
}

uint64_t acmems_http_request_id(const struct acmems_http_request *request)
{
	return request->id;
}

struct acmems_http_request *acmems_http_request_find(uint64_t id)
{
	for (struct acmems_http_request *request = requests; request; request = request->next) {
		if (request->id == id)
			return request;
	}
	return NULL;
}

const char *acmems_http_request_method(const struct acmems_http_request *request)
{
	return request->method;
}

const char *acmems_http_request_path(const struct acmems_http_request *request)
{
	return request->path;
}

const struct acmems_address *acmems_http_request_peer(const struct acmems_http_request *request)
{
	return &request->peer;
}

const char *acmems_http_request_header(const struct acmems_http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (strcasecmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	}
	return NULL;
}

const void *acmems_http_request_body(const struct acmems_http_request *request, size_t *ret_len)
{
	*ret_len = request->len;
	return request->body;
}

void acmems_http_request_on_gone(uint64_t id, acmems_callback *callback, void *arg)
{
	struct acmems_http_request *request = acmems_http_request_find(id);

	assert_true(request);
	request->gone = callback;
	request->gone_arg = arg;
}

static void keep_headers(
	struct fake_reply *reply, const struct acmems_http_header *headers, size_t count)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		int len = snprintf(reply->headers + used, sizeof(reply->headers) - used, "%s: %s\n",
			headers[i].name, headers[i].value);

		assert_true(len > 0 && used + (size_t)len < sizeof(reply->headers));
		used += (size_t)len;
	}
}

bool acmems_http_reply(uint64_t id, int status, const struct acmems_http_header *headers,
	size_t header_count, const void *body, size_t len)
{
	struct acmems_http_request *request = acmems_http_request_find(id);
	struct fake_reply *reply;

	if (!request)
		return false;
	assert_true(!fake_http_reply(id));
	reply = calloc(1, sizeof(*reply));
	assert_true(reply);
	reply->id = id;
	reply->status = status;
	reply->len = len;
	reply->body = strndup(body ? body : "", len);
	keep_headers(reply, headers, header_count);
	reply->next = replies;
	replies = reply;
	forget(request);
	return true;
}

const struct stack_st_X509 *http_request_chain(const struct acmems_http_request *request)
{
	return request->chain;
}

struct acmems_http_server *http_server_new(const struct acmems_http_server_config *config,
	struct http_terms *terms, struct acmems_error *err)
{
	assert_true(terms);
	if (fake_server.refuse) {
		acmems_error_set(err, ACMEMS_SYSTEM, "somebody else listens there");
		return NULL;
	}
	fake_server.config = *config;
	fake_server.alive = true;
	return (struct acmems_http_server *)&fake_server;
}

void acmems_http_server_open(struct acmems_http_server *server)
{
	assert_true(server == (struct acmems_http_server *)&fake_server);
	fake_server.open = true;
}

void acmems_http_server_free(struct acmems_http_server *server)
{
	if (server)
		fake_server.alive = false;
}
