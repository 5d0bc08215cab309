/* SPDX-License-Identifier: ISC */
/* log.c - acmems_log(): level, text, time; where it goes is log_target.c's business. */
#include <acmems/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log_line.h"
#include "base/log_write.h"

/* The date is made once a second. */
static const char *timestamp(void)
{
	static char text[sizeof("2026-01-02T03:04:05.678Z") + 16];
	static time_t second = -1;
	struct timespec now;
	struct tm parts;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != second) {
		gmtime_r(&now.tv_sec, &parts);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
		second = now.tv_sec;
	}
	snprintf(text + strcspn(text, "."), 6, ".%03ldZ", now.tv_nsec / 1000000);
	return text;
}

void acmems_log(
	enum acmems_log_level level, const char *room, const char *subject, const char *format, ...)
{
	char message[LOG_LINE_MAX], text[LOG_LINE_MAX];
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
		line.time = timestamp();
	len = log_line_format(&line, log_current_format(), text, sizeof(text) - 1);
	log_write(level, text, len);
}
