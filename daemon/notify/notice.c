/* SPDX-License-Identifier: ISC */
/* notice.c - texts of an event, clean and bounded. */
#include "notify/notice.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <acmems/crypto.h>
#include <acmems/loop.h>

#include "base/utf8.h"

/* Bits of an id that count within a second. */
#define ID_SHIFT 20

/* Greater than all before, over restarts too unless the clock goes back; below 2^53 for JSON. */
static uint64_t next_id(void)
{
	static uint64_t last;
	uint64_t now = (uint64_t)acmems_clock_wall() << ID_SHIFT;
	uint32_t chance = 0;

	if (last == 0 && acmems_random(&chance, sizeof(chance)))
		now += chance >> (32 - ID_SHIFT + 1);
	last = now > last ? now : last + 1;
	return last;
}

struct notice *notice_new(enum notice_kind kind)
{
	struct notice *event = calloc(1, sizeof(*event));

	if (!event)
		return NULL;
	event->kind = kind;
	event->holds = 1;
	event->id = next_id();
	event->when = acmems_clock_wall();
	return event;
}

struct notice *notice_hold(struct notice *event)
{
	event->holds++;
	return event;
}

void notice_drop(struct notice *event)
{
	if (!event || --event->holds > 0)
		return;
	for (size_t i = 0; i < event->field_count; i++)
		free((char *)event->fields[i].text);
	free(event);
}

/* Copies what is clean of text into out; `lines`: line ends stay. */
static void clean(char *out, size_t room, const char *text, bool lines)
{
	const char *at = text;
	size_t used = 0;

	while (*at) {
		uint32_t point = 0;
		size_t len = utf8_decode(at, 4, &point);
		bool keep = len > 0 && (utf8_harmless(point) || (lines && *at == '\n'));

		if (used + (keep ? len : 1) + 4 > room) {
			memcpy(out + used, "...", 3);
			used += 3;
			break;
		}
		if (keep)
			memcpy(out + used, at, len);
		else
			out[used] = *at == '\n' || *at == '\r' || *at == '\t' ? ' ' : '?';
		used += keep ? len : 1;
		at += len > 0 ? len : 1;
	}
	out[used] = '\0';
}

void notice_add(struct notice *event, const char *name, const char *text)
{
	const char *known = notice_field_find(name);
	size_t room;
	char *copy;

	if (!text || !*text || notice_field(event, name))
		return;
	room = strlen(text) + 4;
	if (room > NOTICE_TEXT_MAX + 1)
		room = NOTICE_TEXT_MAX + 1;
	copy = known && event->field_count < NOTICE_FIELDS_MAX ? malloc(room) : NULL;
	if (!copy) {
		event->failed = true;
		return;
	}
	clean(copy, room, text, true);
	event->fields[event->field_count++] = (struct acmems_field){.name = known, .text = copy};
}

void notice_addf(struct notice *event, const char *name, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	notice_add(event, name, text);
}

const char *notice_date(int64_t wall, char out[NOTICE_DATE_MAX])
{
	time_t time = (time_t)wall;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&time, &tm))
		strftime(out, NOTICE_DATE_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

void notice_add_date(struct notice *event, const char *name, int64_t wall)
{
	char text[NOTICE_DATE_MAX];

	if (wall != 0)
		notice_add(event, name, notice_date(wall, text));
}

void notice_summary(struct notice *event, const char *format, ...)
{
	char text[2 * NOTICE_SUMMARY_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	clean(event->summary, sizeof(event->summary), text, false);
}

const char *notice_field(const struct notice *event, const char *name)
{
	for (size_t i = 0; i < event->field_count; i++) {
		if (strcmp(event->fields[i].name, name) == 0)
			return event->fields[i].text;
	}
	return NULL;
}

enum acmems_severity notice_severity(const struct notice *event)
{
	const char *what = event->kind == NOTICE_ACCOUNT ? notice_field(event, "what") : NULL;

	if (what && strcmp(what, "terms-changed") == 0)
		return ACMEMS_EVENT_WARNING;
	if (what && strcmp(what, "registered") != 0)
		return ACMEMS_EVENT_ERROR;
	return notice_kind_severity(event->kind);
}

/* FNV-1a: only our own queues look at it, and an attacker gains nothing but a count. */
static uint64_t hash(uint64_t value, const char *text)
{
	do
		value = (value ^ (unsigned char)*text) * UINT64_C(1099511628211);
	while (*text++);
	return value;
}

uint64_t notice_key(const struct notice *event)
{
	const char *const *names = notice_kind_key(event->kind);
	uint64_t value = hash(UINT64_C(14695981039346656037), notice_kind_name(event->kind));

	for (; names && *names; names++) {
		const char *text = notice_field(event, *names);

		value = hash(value, text ? text : "");
	}
	return notice_kind_key(event->kind) ? value | 1 : 0;
}
