/* SPDX-License-Identifier: ISC */
/* transport_http.c - the real way to a CA: the HTTP client. */
#include "acme/transport.h"

static uint64_t start(void *ctx, const struct acmems_http_call *call, acmems_http_done *done,
	void *arg, struct acmems_error *err)
{
	(void)ctx;
	return acmems_http_call_start(call, done, arg, err);
}

static void cancel(void *ctx, uint64_t id)
{
	(void)ctx;
	acmems_http_call_cancel(id);
}

const struct acme_transport acme_transport_http = {.start = start, .cancel = cancel};
