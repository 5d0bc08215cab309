/* SPDX-License-Identifier: ISC */
/* answer_match.h - If-None-Match (RFC 9110, 13.1.2). */
#ifndef ANSWER_MATCH_H
#define ANSWER_MATCH_H

#include <stdbool.h>

/*
 * Whether the header's value (NULL: none) names the entity tag, by weak comparison: "*", or a list of
 * quoted tags, each perhaps with W/ before it. From the first thing that is neither on, nothing
 * matches.
 */
bool answer_match(const char *if_none_match, const char *etag);

#endif
