/* SPDX-License-Identifier: ISC */
/* acme/status.h - the word "status" of the CA's objects (RFC 8555, 7.1.6). */
#ifndef ACME_STATUS_H
#define ACME_STATUS_H

#include <stdbool.h>

#include <acmems/error.h>

struct acmems_json;

enum acme_status {
	ACME_STATUS_MISSING,
	ACME_STATUS_PENDING,
	ACME_STATUS_READY,
	ACME_STATUS_PROCESSING,
	ACME_STATUS_VALID,
	ACME_STATUS_INVALID,
	ACME_STATUS_DEACTIVATED,
	ACME_STATUS_EXPIRED,
	ACME_STATUS_REVOKED,
	ACME_STATUS_UNKNOWN, /* a word that no RFC knows */
};
#define ACME_STATUS_COUNT (ACME_STATUS_UNKNOWN + 1)

/* Of an object; false when it is there and not even text. */
bool acme_status_read(
	const struct acmems_json *object, enum acme_status *ret_status, struct acmems_error *err);

/* As it is written; "missing" and "unknown" for the two that are not. */
const char *acme_status_name(enum acme_status status);

#endif
