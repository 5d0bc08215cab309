/* SPDX-License-Identifier: ISC */
/*
 * net/smtp_talk.h - what is said to an SMTP server that knows us already (RFC 5321, 3.3): MAIL, RCPT for
 * each recipient, DATA, the message, QUIT. Takes what the server says, gives what to say to it, one
 * command at a time; no input or output, no time. curl_mail.c has the connection.
 *
 * Life: begin -> (says -> said | hears)... until it is over; broken at any time. The outcome is known
 * before that: what follows is the farewell, in which nothing that was given to begin is used any more.
 */
#ifndef NET_SMTP_TALK_H
#define NET_SMTP_TALK_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>

#define SMTP_TALK_PIECE 8192 /* most bytes that are given at once */
#define SMTP_TALK_LINE_MAX 1000 /* of a reply; RFC 5321, 4.5.3.1.5 grants 512 */
#define SMTP_TALK_HEARD_MAX 65536 /* all that a server may say */
#define SMTP_TALK_REPLY_MAX 400

enum smtp_talk_state {
	SMTP_TALK_MAIL,
	SMTP_TALK_RCPT,
	SMTP_TALK_DATA,
	SMTP_TALK_MESSAGE,
	SMTP_TALK_QUIT,
	SMTP_TALK_OVER,
};

enum smtp_talk_outcome {
	SMTP_TALK_OPEN,
	SMTP_TALK_TAKEN, /* by the server, for all recipients: `reply` says how */
	SMTP_TALK_REFUSED, /* for all: `err` says why. Also when the talk broke off */
};

struct smtp_talk {
	/* for the caller to read */
	enum smtp_talk_state state;
	enum smtp_talk_outcome outcome;
	char reply[SMTP_TALK_REPLY_MAX]; /* the last one, on one line: "250 2.0.0 Ok: queued" */
	struct acmems_error err;
	/* its own */
	const char *const *to; /* the next one */
	const char *message;
	size_t left; /* of the message */
	bool whole_lines; /* the message ends as lines do */
	bool line_start;
	bool dot; /* the end of the message is in `out` or further */
	char out[SMTP_TALK_PIECE];
	size_t out_at, out_len;
	char line[SMTP_TALK_LINE_MAX];
	size_t line_len;
	size_t heard;
	int code; /* of the reply under way; 0: none */
};

/*
 * Addresses without brackets, `to` with NULL at the end, are the caller's to have checked: they become
 * part of commands. All are borrowed until there is an outcome.
 */
void smtp_talk_begin(struct smtp_talk *talk, const char *from, const char *const *to,
	const char *message, size_t message_len);

/* What is to be said next, the same bytes until said; NULL: nothing, it is the server's turn. */
const char *smtp_talk_says(struct smtp_talk *talk, size_t *ret_len);

/* That many of those are said. */
void smtp_talk_said(struct smtp_talk *talk, size_t len);

/* The server has said this, in any pieces. */
void smtp_talk_hears(struct smtp_talk *talk, const char *data, size_t len);

/* Ends the talk, refused for that reason unless the outcome is known. */
void smtp_talk_break(struct smtp_talk *talk, enum acmems_code code, const char *why);

#endif
