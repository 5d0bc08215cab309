/* SPDX-License-Identifier: ISC */
/*
 * acme/request_core.h - a request as its two files see it: request.c leads it through its life,
 * request_line.c says whose turn it is.
 */
#ifndef ACME_REQUEST_CORE_H
#define ACME_REQUEST_CORE_H

#include "acme/client_core.h"
#include "acme/request.h"

enum request_place {
	REQUEST_WAITING,
	REQUEST_ON_WIRE,
	REQUEST_PAUSING,
	REQUEST_FAILED, /* its owner is about to hear it */
};

struct request {
	TAILQ_ENTRY(request) link;
	struct acme_client *client;
	uint64_t id;
	enum request_place place;
	char *url;
	char *payload; /* NULL: POST-as-GET */
	enum acme_expect expect;
	bool repeatable;
	bool with_jwk;
	int64_t deadline; /* clock */
	int64_t resume_at; /* clock; while pausing */
	unsigned nonce_tries;
	unsigned tries;
	uint64_t call; /* while on the wire */
	struct acmems_timer *timer;
	struct acmems_task task;
	struct acmems_error last; /* what went wrong most recently */
	acme_request_done *done;
	void *arg;
};

/* Signs with this nonce, which it takes, and sends; the request is on the wire or has failed then. */
void request_send(struct request *request, char *nonce);

/* Its owner hears request->last, from the loop: for faults found where he must not be called. */
void request_fail_soon(struct request *request);

/* Takes it away without a word. */
void request_drop(struct request *request);

/* Those in line are looked after as soon as the loop is reached. */
void request_line_pump(struct acme_client *client);

#endif
