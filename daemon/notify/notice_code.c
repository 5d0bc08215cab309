/* SPDX-License-Identifier: ISC */
/* notice_code.c - an event as bytes for the journal: texts with a NUL behind each. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "notify/notice.h"

static void add_text(struct str *out, const char *text)
{
	str_add_bytes(out, text, strlen(text) + 1);
}

void notice_encode(const struct notice *event, struct str *out)
{
	add_text(out, notice_kind_name(event->kind));
	str_addf(out, "%" PRIu64, event->id);
	str_add_bytes(out, "", 1);
	str_addf(out, "%" PRId64, event->when);
	str_add_bytes(out, "", 1);
	add_text(out, event->summary);
	for (size_t i = 0; i < event->field_count; i++) {
		add_text(out, event->fields[i].name);
		add_text(out, event->fields[i].text);
	}
}

const char *notice_next_text(const char **data, size_t *len)
{
	const char *text = *data;
	const char *end = *len > 0 ? memchr(text, '\0', *len) : NULL;

	if (!end)
		return NULL;
	*len -= (size_t)(end + 1 - text);
	*data = end + 1;
	return text;
}

static bool decode_fields(struct notice *event, const char *data, size_t len)
{
	while (len > 0) {
		const char *name = notice_next_text(&data, &len);
		const char *text = name ? notice_next_text(&data, &len) : NULL;

		if (!text || !notice_field_find(name))
			return false;
		notice_add(event, name, text);
	}
	return !event->failed;
}

struct notice *notice_decode(const char *data, size_t len)
{
	const char *kind_text = notice_next_text(&data, &len);
	const char *id = notice_next_text(&data, &len);
	const char *when = notice_next_text(&data, &len);
	const char *summary = notice_next_text(&data, &len);
	struct notice *event = NULL;
	enum notice_kind kind;

	if (summary && notice_kind_find(kind_text, &kind))
		event = notice_new(kind);
	if (!event)
		return NULL;
	event->id = strtoull(id, NULL, 10);
	event->when = strtoll(when, NULL, 10);
	notice_summary(event, "%s", summary);
	if (event->id != 0 && decode_fields(event, data, len))
		return event;
	notice_drop(event);
	return NULL;
}
