/* SPDX-License-Identifier: ISC */
/* str.c - growing text with a mandatory maximum. */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

void str_init(struct str *str, size_t max)
{
	*str = (struct str){.max = max};
}

/* Makes room for `more` bytes and the NUL. */
static bool grow(struct str *str, size_t more)
{
	size_t room = str->room ? str->room : FIRST_ROOM;
	char *data;

	if (str->failed)
		return false;
	if (more > str->max || str->len > str->max - more) {
		str->failed = true;
		return false;
	}
	if (str->data && str->room - str->len > more)
		return true;
	while (room - str->len <= more)
		room *= 2;
	data = realloc(str->data, room);
	if (!data) {
		str->failed = true;
		return false;
	}
	str->data = data;
	str->room = room;
	return true;
}

void str_add_bytes(struct str *str, const void *data, size_t len)
{
	if (!grow(str, len))
		return;
	if (len)
		memcpy(str->data + str->len, data, len);
	str->len += len;
	str->data[str->len] = '\0';
}

void str_add(struct str *str, const char *text)
{
	str_add_bytes(str, text, strlen(text));
}

void str_addf(struct str *str, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		str->failed = true;
		return;
	}
	if (!grow(str, (size_t)len))
		return;
	va_start(args, format);
	vsnprintf(str->data + str->len, (size_t)len + 1, format, args);
	va_end(args);
	str->len += (size_t)len;
}

const char *str_text(const struct str *str)
{
	if (str->failed)
		return NULL;
	return str->data ? str->data : "";
}

char *str_take(struct str *str)
{
	char *data;

	if (!str->data)
		str_add_bytes(str, "", 0);
	data = str->data;
	if (str->failed) {
		str_fini(str);
		return NULL;
	}
	str_init(str, str->max);
	return data;
}

void str_fini(struct str *str)
{
	free(str->data);
	str_init(str, str->max);
}
