/* SPDX-License-Identifier: ISC */
/* delivery_face.c - what a count and a span of time make of a summary. */
#include "notify/delivery_face.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void clock_text(int64_t wall, char out[32])
{
	time_t time = (time_t)wall;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&time, &tm))
		strftime(out, 32, "%Y-%m-%d %H:%M UTC", &tm);
}

/* The summary of one, and how many. It is cut where a character begins. */
static void add_times(struct delivery_face *face, const struct delivery_entry *entry)
{
	size_t len = strlen(entry->event->summary);
	char since[32], tail[96];
	int tail_len;

	clock_text(entry->event->when, since);
	tail_len =
		snprintf(tail, sizeof(tail), " (%" PRIu32 " times since %s)", entry->count, since);
	if (len > sizeof(face->summary) - 1 - (size_t)tail_len)
		len = sizeof(face->summary) - 1 - (size_t)tail_len;
	while (len > 0 && ((unsigned char)entry->event->summary[len] & 0xc0) == 0x80)
		len--;
	memcpy(face->summary, entry->event->summary, len);
	memcpy(face->summary + len, tail, (size_t)tail_len + 1);
}

static void fill_summary(struct delivery_face *face, const struct delivery_entry *entry)
{
	char since[32];

	clock_text(entry->event->when, since);
	snprintf(face->summary, sizeof(face->summary), "%" PRIu32 " more were held back since %s",
		entry->count, since);
	snprintf(face->number, sizeof(face->number), "%" PRIu32, entry->count);
	face->fields[0] = (struct acmems_field){"held-back", face->number};
	face->fields[1] =
		(struct acmems_field){"first", notice_date(entry->event->when, face->first)};
	face->fields[2] = (struct acmems_field){"last", notice_date(entry->last, face->last)};
	face->event.field_count = 3;
	face->event.count = 1;
}

void delivery_face_fill(struct delivery_face *face, const struct delivery_entry *entry)
{
	const struct notice *event = entry->event;

	memcpy(face->fields, event->fields, sizeof(face->fields));
	face->event = (struct acmems_event){
		.name = notice_kind_name(event->kind),
		.when = entry->last,
		.summary = face->summary,
		.fields = face->fields,
		.field_count = event->field_count,
		.id = event->id,
		.count = entry->count,
		.first = event->when,
		.severity = notice_severity(event),
	};
	if (event->kind == NOTICE_SUMMARY)
		fill_summary(face, entry);
	else if (entry->count > 1)
		add_times(face, entry);
	else
		snprintf(face->summary, sizeof(face->summary), "%s", event->summary);
}
