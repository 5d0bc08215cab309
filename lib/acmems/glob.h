/* SPDX-License-Identifier: ISC */
/*
 * glob.h - the patterns of configurations: `*` stands for any run of characters, dots included, `?` for
 * exactly one; everything else for itself. There are no sets and no escapes.
 */
#ifndef ACMEMS_GLOB_H
#define ACMEMS_GLOB_H

#include <stdbool.h>

/*
 * Whether the whole text fits. `fold`: ASCII letters of either case are alike, as in DNS names. The
 * text may come from anybody; time is bounded by the product of both lengths, without recursion.
 */
bool acmems_glob_match(const char *pattern, const char *text, bool fold);

#endif
