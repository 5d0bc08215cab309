/* SPDX-License-Identifier: ISC */
/*
 * smtp.h - mail for modules: one message to one server (RFC 5321), over TLS if so wanted (RFC 3207).
 */
#ifndef ACMEMS_SMTP_H
#define ACMEMS_SMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

struct acmems_smtp_call {
	const char *
		url; /* "smtp://HOST[:PORT]", "smtps://..." for TLS from the first byte; ports 25, 465 */
	bool starttls; /* with smtp: TLS after STARTTLS, or nothing is sent */
	const char *ca_file; /* extra trust anchors, PEM; NULL for the system's only */
	const char *user; /* NULL: nobody */
	const char *password;
	const char *from; /* address, without brackets: printable ASCII, no space, '<' or '>' */
	const char *const *to; /* addresses alike, NULL at the end; one at least */
	const void *
		message; /* header and body, lines of at most 998 bytes that end in CR LF; copied */
	size_t message_len;
	int64_t timeout_ms; /* for everything, name resolution included; 0: 30,000 */
};

/* Either answer, the server's last line ("250 2.0.0 Ok: queued"), or err is given. */
typedef void acmems_smtp_done(void *arg, const char *answer, const struct acmems_error *err);

/*
 * Checks url and addresses as a call would be. False and *err, ACMEMS_CONFIG.
 */
bool acmems_smtp_check(const struct acmems_smtp_call *call, struct acmems_error *err);

/*
 * Starts a call; done comes exactly once, from the loop, unless it is cancelled. The message is
 * taken for all of `to` or for none. Returns its number, or 0 and *err.
 */
uint64_t acmems_smtp_start(const struct acmems_smtp_call *call, acmems_smtp_done *done, void *arg,
	struct acmems_error *err);

/* Silent; harmless for a number that is done. */
void acmems_smtp_cancel(uint64_t id);

#endif
