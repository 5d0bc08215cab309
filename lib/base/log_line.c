/* SPDX-License-Identifier: ISC */
/*
 * log_line.c - what may appear in a log line. Everything that could move a cursor, forge a line or
 * break a parser is written as \xNN: what utf8_harmless() does not let through, and invalid UTF-8.
 */
#include "base/log_line.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

struct out {
	char *data;
	size_t len;
	size_t room;
	bool full;
};

static void add(struct out *out, const char *data, size_t len)
{
	/* four bytes are kept for "..." or a JSON end */
	if (out->full || out->len + len + 4 > out->room) {
		out->full = true;
		return;
	}
	memcpy(out->data + out->len, data, len);
	out->len += len;
}

static void add_text(struct out *out, const char *text)
{
	add(out, text, strlen(text));
}

/* How many bytes at text can be written as they are, seen one by one. */
static size_t plain_run(const unsigned char *text)
{
	size_t len = 0;

	while (text[len] >= 0x20 && text[len] < 0x7f && text[len] != '"' && text[len] != '\\')
		len++;
	return len;
}

static void add_escaped(struct out *out, const char *text, bool json)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		uint32_t point = 0;
		size_t len = plain_run(at);
		char escape[8];

		/* a run that does not fit is cut byte by byte below */
		if (len > 0 && out->len + len + 4 <= out->room) {
			add(out, (const char *)at, len);
			at += len;
			continue;
		}
		len = utf8_decode(at, 4, &point);
		if (json && (*at == '"' || *at == '\\')) {
			/* both or neither, where the line is full */
			add(out, *at == '"' ? "\\\"" : "\\\\", 2);
		} else if (len > 0 && utf8_harmless(point)) {
			add(out, (const char *)at, len);
		} else {
			len = len ? len : 1;
			for (size_t i = 0; i < len; i++) {
				int n = snprintf(escape, sizeof(escape), "%s\\x%02x",
					json ? "\\" : "", at[i]);
				add(out, escape, (size_t)n);
			}
		}
		at += len;
	}
}

static void format_text(const struct log_line *line, struct out *out)
{
	if (line->time) {
		add_text(out, line->time);
		add(out, " ", 1);
		add_text(out, log_level_names[line->level]);
		add(out, " ", 1);
	}
	add_escaped(out, line->room, false);
	if (line->subject) {
		add(out, " ", 1);
		add_escaped(out, line->subject, false);
	}
	add(out, ": ", 2);
	add_escaped(out, line->message, false);
	if (out->full) {
		memcpy(out->data + out->len, "...", 3);
		out->len += 3;
	}
}

static void json_member(struct out *out, const char *name, const char *text)
{
	if (!text)
		return;
	add(out, out->len > 1 ? ",\"" : "\"", out->len > 1 ? 2 : 1);
	add_text(out, name);
	add(out, "\":\"", 3);
	add_escaped(out, text, true);
	if (!out->full)
		add(out, "\"", 1);
}

static void format_json(const struct log_line *line, struct out *out)
{
	add(out, "{", 1);
	json_member(out, "time", line->time);
	json_member(out, "level", log_level_names[line->level]);
	json_member(out, "room", line->room);
	json_member(out, "subject", line->subject);
	json_member(out, "message", line->message);
	/* cut in the message, its last member: still an object */
	if (out->full) {
		out->data[out->len++] = '"';
	}
	out->data[out->len++] = '}';
}

size_t log_line_format(const struct log_line *line, enum log_format format, char *data, size_t room)
{
	struct out out = {.data = data, .room = room};

	switch (format) {
	case LOG_FORMAT_TEXT:
		format_text(line, &out);
		break;
	case LOG_FORMAT_JSON:
		format_json(line, &out);
		break;
	}
	out.data[out.len] = '\0';
	return out.len;
}
