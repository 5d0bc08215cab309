/* SPDX-License-Identifier: ISC */
/*
 * fake_http.h - the HTTP server's face without a server: requests made by a test, replies kept for
 * it. Linked ahead of the library it stands in for.
 */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/http.h>

#define FAKE_HTTP_HEADERS 8

struct acmems_http_request {
	uint64_t id;
	const char *method;
	const char *path;
	struct acmems_address peer;
	const struct stack_st_X509 *chain; /* of the client's certificate */
	struct acmems_http_header headers[FAKE_HTTP_HEADERS];
	size_t header_count;
	void *body; /* a copy of its own, so that sanitizers see who comes late */
	size_t len;
	acmems_callback *gone;
	void *gone_arg;
	struct acmems_http_request *next;
};

struct fake_reply {
	uint64_t id;
	int status;
	char headers[1024]; /* "NAME: VALUE\n" each */
	char *body; /* NUL-terminated */
	size_t len;
	struct fake_reply *next;
};

/* A request from 192.0.2.1; method and path must stay. */
struct acmems_http_request *fake_http_request(
	const char *method, const char *path, const char *body);
void fake_http_header(struct acmems_http_request *request, const char *name, const char *value);

/* Its client goes away: the request is freed, and who asked for it is told. */
void fake_http_leave(uint64_t id);

/* The reply to it so far, or NULL. */
const struct fake_reply *fake_http_reply(uint64_t id);
size_t fake_http_replies(void);

/* The server that was made last: what it was given, and whether it is open and not yet freed. */
extern struct fake_server {
	struct acmems_http_server_config config;
	bool open;
	bool alive;
	bool refuse; /* have the next acmems_http_server_new() fail */
} fake_server;

/* Frees all requests and replies. */
void fake_http_reset(void);

#endif
