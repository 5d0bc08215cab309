/* SPDX-License-Identifier: ISC */
/* mail_out.c - text that grows. */
#include "mail_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (1u << 20)

void mail_bytes(struct mail_out *out, const char *data, size_t len)
{
	size_t room = out->room > 0 ? out->room : 1024;
	char *larger;

	if (out->failed || len > TEXT_MAX - out->len) {
		out->failed = true;
		return;
	}
	while (room <= out->len + len)
		room *= 2;
	larger = room > out->room ? realloc(out->data, room) : out->data;
	if (!larger) {
		out->failed = true;
		return;
	}
	out->data = larger;
	out->room = room;
	memcpy(out->data + out->len, data, len);
	out->len += len;
	out->data[out->len] = '\0';
}

void mail_add(struct mail_out *out, const char *text)
{
	mail_bytes(out, text, strlen(text));
}

void mail_addf(struct mail_out *out, const char *format, ...)
{
	char line[900];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	mail_add(out, line);
}

size_t mail_whole(const char *text, size_t len, size_t max)
{
	size_t cut = len < max ? len : max;

	while (cut > 0 && cut < len && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;
	return cut > 0 ? cut : (len < max ? len : max);
}
