/* SPDX-License-Identifier: ISC */
/* event.c - an event in words that are the same for every receiver (see acmems/notify.h). */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <acmems/json.h>
#include <acmems/notify.h>

#define JSON_MAX (1u << 18)

const char *acmems_severity_name(enum acmems_severity severity)
{
	switch (severity) {
	case ACMEMS_EVENT_INFO:
		return "info";
	case ACMEMS_EVENT_WARNING:
		return "warning";
	case ACMEMS_EVENT_ERROR:
		return "error";
	}
	return "error";
}

void acmems_event_time(int64_t when, char out[ACMEMS_EVENT_TIME_MAX])
{
	time_t time = (time_t)when;
	struct tm tm;

	if (!gmtime_r(&time, &tm) ||
		strftime(out, ACMEMS_EVENT_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, ACMEMS_EVENT_TIME_MAX, "%" PRId64, when);
}

char *acmems_event_json(const struct acmems_event *event, size_t *ret_len)
{
	struct acmems_json_writer *out = acmems_json_writer_new(JSON_MAX);
	char time[ACMEMS_EVENT_TIME_MAX], first[ACMEMS_EVENT_TIME_MAX], id[24];

	snprintf(id, sizeof(id), "%" PRIu64, event->id);
	acmems_event_time(event->when, time);
	acmems_event_time(event->first, first);
	acmems_json_put_text(out, "id", id);
	acmems_json_put_text(out, "event", event->name);
	acmems_json_put_text(out, "severity", acmems_severity_name(event->severity));
	acmems_json_put_text(out, "time", time);
	acmems_json_put_text(out, "first", first);
	acmems_json_put_int(out, "count", event->count);
	acmems_json_put_text(out, "summary", event->summary);
	acmems_json_begin_object(out, "fields");
	for (size_t i = 0; i < event->field_count; i++)
		acmems_json_put_text(out, event->fields[i].name, event->fields[i].text);
	acmems_json_end(out);
	return acmems_json_writer_finish(out, ret_len);
}
