/* SPDX-License-Identifier: ISC */
/* log.c - acmems_log(): level, text, time; where it goes is log_target.c's business. */
#include <acmems/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log_line.h"
#include "base/log_write.h"

static const char *timestamp(char *out, size_t room)
{
	struct timespec now;
	struct tm parts;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	len = strftime(out, room, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(out + len, room - len, ".%03ldZ", now.tv_nsec / 1000000);
	return out;
}

void acmems_log(
	enum acmems_log_level level, const char *room, const char *subject, const char *format, ...)
{
	char message[LOG_LINE_MAX], text[LOG_LINE_MAX], when[40];
	struct log_line line = {
		.level = level, .room = room, .subject = subject, .message = message};
	va_list args;
	size_t len;

	if (!acmems_log_enabled(level))
		return;
	va_start(args, format);
	if (vsnprintf(message, sizeof(message), format, args) < 0)
		message[0] = '\0';
	va_end(args);
	if (log_wants_time())
		line.time = timestamp(when, sizeof(when));
	len = log_line_format(&line, log_current_format(), text, sizeof(text) - 1);
	log_write(level, text, len);
}
