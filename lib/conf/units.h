/* SPDX-License-Identifier: ISC */
/* conf/units.h - durations and sizes as people write them. */
#ifndef CONF_UNITS_H
#define CONF_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * "90s", "5m", "12h", "14d", "2w", "250ms", also combined ("1h30m") -> milliseconds. A bare number
 * counts in `unit` ("s", "d", ...). False for anything else, negative or too large.
 */
bool units_duration(const char *text, const char *unit, int64_t *ms);

/* "4k", "1m", "1g" (powers of 1024, either case), bare: bytes. */
bool units_size(const char *text, int64_t *bytes);

/* The shortest way to write it, for -D and messages; returns out. */
const char *units_duration_text(int64_t ms, char out[32]);
const char *units_size_text(int64_t bytes, char out[32]);

#endif
