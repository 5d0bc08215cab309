/* SPDX-License-Identifier: ISC */
/* error.c - fills error objects. Nothing in here allocates, so nothing in here fails. */
#include <acmems/error.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char detail_full[] = "... and more\n";

/* vsnprintf into room bytes; an overlong text is cut and ends in "...". Returns the length. */
static size_t put(char *out, size_t room, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static size_t put(char *out, size_t room, const char *format, va_list args)
{
	int len = vsnprintf(out, room, format, args);

	if (len < 0) {
		out[0] = '\0';
		return 0;
	}
	if ((size_t)len >= room) {
		memcpy(out + room - 4, "...", 4);
		return room - 1;
	}
	return (size_t)len;
}

static void reset(struct acmems_error *err, enum acmems_code code)
{
	err->code = code;
	err->retry_after = 0;
	err->problem[0] = '\0';
	err->detail[0] = '\0';
}

bool acmems_error_set(struct acmems_error *err, enum acmems_code code, const char *format, ...)
{
	va_list args;

	reset(err, code);
	va_start(args, format);
	put(err->message, sizeof(err->message), format, args);
	va_end(args);
	return false;
}

bool acmems_error_errno(struct acmems_error *err, int errnum, const char *format, ...)
{
	char text[128];
	va_list args;
	size_t len;

	reset(err, errnum == ENOMEM ? ACMEMS_NO_MEMORY : ACMEMS_SYSTEM);
	va_start(args, format);
	len = put(err->message, sizeof(err->message), format, args);
	va_end(args);
	snprintf(err->message + len, sizeof(err->message) - len, ": %s",
		strerror_r(errnum, text, sizeof(text)));
	return false;
}

bool acmems_error_context(struct acmems_error *err, const char *format, ...)
{
	char old[ACMEMS_ERROR_MESSAGE_MAX];
	va_list args;
	size_t len, room, old_len;

	memcpy(old, err->message, sizeof(old));
	va_start(args, format);
	len = put(err->message, sizeof(err->message), format, args);
	va_end(args);
	room = sizeof(err->message) - len;
	old_len = strlen(old);
	snprintf(err->message + len, room, ": %s", old);
	if (old_len + 2 >= room && room >= 4)
		memcpy(err->message + sizeof(err->message) - 4, "...", 4);
	return false;
}

void acmems_error_detail(struct acmems_error *err, const char *name, const char *text)
{
	size_t len = strlen(err->detail);
	/* the mark always has room, so that a cut list never looks complete */
	size_t room = sizeof(err->detail) - len;
	size_t need = strlen(name) + 2 + strlen(text) + 1;

	if (need + sizeof(detail_full) <= room)
		snprintf(err->detail + len, room, "%s: %s\n", name, text);
	else if (room >= sizeof(detail_full) &&
		 (len < sizeof(detail_full) - 1 ||
			 strcmp(err->detail + len - (sizeof(detail_full) - 1), detail_full) != 0))
		memcpy(err->detail + len, detail_full, sizeof(detail_full));
}

const char *acmems_code_name(enum acmems_code code)
{
	switch (code) {
	case ACMEMS_OK:
		return "ok";
	case ACMEMS_BAD_REQUEST:
		return "bad request";
	case ACMEMS_REFUSED:
		return "refused";
	case ACMEMS_NOT_FOUND:
		return "not found";
	case ACMEMS_BAD_METHOD:
		return "bad method";
	case ACMEMS_NO_LENGTH:
		return "no length";
	case ACMEMS_TOO_LARGE:
		return "too large";
	case ACMEMS_BAD_CSR:
		return "bad csr";
	case ACMEMS_VALIDATION:
		return "validation failed";
	case ACMEMS_RATE_LIMITED:
		return "rate limited";
	case ACMEMS_BAD_ANSWER:
		return "bad answer";
	case ACMEMS_UNAVAILABLE:
		return "unavailable";
	case ACMEMS_TIMEOUT:
		return "timeout";
	case ACMEMS_NO_MEMORY:
		return "no memory";
	case ACMEMS_SYSTEM:
		return "system";
	case ACMEMS_CONFIG:
		return "configuration";
	case ACMEMS_FAULT:
		return "fault";
	}
	return "unknown";
}
