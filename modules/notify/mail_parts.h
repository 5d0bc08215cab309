/* SPDX-License-Identifier: ISC */
/* notify/mail_parts.h - the text of a mail. Between mail.c and its parts. */
#ifndef MAIL_PARTS_H
#define MAIL_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/notify.h>

/* ---- mail_out.c: text that grows, up to 1 MiB ---- */

struct mail_out {
	char *data; /* NUL-terminated, to be freed; NULL: nothing yet */
	size_t len;
	size_t room;
	bool failed; /* no memory, or too long: of no use */
};

void mail_bytes(struct mail_out *out, const char *data, size_t len);
void mail_add(struct mail_out *out, const char *text);

/* At most 899 bytes. */
void mail_addf(struct mail_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How much of UTF-8 text, at most max bytes, ends between characters. */
size_t mail_whole(const char *text, size_t len, size_t max);

/* ---- mail_body.c: events as text, which may hold whatever the events do ---- */

/* One event at length: what happened, and a line for each fact. */
void mail_body(struct mail_out *out, const struct acmems_event *event);

/* Several: how many of what, then each in short. */
void mail_digest(struct mail_out *out, const struct acmems_event *const *events, size_t count);

/* Of several, in one line: "12 events: 7 issued, 5 rejected". */
void mail_digest_title(
	struct mail_out *out, const struct acmems_event *const *events, size_t count);

/* ---- mail_text.c ---- */

/* What does not come from the events. */
struct mail_head {
	const char *from; /* address */
	const char *const *to; /* addresses, NULL at the end */
	const char *prefix; /* of the subject, "" for none */
	const char *host; /* of this machine, for Message-ID */
	const char *instance;
};

/*
 * The whole message: header (RFC 5322, 2047, 3834) and body in UTF-8 as base64, in lines of at most 76
 * bytes that end in CR LF. One event or more. To be freed; NULL: no memory.
 */
char *mail_text(const struct mail_head *head, const struct acmems_event *const *events,
	size_t count, size_t *ret_len);

#endif
