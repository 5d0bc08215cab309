/* SPDX-License-Identifier: ISC */
/* base/log_write.h - between log.c and log_target.c. */
#ifndef BASE_LOG_WRITE_H
#define BASE_LOG_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log_target.h"

/* Does the target want us to say when? syslog and journal know it themselves. */
bool log_wants_time(void);
enum log_format log_current_format(void);

/* Writes a ready line without line end; drops and counts it if the target is full. */
void log_write(enum acmems_log_level level, const char *line, size_t len);

#endif
