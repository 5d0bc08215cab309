/* SPDX-License-Identifier: ISC */
/*
 * mail_body.c - what a person reads. A digest says of each event what fits on a screen: of a fact its
 * first line, and that not for ever, so that a hundred events of a hostile client are still a mail.
 */
#include "mail_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHORT_BYTES 300 /* of a fact in a digest */
#define KINDS_MAX 24 /* that a title tells apart; the closed list has half as many */

/* A fact on a line of its own; further lines of its text are moved in. */
static void add_field(struct mail_out *out, const char *name, const char *text)
{
	mail_addf(out, "%-14s ", name);
	for (; *text; text++)
		mail_bytes(
			out, *text == '\n' ? "\r\n               " : text, *text == '\n' ? 17 : 1);
	mail_add(out, "\r\n");
}

static void add_short(struct mail_out *out, const char *name, const char *text)
{
	size_t line = strcspn(text, "\r\n");
	size_t len = mail_whole(text, line, SHORT_BYTES);

	mail_addf(out, "  %-14s ", name);
	mail_bytes(out, text, len);
	mail_add(out, text[len] ? " ...\r\n" : "\r\n");
}

typedef void add_fact(struct mail_out *out, const char *name, const char *text);

/* When, and how often. */
static void add_times(struct mail_out *out, const struct acmems_event *event, add_fact *add)
{
	char count[16], time[ACMEMS_EVENT_TIME_MAX];

	if (event->count > 1) {
		snprintf(count, sizeof(count), "%" PRIu32, event->count);
		add(out, "count", count);
		acmems_event_time(event->first, time);
		add(out, "first", time);
	}
	acmems_event_time(event->when, time);
	add(out, "time", time);
}

void mail_body(struct mail_out *out, const struct acmems_event *event)
{
	mail_addf(out, "%s\r\n\r\n", event->summary);
	add_field(out, "event", event->name);
	add_times(out, event, add_field);
	for (size_t i = 0; i < event->field_count; i++)
		add_field(out, event->fields[i].name, event->fields[i].text);
}

/* ---- digests ---- */

struct kinds {
	const char *names[KINDS_MAX]; /* in order of appearance */
	uint64_t counts[KINDS_MAX];
	size_t count;
	uint64_t events;
};

static void count_kinds(struct kinds *kinds, const struct acmems_event *const *events, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		while (at < kinds->count && strcmp(kinds->names[at], events[i]->name) != 0)
			at++;
		kinds->events += events[i]->count;
		if (at == KINDS_MAX)
			continue;
		if (at == kinds->count)
			kinds->names[kinds->count++] = events[i]->name;
		kinds->counts[at] += events[i]->count;
	}
}

void mail_digest_title(struct mail_out *out, const struct acmems_event *const *events, size_t count)
{
	struct kinds kinds = {0};

	count_kinds(&kinds, events, count);
	mail_addf(out, "%" PRIu64 " events", kinds.events);
	for (size_t i = 0; i < kinds.count; i++)
		mail_addf(out, "%s%" PRIu64 " %s", i > 0 ? ", " : ": ", kinds.counts[i],
			kinds.names[i]);
}

void mail_digest(struct mail_out *out, const struct acmems_event *const *events, size_t count)
{
	mail_digest_title(out, events, count);
	mail_add(out, "\r\n");
	for (size_t i = 0; i < count; i++) {
		const struct acmems_event *event = events[i];

		mail_addf(out, "\r\n%s\r\n", event->summary);
		add_short(out, "event", event->name);
		add_times(out, event, add_short);
		for (size_t at = 0; at < event->field_count; at++)
			add_short(out, event->fields[at].name, event->fields[at].text);
	}
}
