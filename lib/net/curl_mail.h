/* SPDX-License-Identifier: ISC */
/*
 * net/curl_mail.h - one mail: a connection of curl's, and smtp_talk.h's talk over it. Names are resolved
 * before (smtp.c).
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

/*
 * done comes once, from the loop, unless cancelled; until then all that request has is borrowed, but
 * not request itself nor `resolve`. NULL and *err on failure.
 */
struct curl_mail *curl_mail_start(const struct curl_mail_request *request, acmems_smtp_done *done,
	void *arg, struct acmems_error *err);

/* Before done has come. Silent; closes the connection without a word. */
void curl_mail_cancel(struct curl_mail *mail);

/* Cancels what is under way. Before curl_pool_fini(), not from inside done. */
void curl_mail_fini(void);

#endif
