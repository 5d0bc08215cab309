/* SPDX-License-Identifier: ISC */
/* conf/nearest.h - "did you mean": the known word nearest to a mistyped one. */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

#include <stddef.h>

/* Of count words the one with the smallest edit distance to word, or NULL if none is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
