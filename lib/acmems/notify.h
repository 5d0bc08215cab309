/* SPDX-License-Identifier: ISC */
/*
 * notify.h - modules that tell administrators what happened.
 */
#ifndef ACMEMS_NOTIFY_H
#define ACMEMS_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

/* One fact about an event: name and text, both from a closed list or escaped by the receiver. */
struct acmems_field {
	const char *name;
	const char *text;
};

struct acmems_event {
	const char *name; /* "issued", "rejected", ... */
	int64_t when; /* seconds since 1970-01-01 UTC */
	const char *summary; /* one line for a person */
	const struct acmems_field *fields;
	size_t field_count;
};

struct acmems_notify_ops {
	/* Operation: deliver the event. */
	bool (*send)(void *instance, uint64_t op, const struct acmems_event *event,
		struct acmems_error *err);
};

#endif
