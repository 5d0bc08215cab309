/* SPDX-License-Identifier: ISC */
/* delivery_face.h - an entry of a queue as its receiver sees it. */
#ifndef DELIVERY_FACE_H
#define DELIVERY_FACE_H

#include <acmems/notify.h>
#include "notify/delivery_queue.h"

#define DELIVERY_FACE_TEXT_MAX (NOTICE_SUMMARY_MAX + 1)

struct delivery_face {
	struct acmems_event event; /* points into this and into the entry's event */
	struct acmems_field fields[NOTICE_FIELDS_MAX];
	char summary[DELIVERY_FACE_TEXT_MAX];
	char number[16];
	char first[NOTICE_DATE_MAX];
	char last[NOTICE_DATE_MAX];
};

/* Valid as long as the entry. */
void delivery_face_fill(struct delivery_face *face, const struct delivery_entry *entry);

#endif
