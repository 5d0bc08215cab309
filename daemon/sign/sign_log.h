/* SPDX-License-Identifier: ISC */
/* sign_log.h - the one line that says what became of a request. */
#ifndef SIGN_LOG_H
#define SIGN_LOG_H

#include <stdint.h>

#include <acmems/address.h>
#include <acmems/error.h>
#include <acmems/x509.h>

/* What is known of the request when it ends. */
struct sign_log {
	const char *subject; /* "r12" */
	const struct acmems_address *peer;
	const struct acmems_csr *csr; /* NULL: not read */
	const char *block; /* NULL: none has won */
	int64_t started; /* acmems_clock_ms() */
};

/* It was answered with a chain: "issued", "kept", "unchanged". */
void sign_log_done(const struct sign_log *log, const char *what);

/* It was answered with an error, of this status. A refusal names the block that came closest. */
void sign_log_failed(const struct sign_log *log, int status, const struct acmems_error *err);

/* Its client left while `step` was under way. */
void sign_log_gone(const struct sign_log *log, const char *step);

#endif
