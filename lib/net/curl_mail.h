/* SPDX-License-Identifier: ISC */
/*
 * net/curl_mail.h - one mail through curl, on a thread of its own. Names are resolved before (smtp.c).
 */
#ifndef NET_CURL_MAIL_H
#define NET_CURL_MAIL_H

#include <acmems/smtp.h>

struct curl_mail;

struct curl_mail_request {
	const struct acmems_smtp_call *call;
	const char *host; /* for messages */
	const char *resolve; /* "HOST:PORT:ADDRESS,..." or NULL */
	int64_t timeout_ms;
};

/* Copies all it needs. done comes from the loop. NULL and *err. */
struct curl_mail *curl_mail_start(const struct curl_mail_request *request, acmems_smtp_done *done,
	void *arg, struct acmems_error *err);

/* Before done has come. Silent; what is under way ends by itself within a second. */
void curl_mail_cancel(struct curl_mail *mail);

/* Cancels what is under way and waits for it, a second as a rule. */
void curl_mail_fini(void);

#endif
