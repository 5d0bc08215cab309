/* SPDX-License-Identifier: ISC */
/* notify/mail_parts.h - the text of a mail. Between mail.c and mail_text.c. */
#ifndef MAIL_PARTS_H
#define MAIL_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/notify.h>

/* What does not come from the event. */
struct mail_head {
	const char *from; /* address */
	const char *const *to; /* addresses, NULL at the end */
	const char *prefix; /* of the subject, "" for none */
	const char *host; /* of this machine, for Message-ID */
	const char *instance;
};

/*
 * The whole message: header (RFC 5322, 2047, 3834) and body in UTF-8 as base64, in lines of at most 76
 * bytes that end in CR LF. To be freed; NULL: no memory.
 */
char *mail_text(const struct mail_head *head, const struct acmems_event *event, size_t *ret_len);

#endif
