/* SPDX-License-Identifier: ISC */
/*
 * mail_text.c - events as a mail. Nothing of an event stands in the header as it is: the subject is
 * made of encoded words unless it is plain printable ASCII, the body is base64.
 */
#include "mail_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <acmems/crypto.h>

#define LINE_BYTES 57 /* 76 characters of base64 */
#define WORD_BYTES 39 /* of an encoded word; a line with one may have 76 characters (RFC 2047, 2) */

/* ---- header ---- */

/* Could it stand in a header as it is, on one line? */
static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return len <= 60 && !strstr(text, "=?");
}

static void add_subject(struct mail_out *out, const char *subject)
{
	char word[ACMEMS_BASE64_LEN(WORD_BYTES) + 1];
	size_t len = strlen(subject);

	if (is_plain(subject, len)) {
		mail_addf(out, "Subject: %s\r\n", subject);
		return;
	}
	mail_add(out, "Subject:");
	while (len > 0) {
		size_t part = mail_whole(subject, len, WORD_BYTES);

		acmems_base64(subject, part, word);
		mail_addf(out, " =?UTF-8?B?%s?=\r\n", word);
		subject += part;
		len -= part;
	}
}

/* RFC 5322, 3.3; names of days and months are those of no language but the protocol's. */
static void add_date(struct mail_out *out, int64_t when)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t time = (time_t)when;
	struct tm tm;

	if (gmtime_r(&time, &tm))
		mail_addf(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
			days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
			tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The same for the same events, so that doubles can be told. */
static void add_id(struct mail_out *out, const struct mail_head *head,
	const struct acmems_event *const *events, size_t count)
{
	char others[64] = "";

	if (count > 1)
		snprintf(others, sizeof(others), "-%" PRIu64 "-%zu", events[count - 1]->id, count);
	mail_addf(out, "Message-ID: <%" PRIu64 "%s.%s.acmems@%s>\r\n", events[0]->id, others,
		head->instance, head->host);
}

static void add_title(struct mail_out *out, const struct mail_head *head,
	const struct acmems_event *const *events, size_t count)
{
	struct mail_out subject = {0};

	if (head->prefix[0])
		mail_addf(&subject, "%s ", head->prefix);
	if (count > 1)
		mail_digest_title(&subject, events, count);
	else
		mail_add(&subject, events[0]->summary);
	out->failed = out->failed || subject.failed;
	if (!out->failed)
		add_subject(out, subject.data ? subject.data : "");
	free(subject.data);
}

static void add_header(struct mail_out *out, const struct mail_head *head,
	const struct acmems_event *const *events, size_t count)
{
	int64_t when = events[0]->when;

	mail_addf(out, "From: %s\r\n", head->from);
	for (size_t i = 0; head->to[i]; i++)
		mail_addf(out, "%s%s%s", i > 0 ? ",\r\n " : "To: ", head->to[i],
			head->to[i + 1] ? "" : "\r\n");
	add_title(out, head, events, count);
	for (size_t i = 1; i < count; i++)
		when = events[i]->when > when ? events[i]->when : when;
	add_date(out, when);
	add_id(out, head, events, count);
	mail_add(out, "Auto-Submitted: auto-generated\r\n"
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: base64\r\n"
		      "\r\n");
}

/* ---- body ---- */

static void add_base64(struct mail_out *out, const struct mail_out *body)
{
	char line[ACMEMS_BASE64_LEN(LINE_BYTES) + 1];

	for (size_t at = 0; at < body->len; at += LINE_BYTES) {
		size_t len = body->len - at < LINE_BYTES ? body->len - at : LINE_BYTES;

		acmems_base64(body->data + at, len, line);
		mail_addf(out, "%s\r\n", line);
	}
}

char *mail_text(const struct mail_head *head, const struct acmems_event *const *events,
	size_t count, size_t *ret_len)
{
	struct mail_out out = {0}, body = {0};

	add_header(&out, head, events, count);
	if (count > 1)
		mail_digest(&body, events, count);
	else
		mail_body(&body, events[0]);
	if (!body.failed)
		add_base64(&out, &body);
	free(body.data);
	if (!out.failed && !body.failed) {
		*ret_len = out.len;
		return out.data;
	}
	free(out.data);
	return NULL;
}
