/* SPDX-License-Identifier: ISC */
/* http_request.c - requests by number. A number is a slot and how often the slot was used. */
#include "net/http_request.h"

#include "net/http_server.h"

#include <stdlib.h>
#include <strings.h>

static struct {
	struct acmems_http_request **slots;
	size_t room;
	size_t count; /* live ones */
	struct acmems_http_request *free;
} table;

static size_t slot_of(uint64_t id)
{
	return (size_t)(id & UINT32_MAX);
}

/* Makes one more slot, and hands it out. */
static struct acmems_http_request *new_slot(void)
{
	struct acmems_http_request **slots;
	struct acmems_http_request *request;

	if (table.room >= UINT32_MAX)
		return NULL;
	/* by powers of two */
	if ((table.room & (table.room - 1)) == 0) {
		slots = realloc(table.slots, (table.room ? table.room * 2 : 1) * sizeof(*slots));
		if (!slots)
			return NULL;
		table.slots = slots;
	}
	request = calloc(1, sizeof(*request));
	if (!request)
		return NULL;
	request->id = table.room;
	table.slots[table.room++] = request;
	return request;
}

struct acmems_http_request *http_request_add(void)
{
	struct acmems_http_request *request = table.free;

	if (request)
		table.free = request->next_free;
	else
		request = new_slot();
	if (!request)
		return NULL;
	/* the next use of the slot; never 0 */
	request->id += (uint64_t)1 << 32;
	if (request->id <= UINT32_MAX)
		request->id += (uint64_t)1 << 32;
	request->next_free = NULL;
	request->header_count = 0;
	request->body = NULL;
	request->body_len = 0;
	request->chain = NULL;
	request->evhttp = NULL;
	request->guard = NULL;
	request->closed = NULL;
	request->unwatched = false;
	request->gone = NULL;
	request->gone_arg = NULL;
	table.count++;
	return request;
}

/* A slot with its number changed is what makes the old number find nothing. */
static void release(struct acmems_http_request *request)
{
	request->next_free = table.free;
	table.free = request;
}

/* Takes the number away; what it is until the slot is used again is found by nobody. */
static void retire(struct acmems_http_request *request)
{
	request->id += (uint64_t)1 << 32;
	request->evhttp = NULL;
	request->guard = NULL;
	table.count--;
}

void http_request_detach(struct acmems_http_request *request)
{
	retire(request);
	release(request);
}

static void on_gone(void *arg)
{
	struct acmems_http_request *request = arg;
	acmems_callback *callback = request->gone;
	void *callback_arg = request->gone_arg;

	release(request);
	callback(callback_arg);
}

void http_request_gone(struct acmems_http_request *request)
{
	retire(request);
	if (request->gone)
		acmems_task_post(&request->task, on_gone, request);
	else
		release(request);
}

size_t http_request_count(void)
{
	return table.count;
}

void http_request_fini(void)
{
	for (size_t i = 0; i < table.room; i++) {
		acmems_task_cancel(&table.slots[i]->task);
		free(table.slots[i]);
	}
	free(table.slots);
	table.slots = NULL;
	table.room = 0;
	table.count = 0;
	table.free = NULL;
}

uint64_t acmems_http_request_id(const struct acmems_http_request *request)
{
	return request->id;
}

struct acmems_http_request *acmems_http_request_find(uint64_t id)
{
	struct acmems_http_request *request;

	if (slot_of(id) >= table.room)
		return NULL;
	request = table.slots[slot_of(id)];
	return request->id == id && request->evhttp ? request : NULL;
}

const char *acmems_http_request_method(const struct acmems_http_request *request)
{
	return request->method;
}

const char *acmems_http_request_path(const struct acmems_http_request *request)
{
	return request->path;
}

const struct stack_st_X509 *http_request_chain(const struct acmems_http_request *request)
{
	return request->chain;
}

const struct acmems_address *acmems_http_request_peer(const struct acmems_http_request *request)
{
	return &request->peer;
}

const char *acmems_http_request_header(const struct acmems_http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcasecmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	return NULL;
}

const void *acmems_http_request_body(const struct acmems_http_request *request, size_t *ret_len)
{
	*ret_len = request->body_len;
	return request->body;
}
