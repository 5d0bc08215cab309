/* SPDX-License-Identifier: ISC */
/*
 * webhook_body.c - an event as JSON: whole, or as the text of a message in the words of a chat. Names
 * and explanations come from outside; chats get them without control characters, cut to what all of
 * them take, and as plain text, so that nobody is mentioned and nothing becomes a link.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "webhook_parts.h"

#define BODY_MAX (1 << 18)
#define TEXT_MAX 3500
#define VALUE_MAX 600

/* A text for people, cut at its end when it gets too long. */
struct text {
	char data[TEXT_MAX + 4]; /* "..." and NUL behind it */
	size_t len;
	bool full;
};

/* ---- text for people ---- */

/* The length of the text's part that fits into max bytes and does not end within a character. */
static size_t fitting(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void add(struct text *text, const char *more, size_t max)
{
	size_t room = TEXT_MAX - text->len;
	size_t len = fitting(more, max < room ? max : room);

	if (text->full)
		return;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)more[i];

		text->data[text->len++] = c < 0x20 || c == 0x7f ? ' ' : more[i];
	}
	if (more[len] != '\0') {
		memcpy(text->data + text->len, "...", 3);
		text->len += 3;
		text->full = room < max || text->len >= TEXT_MAX;
	}
	text->data[text->len] = '\0';
}

static void add_line(struct text *text)
{
	if (!text->full && text->len < TEXT_MAX)
		text->data[text->len++] = '\n';
	text->data[text->len] = '\0';
}

/* The summary says how often it was. */
static void write_text(const struct acmems_event *event, struct text *text)
{
	add(text, event->summary, VALUE_MAX);
	for (size_t i = 0; i < event->field_count; i++) {
		add_line(text);
		add(text, event->fields[i].name, VALUE_MAX);
		add(text, ": ", 2);
		add(text, event->fields[i].text, VALUE_MAX);
	}
}

/* ---- formats ---- */

/* In Slack <...> makes links and mentions; these three have to be written as entities. */
static void put_slack(struct acmems_json_writer *out, const char *text)
{
	char escaped[TEXT_MAX * 5 + 8];
	size_t len = 0;

	for (; *text; text++) {
		const char *entity = *text == '&'   ? "&amp;"
				     : *text == '<' ? "&lt;"
				     : *text == '>' ? "&gt;"
						    : NULL;

		len += (size_t)snprintf(escaped + len, sizeof(escaped) - len, "%.*s",
			entity ? 5 : 1, entity ? entity : text);
	}
	escaped[len] = '\0';
	acmems_json_put_text(out, "text", escaped);
	acmems_json_put_bool(out, "mrkdwn", false);
}

/* Mattermost minds neither marks nor mentions in a block of code. */
static void put_mattermost(struct acmems_json_writer *out, const char *text)
{
	char block[TEXT_MAX + 16];
	size_t len = (size_t)snprintf(block, sizeof(block), "```\n%s\n```", text);

	for (size_t i = 4; len > 8 && i < len - 4; i++) {
		if (block[i] == '`')
			block[i] = '\'';
	}
	acmems_json_put_text(out, "text", block);
}

static void put_matrix(struct acmems_json_writer *out, const char *text)
{
	acmems_json_put_text(out, "msgtype", "m.text");
	acmems_json_put_text(out, "body", text);
	/* nobody is mentioned, whatever the text says */
	acmems_json_begin_object(out, "m.mentions");
	acmems_json_end(out);
}

/* One line as a text that is not looked at for marks. */
static void put_teams_line(struct acmems_json_writer *out, const char *line, size_t len)
{
	char text[TEXT_MAX + 4];

	snprintf(text, sizeof(text), "%.*s", (int)len, line);
	acmems_json_begin_object(out, NULL);
	acmems_json_put_text(out, "type", "RichTextBlock");
	acmems_json_begin_array(out, "inlines");
	acmems_json_begin_object(out, NULL);
	acmems_json_put_text(out, "type", "TextRun");
	acmems_json_put_text(out, "text", text);
	acmems_json_end(out);
	acmems_json_end(out);
	acmems_json_end(out);
}

/* An adaptive card in a message, as workflows of Teams take it. */
static void put_teams(struct acmems_json_writer *out, const char *text)
{
	acmems_json_put_text(out, "type", "message");
	acmems_json_begin_array(out, "attachments");
	acmems_json_begin_object(out, NULL);
	acmems_json_put_text(out, "contentType", "application/vnd.microsoft.card.adaptive");
	acmems_json_begin_object(out, "content");
	acmems_json_put_text(out, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
	acmems_json_put_text(out, "type", "AdaptiveCard");
	acmems_json_put_text(out, "version", "1.2");
	acmems_json_begin_array(out, "body");
	while (*text) {
		size_t len = strcspn(text, "\n");

		put_teams_line(out, text, len);
		text += len + (text[len] == '\n');
	}
	acmems_json_end(out);
	acmems_json_end(out);
	acmems_json_end(out);
	acmems_json_end(out);
}

static void put_push(struct acmems_json_writer *out, const struct webhook *webhook,
	const struct acmems_event *event, const char *text)
{
	static const int ntfy[] = {3, 4, 5}, gotify[] = {4, 6, 8};
	char title[128];

	snprintf(title, sizeof(title), "acmems: %s", event->name);
	if (webhook->format == WEBHOOK_NTFY)
		acmems_json_put_text(out, "topic", webhook->topic);
	acmems_json_put_text(out, "title", title);
	acmems_json_put_text(out, "message", text);
	acmems_json_put_int(out, "priority",
		webhook->format == WEBHOOK_NTFY ? ntfy[event->severity] : gotify[event->severity]);
}

/* The message of a chat. */
static char *message(
	const struct webhook *webhook, const struct acmems_event *event, size_t *ret_len)
{
	struct acmems_json_writer *out = acmems_json_writer_new(BODY_MAX);
	struct text text = {.len = 0};

	write_text(event, &text);
	switch ((enum webhook_format)webhook->format) {
	case WEBHOOK_JSON:
		break;
	case WEBHOOK_SLACK:
		put_slack(out, text.data);
		break;
	case WEBHOOK_MATTERMOST:
		put_mattermost(out, text.data);
		break;
	case WEBHOOK_MATRIX:
		put_matrix(out, text.data);
		break;
	case WEBHOOK_TEAMS:
		put_teams(out, text.data);
		break;
	case WEBHOOK_NTFY:
	case WEBHOOK_GOTIFY:
		put_push(out, webhook, event, text.data);
		break;
	}
	return acmems_json_writer_finish(out, ret_len);
}

char *webhook_body(const struct webhook *webhook, const struct acmems_event *event, size_t *ret_len,
	struct acmems_error *err)
{
	char *body;

	if (webhook->template)
		body = webhook_template_fill(webhook->template, event, ret_len);
	else if (webhook->format == WEBHOOK_JSON)
		body = acmems_event_json(event, ret_len);
	else
		body = message(webhook, event, ret_len);
	if (!body)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a message");
	return body;
}
