/* SPDX-License-Identifier: ISC */
/*
 * pattern.h - the globs that an auth block's domains are written in.
 *
 * `*` stands for any run of characters, dots included, `?` for exactly one; everything else stands
 * for itself, whatever its case. There are no sets: `[` is not a domain's character and is refused.
 * The name may come from anybody; time is bounded by the product of both lengths, without recursion.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>

#include <acmems/error.h>

/* The longest name there can be (RFC 1035, 2.3.4, as text), so the longest pattern of use. */
#define PATTERN_MAX 253

/* Whether the whole name fits. A wildcard name ("*.example.org") is compared as text. */
bool pattern_match(const char *pattern, const char *name);

/* Can it ever fit a DNS name? If not, *err (ACMEMS_CONFIG) says which character is in the way. */
bool pattern_valid(const char *pattern, struct acmems_error *err);

#endif
