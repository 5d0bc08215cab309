/* SPDX-License-Identifier: ISC */
/*
 * pattern.h - the globs (acmems/glob.h) that an auth block's domains are written in: those that a DNS
 * name can fit. There are no sets: `[` is not a domain's character and is refused.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>

#include <acmems/error.h>

/* The longest name there can be (RFC 1035, 2.3.4, as text), so the longest pattern of use. */
#define PATTERN_MAX 253

/* Can it ever fit a DNS name? If not, *err (ACMEMS_CONFIG) says which character is in the way. */
bool pattern_valid(const char *pattern, struct acmems_error *err);

#endif
