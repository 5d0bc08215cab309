/* SPDX-License-Identifier: ISC */
/*
 * base/log_target.h - where log lines go and what they look like; the daemon's side of acmems/log.h.
 */
#ifndef BASE_LOG_TARGET_H
#define BASE_LOG_TARGET_H

#include <stdbool.h>

#include <acmems/error.h>
#include <acmems/log.h>

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_config {
	enum acmems_log_level level;
	enum log_format format;
	const char *target; /* "stderr", "syslog", "journal" or the path of a file */
};

/* Switches target, format and level; on failure all stays as it was. A file is opened anew, so this
 * also serves log rotation. */
bool log_configure(const struct log_config *config, struct acmems_error *err);

/* Back to the state of a new process: stderr, text, info. */
void log_reset(void);

/*
 * From now on lines of level info may wait until the loop has done what it has at hand, and are
 * written together then. Off again writes what waits; to be done before the loop ends.
 */
void log_batch(bool on);

/* For a process that is a copy of another: forgets what waits, and writes nothing any more. */
void log_mute(void);

/* Lines dropped because the target was full. */
unsigned long log_dropped(void);

/* Names of the levels and formats as in the configuration, NULL at the end, in order of the enums. */
extern const char *const log_level_names[];
extern const char *const log_format_names[];

/* Every line, ready made and escaped, without line end, goes to tap as well; for tests. */
void log_tap(void (*tap)(void *arg, enum acmems_log_level level, const char *line), void *arg);

#endif
