/* SPDX-License-Identifier: ISC */
/*
 * mail_text.c - an event as a mail. Nothing of the event stands in the header as it is: the subject is
 * made of encoded words unless it is plain printable ASCII, the body is base64.
 */
#include "mail_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <acmems/crypto.h>

#define TEXT_MAX (1u << 20)
#define LINE_BYTES 57 /* 76 characters of base64 */
#define WORD_BYTES 42 /* of an encoded word, which may have 75 characters (RFC 2047, 2) */

struct text {
	char *data;
	size_t len;
	size_t room;
	bool failed;
};

static void add_bytes(struct text *text, const char *data, size_t len)
{
	size_t room = text->room > 0 ? text->room : 1024;
	char *larger;

	if (text->failed || len > TEXT_MAX - text->len) {
		text->failed = true;
		return;
	}
	while (room <= text->len + len)
		room *= 2;
	larger = room > text->room ? realloc(text->data, room) : text->data;
	if (!larger) {
		text->failed = true;
		return;
	}
	text->data = larger;
	text->room = room;
	memcpy(text->data + text->len, data, len);
	text->len += len;
	text->data[text->len] = '\0';
}

static void add(struct text *text, const char *more)
{
	add_bytes(text, more, strlen(more));
}

__attribute__((format(printf, 2, 3))) static void addf(struct text *text, const char *format, ...)
{
	char line[900];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	add(text, line);
}

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

/* How much of text, at most max bytes, ends between characters. */
static size_t whole(const char *text, size_t len, size_t max)
{
	size_t cut = len < max ? len : max;

	while (cut > 0 && cut < len && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;
	return cut > 0 ? cut : (len < max ? len : max);
}

static void add_subject(struct text *out, const char *subject)
{
	char word[ACMEMS_BASE64_LEN(WORD_BYTES) + 1];
	size_t len = strlen(subject);

	if (is_plain(subject, len)) {
		addf(out, "Subject: %s\r\n", subject);
		return;
	}
	add(out, "Subject:");
	while (len > 0) {
		size_t part = whole(subject, len, WORD_BYTES);

		acmems_base64(subject, part, word);
		addf(out, " =?UTF-8?B?%s?=\r\n", word);
		subject += part;
		len -= part;
	}
}

/* RFC 5322, 3.3; names of days and months are those of no language but the protocol's. */
static void add_date(struct text *out, int64_t when)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t time = (time_t)when;
	struct tm tm;

	if (gmtime_r(&time, &tm))
		addf(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
			days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
			tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_header(
	struct text *out, const struct mail_head *head, const struct acmems_event *event)
{
	struct text subject = {0};

	addf(out, "From: %s\r\n", head->from);
	for (size_t i = 0; head->to[i]; i++)
		addf(out, "%s%s%s", i > 0 ? ",\r\n " : "To: ", head->to[i],
			head->to[i + 1] ? "" : "\r\n");
	if (head->prefix[0])
		addf(&subject, "%s ", head->prefix);
	add(&subject, event->summary);
	out->failed = out->failed || subject.failed;
	if (!out->failed)
		add_subject(out, subject.data ? subject.data : "");
	free(subject.data);
	add_date(out, event->when);
	addf(out, "Message-ID: <%" PRIu64 ".%s.acmems@%s>\r\n", event->id, head->instance,
		head->host);
	add(out, "Auto-Submitted: auto-generated\r\n"
		 "MIME-Version: 1.0\r\n"
		 "Content-Type: text/plain; charset=utf-8\r\n"
		 "Content-Transfer-Encoding: base64\r\n"
		 "\r\n");
}

/* ---- body ---- */

/* A field on a line of its own; further lines of its text are moved in. */
static void add_field(struct text *out, const char *name, const char *text)
{
	addf(out, "%-14s ", name);
	for (; *text; text++)
		add_bytes(
			out, *text == '\n' ? "\r\n               " : text, *text == '\n' ? 17 : 1);
	add(out, "\r\n");
}

static void add_time(struct text *out, const char *name, int64_t when)
{
	char text[ACMEMS_EVENT_TIME_MAX];

	acmems_event_time(when, text);
	add_field(out, name, text);
}

static void add_body(struct text *out, const struct acmems_event *event)
{
	char count[16];

	addf(out, "%s\r\n\r\n", event->summary);
	add_field(out, "event", event->name);
	if (event->count > 1) {
		snprintf(count, sizeof(count), "%" PRIu32, event->count);
		add_field(out, "count", count);
		add_time(out, "first", event->first);
	}
	add_time(out, "time", event->when);
	for (size_t i = 0; i < event->field_count; i++)
		add_field(out, event->fields[i].name, event->fields[i].text);
}

static void add_base64(struct text *out, const struct text *body)
{
	char line[ACMEMS_BASE64_LEN(LINE_BYTES) + 1];

	for (size_t at = 0; at < body->len; at += LINE_BYTES) {
		size_t len = body->len - at < LINE_BYTES ? body->len - at : LINE_BYTES;

		acmems_base64(body->data + at, len, line);
		addf(out, "%s\r\n", line);
	}
}

char *mail_text(const struct mail_head *head, const struct acmems_event *event, size_t *ret_len)
{
	struct text out = {0}, body = {0};

	add_header(&out, head, event);
	add_body(&body, event);
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
