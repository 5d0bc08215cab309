/* SPDX-License-Identifier: ISC */
/*
 * glob.h - the patterns of configurations: `*` stands for any run of characters, dots included, `?` for
 * exactly one; everything else for itself. There are no sets and no escapes.
 */
#ifndef ACMEMS_GLOB_H
#define ACMEMS_GLOB_H

#include <stdbool.h>

#include <acmems/error.h>

/*
 * Whether the whole text fits. `fold`: ASCII letters of either case are alike, as in DNS names. The
 * text may come from anybody; time is bounded by the product of both lengths, without recursion.
 */
bool acmems_glob_match(const char *pattern, const char *text, bool fold);

/* The longest DNS name there can be (RFC 1035, 2.3.4, as text), so the longest domain of use. */
#define ACMEMS_GLOB_DOMAIN_MAX 253

/*
 * Whether the pattern can ever fit a DNS name, as every domain of an auth block has to; if not, *err
 * (ACMEMS_CONFIG) says what is in the way. `[` is no character of a domain and refused.
 */
bool acmems_glob_domain(const char *pattern, struct acmems_error *err);

#endif
