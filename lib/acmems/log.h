/* SPDX-License-Identifier: ISC */
/*
 * log.h - one line to the operator.
 *
 * A line has a level, a room (the part of the program that speaks: "order", "http01"), a subject
 * (what it speaks of: an instance, a request "r12", an order "o7"; may be NULL) and a message. Where
 * it goes and in which format is the operator's choice. Every byte that is not printable ASCII or
 * valid UTF-8 is escaped on the way out, so texts from outside can be passed as they are; put them
 * in quotes. Secrets are never passed here.
 *
 * A function either logs or returns an error, never both; libraries log at debug level only, but for
 * what they can hand to nobody.
 */
#ifndef ACMEMS_LOG_H
#define ACMEMS_LOG_H

#include <stdbool.h>

enum acmems_log_level {
	ACMEMS_LOG_ERROR, /* something does not work and somebody has to act */
	ACMEMS_LOG_WARNING, /* works, but not as it should */
	ACMEMS_LOG_NOTICE, /* rare and worth knowing: started, reloaded, registered */
	ACMEMS_LOG_INFO, /* one line or two a request */
	ACMEMS_LOG_DEBUG, /* everything */
};

/* Writes one line. Never blocks on a full pipe or socket: the line is dropped and counted then. */
void acmems_log(enum acmems_log_level level, const char *room, const char *subject,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Whether lines of this level are written: asks before costly arguments are built. */
bool acmems_log_enabled(enum acmems_log_level level);

#endif
