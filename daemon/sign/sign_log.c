/* SPDX-License-Identifier: ISC */
/* sign_log.c - puts peer, names, block and duration around what happened. */
#include "sign/sign_log.h"

#include <inttypes.h>
#include <stdio.h>

#include <acmems/log.h>
#include <acmems/loop.h>
#include "sign/log_text.h"

#define WHAT_MAX (LOG_TEXT_ERROR_MAX + 64)

static void write_line(const struct sign_log *log, enum acmems_log_level level, const char *what)
{
	char peer[ACMEMS_ADDRESS_TEXT_MAX];
	char names[LOG_TEXT_NAMES_MAX];

	acmems_log(level, "sign", log->subject, "%s: %s: %s%s%s%s, %" PRId64 " ms",
		acmems_address_text(log->peer, peer),
		log->csr ? log_text_names(log->csr, names) : "no CSR", what,
		log->block ? ", block \"" : "", log->block ? log->block : "",
		log->block ? "\"" : "", acmems_clock_ms() - log->started);
}

void sign_log_done(const struct sign_log *log, const char *what)
{
	if (acmems_log_enabled(ACMEMS_LOG_INFO))
		write_line(log, ACMEMS_LOG_INFO, what);
}

void sign_log_failed(const struct sign_log *log, int status, const struct acmems_error *err)
{
	/* our own faults need somebody; all else is the client's or the CA's, or was said before */
	enum acmems_log_level level = status == 500 ? ACMEMS_LOG_ERROR : ACMEMS_LOG_INFO;
	char what[WHAT_MAX];
	char text[LOG_TEXT_ERROR_MAX];

	if (!acmems_log_enabled(level))
		return;
	/* a refusal's details are the closest block and what it missed */
	snprintf(what, sizeof(what), "%d: %s", status, log_text_error(err, text));
	write_line(log, level, what);
}

void sign_log_gone(const struct sign_log *log, const char *step)
{
	char what[64];

	snprintf(what, sizeof(what), "client left during %s", step);
	sign_log_done(log, what);
}
