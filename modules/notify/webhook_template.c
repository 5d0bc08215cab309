/* SPDX-License-Identifier: ISC */
/*
 * webhook_template.c - an operator's own body: a file with ${NAME} where the event's texts go. They
 * are escaped as in a text of JSON, so that they can not leave the quotes around them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "webhook_parts.h"

#define NAME_MAX_LEN 31

/* What is not a field, and the closed list of fields. */
static const char *const names[] = {"account", "block", "closest-block", "count", "days-left",
	"detail", "directory", "down-since", "duration-ms", "event", "file", "first", "held-back",
	"id", "instance", "last", "missed", "names", "not-after", "old-not-after", "peer",
	"problem", "retry-after", "serial", "severity", "status", "storage", "summary", "time",
	"validator", "what"};

/* The name in "${NAME}" at text; returns what is behind it, or NULL when it is none. */
static const char *take_name(const char *text, char name[NAME_MAX_LEN + 1])
{
	size_t len = strspn(text + 2, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (len == 0 || len > NAME_MAX_LEN || text[2 + len] != '}')
		return NULL;
	memcpy(name, text + 2, len);
	name[len] = '\0';
	return text + len + 3;
}

static bool known(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

bool webhook_template_check(const char *template, struct acmems_error *err)
{
	char name[NAME_MAX_LEN + 1];

	for (const char *at = strstr(template, "${"); at; at = strstr(at, "${")) {
		const char *end = take_name(at, name);

		if (!end)
			return acmems_error_set(
				err, ACMEMS_CONFIG, "\"%.20s\" is no ${NAME} of small letters", at);
		if (!known(name))
			return acmems_error_set(
				err, ACMEMS_CONFIG, "no event has anything called ${%s}", name);
		at = end;
	}
	return true;
}

/* The text of that name; "" when this event has none. `room` holds what has to be made. */
static const char *text_of(
	const struct acmems_event *event, const char *name, char room[ACMEMS_EVENT_TIME_MAX])
{
	if (strcmp(name, "event") == 0)
		return event->name;
	if (strcmp(name, "summary") == 0)
		return event->summary;
	if (strcmp(name, "severity") == 0)
		return acmems_severity_name(event->severity);
	if (strcmp(name, "time") == 0)
		acmems_event_time(event->when, room);
	else if (strcmp(name, "first") == 0)
		acmems_event_time(event->first, room);
	else if (strcmp(name, "count") == 0)
		snprintf(room, ACMEMS_EVENT_TIME_MAX, "%" PRIu32, event->count);
	else if (strcmp(name, "id") == 0)
		snprintf(room, ACMEMS_EVENT_TIME_MAX, "%" PRIu64, event->id);
	else
		room[0] = '\0';
	for (size_t i = 0; room[0] == '\0' && i < event->field_count; i++) {
		if (strcmp(event->fields[i].name, name) == 0)
			return event->fields[i].text;
	}
	return room;
}

static bool put(FILE *out, const struct acmems_event *event, const char *name)
{
	char room[ACMEMS_EVENT_TIME_MAX];
	char *quoted = acmems_json_quote(text_of(event, name, room));

	if (!quoted)
		return false;
	fwrite(quoted + 1, 1, strlen(quoted) - 2, out);
	free(quoted);
	return true;
}

static bool fill(FILE *out, const char *template, const struct acmems_event *event)
{
	char name[NAME_MAX_LEN + 1];

	while (*template) {
		const char *at = strstr(template, "${");
		const char *end = at ? take_name(at, name) : NULL;
		size_t len = end ? (size_t)(at - template) : strlen(template);

		fwrite(template, 1, len, out);
		if (end && !put(out, event, name))
			return false;
		template = end ? end : template + len;
	}
	return true;
}

char *webhook_template_fill(const char *template, const struct acmems_event *event, size_t *ret_len)
{
	char *body = NULL;
	FILE *out = open_memstream(&body, ret_len);
	bool ok = out && fill(out, template, event);

	if (out && fclose(out) != 0)
		ok = false;
	if (!ok) {
		free(body);
		body = NULL;
	}
	return body;
}
