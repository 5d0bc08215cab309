/* SPDX-License-Identifier: ISC */
/*
 * smtp_talk.c - see smtp_talk.h. A server that speaks before it was asked, or while it is being told
 * something, is not understood: its reply might be taken for one to the next command, and a mail for
 * delivered that never was.
 */
#include "net/smtp_talk.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[SMTP_TALK_MAIL] = "the sender",
	[SMTP_TALK_RCPT] = "a recipient",
	[SMTP_TALK_DATA] = "the wish to send",
	[SMTP_TALK_MESSAGE] = "the message",
	[SMTP_TALK_QUIT] = "the farewell",
	[SMTP_TALK_OVER] = "the end",
};

/* ---- saying ---- */

static void say(struct smtp_talk *talk, enum smtp_talk_state state, const char *command,
	const char *address)
{
	int len = address ? snprintf(talk->out, sizeof(talk->out), "%s:<%s>\r\n", command, address)
			  : snprintf(talk->out, sizeof(talk->out), "%s\r\n", command);

	talk->state = state;
	talk->out_at = 0;
	talk->out_len = (size_t)len;
	if (talk->out_len >= sizeof(talk->out))
		smtp_talk_break(talk, ACMEMS_CONFIG, "an address is too long");
}

void smtp_talk_begin(struct smtp_talk *talk, const char *from, const char *const *to,
	const char *message, size_t message_len)
{
	memset(talk, 0, sizeof(*talk));
	talk->to = to;
	talk->message = message;
	talk->left = message_len;
	talk->whole_lines = message_len == 0 ||
			    (message_len > 1 && memcmp(message + message_len - 2, "\r\n", 2) == 0);
	talk->line_start = true;
	say(talk, SMTP_TALK_MAIL, "MAIL FROM", from);
}

/*
 * The next piece of the message, and what ends it. A dot is doubled where any server may see the begin
 * of a line (RFC 5321, 4.5.2), behind a CR or LF that stands alone too: none can find an end in it.
 */
static void fill(struct smtp_talk *talk)
{
	size_t len = 0;

	while (talk->left > 0 && len + 2 <= sizeof(talk->out)) {
		char c = *talk->message++;

		if (c == '.' && talk->line_start)
			talk->out[len++] = '.';
		talk->out[len++] = c;
		talk->line_start = c == '\n' || c == '\r';
		talk->left--;
	}
	if (talk->left == 0 && len + 5 <= sizeof(talk->out)) {
		const char *end = talk->whole_lines ? ".\r\n" : "\r\n.\r\n";

		memcpy(talk->out + len, end, strlen(end));
		len += strlen(end);
		talk->dot = true;
	}
	talk->out_at = 0;
	talk->out_len = len;
}

static bool has_more(const struct smtp_talk *talk)
{
	return talk->state != SMTP_TALK_OVER &&
	       (talk->out_at < talk->out_len || (talk->state == SMTP_TALK_MESSAGE && !talk->dot));
}

const char *smtp_talk_says(struct smtp_talk *talk, size_t *ret_len)
{
	if (!has_more(talk))
		return NULL;
	if (talk->out_at == talk->out_len)
		fill(talk);
	*ret_len = talk->out_len - talk->out_at;
	return talk->out + talk->out_at;
}

void smtp_talk_said(struct smtp_talk *talk, size_t len)
{
	talk->out_at += len;
}

/* ---- outcomes ---- */

void smtp_talk_break(struct smtp_talk *talk, enum acmems_code code, const char *why)
{
	if (talk->outcome == SMTP_TALK_OPEN) {
		talk->outcome = SMTP_TALK_REFUSED;
		acmems_error_set(&talk->err, code, "%s, at %s%s%s", why, names[talk->state],
			talk->reply[0] ? "; it said last: " : "", talk->reply);
	}
	talk->state = SMTP_TALK_OVER;
}

/* That the server says no, in whatever words, may be mended there. */
static void refused(struct smtp_talk *talk)
{
	talk->outcome = SMTP_TALK_REFUSED;
	acmems_error_set(&talk->err, ACMEMS_UNAVAILABLE, "it does not take %s: %s",
		talk->state == SMTP_TALK_RCPT ? talk->to[-1] : names[talk->state], talk->reply);
	say(talk, SMTP_TALK_QUIT, "QUIT", NULL);
}

/* Replies are told apart by their first digit (RFC 5321, 4.2). */
static void judge(struct smtp_talk *talk)
{
	int class = talk->code / 100;

	talk->code = 0;
	if (talk->state == SMTP_TALK_QUIT) {
		talk->state = SMTP_TALK_OVER;
	} else if (class == 4 || class == 5) {
		refused(talk);
	} else if (class != (talk->state == SMTP_TALK_DATA ? 3 : 2)) {
		smtp_talk_break(talk, ACMEMS_BAD_ANSWER, "its answer makes no sense");
	} else if (talk->state == SMTP_TALK_DATA) {
		talk->state = SMTP_TALK_MESSAGE;
	} else if (talk->state == SMTP_TALK_MESSAGE) {
		talk->outcome = SMTP_TALK_TAKEN;
		say(talk, SMTP_TALK_QUIT, "QUIT", NULL);
	} else if (*talk->to) {
		say(talk, SMTP_TALK_RCPT, "RCPT TO", *talk->to++);
	} else {
		say(talk, SMTP_TALK_DATA, "DATA", NULL);
	}
}

/* ---- hearing ---- */

/* Three digits, of which the first is 2 to 5; else 0. */
static int code_of(const char *line)
{
	if (line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '9' || line[2] < '0' ||
		line[2] > '9')
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* The first line of a reply with its code, the text of the others behind it. */
static void note(struct smtp_talk *talk, bool first)
{
	size_t len = first ? 0 : strlen(talk->reply);
	size_t room = sizeof(talk->reply) - len;

	if (first)
		snprintf(talk->reply, room, "%.3s%s%s", talk->line, talk->line[3] ? " " : "",
			talk->line[3] ? talk->line + 4 : "");
	else
		snprintf(talk->reply + len, room, " %s", talk->line[3] ? talk->line + 4 : "");
	for (char *c = talk->reply + len; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
}

/* A line without its end. */
static void on_line(struct smtp_talk *talk)
{
	bool first = talk->code == 0;
	int code = code_of(talk->line);

	if (code == 0 || !strchr(" -", talk->line[3]) || (!first && code != talk->code)) {
		smtp_talk_break(talk, ACMEMS_BAD_ANSWER, "its answer makes no sense");
		return;
	}
	talk->code = code;
	note(talk, first);
	if (talk->line[3] == '-')
		return;
	if (has_more(talk))
		smtp_talk_break(talk, ACMEMS_BAD_ANSWER, "it spoke out of turn");
	else
		judge(talk);
}

void smtp_talk_hears(struct smtp_talk *talk, const char *data, size_t len)
{
	for (size_t i = 0; i < len && talk->state != SMTP_TALK_OVER; i++) {
		if (++talk->heard > SMTP_TALK_HEARD_MAX) {
			smtp_talk_break(talk, ACMEMS_BAD_ANSWER, "it says too much");
		} else if (data[i] == '\n') {
			if (talk->line_len > 0 && talk->line[talk->line_len - 1] == '\r')
				talk->line_len--;
			talk->line[talk->line_len] = '\0';
			talk->line_len = 0;
			on_line(talk);
		} else if (talk->line_len + 1 == sizeof(talk->line)) {
			smtp_talk_break(talk, ACMEMS_BAD_ANSWER, "it says too long a line");
		} else {
			talk->line[talk->line_len++] = data[i];
		}
	}
}
