/* SPDX-License-Identifier: ISC */
/* status.c - see status.h. */
#include "acme/status.h"

#include <string.h>

#include "acme/json.h"

static const char *const names[ACME_STATUS_COUNT] = {
	[ACME_STATUS_MISSING] = "missing",
	[ACME_STATUS_PENDING] = "pending",
	[ACME_STATUS_READY] = "ready",
	[ACME_STATUS_PROCESSING] = "processing",
	[ACME_STATUS_VALID] = "valid",
	[ACME_STATUS_INVALID] = "invalid",
	[ACME_STATUS_DEACTIVATED] = "deactivated",
	[ACME_STATUS_EXPIRED] = "expired",
	[ACME_STATUS_REVOKED] = "revoked",
	[ACME_STATUS_UNKNOWN] = "unknown",
};

bool acme_status_read(
	const struct acmems_json *object, enum acme_status *ret_status, struct acmems_error *err)
{
	const char *text;

	if (!acmems_json_text(object, "status", JSON_MAX, &text, err))
		return false;
	*ret_status = text ? ACME_STATUS_UNKNOWN : ACME_STATUS_MISSING;
	for (int i = ACME_STATUS_PENDING; text && i < ACME_STATUS_UNKNOWN; i++) {
		if (strcmp(text, names[i]) == 0)
			*ret_status = (enum acme_status)i;
	}
	return true;
}

const char *acme_status_name(enum acme_status status)
{
	return names[status];
}
