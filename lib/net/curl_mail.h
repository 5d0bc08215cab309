/* SPDX-License-Identifier: ISC */
/*
 * net/curl_mail.h - one mail through curl, on a multi handle of its own: mails are rare, and a
 * connection that is kept for the next one would only grow old. Names are resolved before (smtp.c).
 */
#ifndef NET_CURL_MAIL_H
#define NET_CURL_MAIL_H

#include <acmems/smtp.h>

struct curl_mail;

/* Between them the host and port of url and its addresses, as curl wants them. */
struct curl_mail_request {
	const struct acmems_smtp_call *call;
	const char *host; /* for messages */
	const char *resolve; /* "HOST:PORT:ADDRESS,..." or NULL */
	int64_t timeout_ms;
};

/* Copies all it needs but the message, which must stay. done comes from the loop. NULL and *err. */
struct curl_mail *curl_mail_start(const struct curl_mail_request *request, acmems_smtp_done *done,
	void *arg, struct acmems_error *err);

/* Before done has come. */
void curl_mail_cancel(struct curl_mail *mail);

#endif
