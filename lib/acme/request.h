/* SPDX-License-Identifier: ISC */
/*
 * acme/request.h - one signed request to the CA, with every repair a request can have.
 *
 * The only room that knows nonces, JWS, badNonce, Retry-After, 429, 5xx and lost connections. A
 * request goes out signed, and comes back as a decoded answer or as an error:
 *   - badNonce: again at once with the nonce of that very answer, as often as it takes within the
 *     deadline (CAs may reject many in a row), at most 250 times
 *   - a lost connection or 5xx: again after 0.25 s, doubling, up to 4 times; Retry-After obeyed if it
 *     fits into the deadline; a POST is repeated only where repeating is harmless or `repeatable`
 *   - 429 and other problems: an error, with problem type, retry_after and detail lines by name
 *   - an answer that is not what was asked for (type, size, JSON): ACMEMS_BAD_ANSWER
 * At most 32 requests of an account are on the wire at once; others wait in order.
 */
#ifndef ACME_REQUEST_H
#define ACME_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include "acme/client.h"

struct acmems_json;

enum acme_expect {
	ACME_EXPECT_JSON, /* an object */
	ACME_EXPECT_CHAIN, /* application/pem-certificate-chain */
};

struct acme_request {
	const char *url;
	const char *payload; /* JSON text; NULL for POST-as-GET */
	enum acme_expect expect;
	bool repeatable; /* may be sent again when its answer was lost */
	bool with_jwk; /* newAccount: jwk instead of kid */
	int64_t timeout_ms; /* for everything, waiting in line included; 0: 60,000 */
};

/* A good answer (2xx), valid during the callback. */
struct acme_answer {
	int status;
	const struct acmems_json *json; /* ACME_EXPECT_JSON */
	const char *body; /* NUL-terminated */
	size_t len;
	const char *location; /* Location header or NULL */
	int64_t retry_after_ms; /* -1: none; bounded to a day */
};

typedef void acme_request_done(
	void *arg, const struct acme_answer *answer, const struct acmems_error *err);

/* done comes exactly once, from the loop, unless cancelled. 0 and *err on failure. */
uint64_t acme_request_start(struct acme_client *client, const struct acme_request *request,
	acme_request_done *done, void *arg, struct acmems_error *err);

/* Silent; harmless for 0 and numbers that are done. */
void acme_request_cancel(struct acme_client *client, uint64_t id);

/* Retry-After as seconds or HTTP date (RFC 9110, 10.2.3) -> ms from now, 0..86,400,000; -1 if it
 * makes no sense. */
int64_t acme_retry_after(const char *value, int64_t wall_now);

#endif
