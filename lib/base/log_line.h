/* SPDX-License-Identifier: ISC */
/* base/log_line.h - one log line made ready: escaped, bounded, in the format of the operator. */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stddef.h>

#include "base/log_target.h"

/* Below PIPE_BUF, so that a line is written whole or not at all. */
#define LOG_LINE_MAX 4000

struct log_line {
	enum acmems_log_level level;
	const char *room;
	const char *subject; /* may be NULL */
	const char *message;
	const char *time; /* RFC 3339, or NULL to leave it out */
};

/* Writes the line without line end into out; returns its length. */
size_t log_line_format(const struct log_line *line, enum log_format format, char *out, size_t room);

#endif
