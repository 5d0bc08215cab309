/* SPDX-License-Identifier: ISC */
/*
 * acme/transport.h - how the ACME client reaches a CA. The daemon gives it the HTTP client; flow
 * tests give it a CA on paper.
 */
#ifndef ACME_TRANSPORT_H
#define ACME_TRANSPORT_H

#include <stdint.h>

#include <acmems/http.h>

struct acme_transport {
	/* As acmems_http_call_start(). */
	uint64_t (*start)(void *ctx, const struct acmems_http_call *call, acmems_http_done *done,
		void *arg, struct acmems_error *err);
	/* As acmems_http_call_cancel(). */
	void (*cancel)(void *ctx, uint64_t id);
	void *ctx;
};

/* The real one, over acmems/http.h. */
extern const struct acme_transport acme_transport_http;

#endif
