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

/* All of it is copied; the copy of the password is wiped at the end. */
struct acmems_smtp_call {
	/*
	 * "smtp://HOST[:PORT]", or "smtps://HOST[:PORT]" for TLS from the first byte; without a port
	 * it is 25 or 465. HOST is a name, an IPv4 address or an IPv6 address in brackets.
	 */
	const char *url;
	bool starttls; /* with smtp: TLS after STARTTLS, or nothing is sent */
	const char *ca_file; /* extra trust anchors, PEM; NULL for the system's only */
	const char *user; /* to log in as (RFC 4954), if the server offers it; NULL: nobody */
	const char *password; /* of the user; NULL: an empty one */
	/* Address without brackets: printable ASCII, an '@', no space, '<' or '>', 319 bytes at most. */
	const char *from;
	const char *const *to; /* addresses alike, NULL at the end; one at least */
	/* Header and body, lines of at most 998 bytes that end in CR LF (RFC 5322, 2.1.1); dots as is. */
	const void *message;
	size_t message_len; /* bytes */
	int64_t timeout_ms; /* for everything, name resolution included; 0: 30,000 */
};

/*
 * Either answer, the server's last line ("250 2.0.0 Ok: queued"), or err, valid during the call:
 * ACMEMS_TIMEOUT, ACMEMS_NO_MEMORY, ACMEMS_CONFIG for trust anchors that can not be read,
 * ACMEMS_BAD_ANSWER for what is no SMTP, else ACMEMS_UNAVAILABLE, with the server's words if there are any.
 */
typedef void acmems_smtp_done(void *arg, const char *answer, const struct acmems_error *err);

/* Checks url, from and to, none of which may be NULL, as a call would. False and *err, ACMEMS_CONFIG. */
bool acmems_smtp_check(const struct acmems_smtp_call *call, struct acmems_error *err);

/*
 * Starts a call; done comes exactly once, from the loop, unless it is cancelled. The message is
 * taken for all of `to` or for none. Returns its number, or 0 and *err (as acmems_smtp_check(), or no
 * memory).
 */
uint64_t acmems_smtp_start(const struct acmems_smtp_call *call, acmems_smtp_done *done, void *arg,
	struct acmems_error *err);

/* Silent; harmless for a number that is done. */
void acmems_smtp_cancel(uint64_t id);

#endif
