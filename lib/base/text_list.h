/* SPDX-License-Identifier: ISC */
/* base/text_list.h - lists of texts with NULL at the end, copied. */
#ifndef BASE_TEXT_LIST_H
#define BASE_TEXT_LIST_H

#include <stdbool.h>

/*
 * Copies a list into one piece of memory, to be given to free(). *copy is NULL for a list that is
 * NULL or empty. False: no memory.
 */
bool text_list_copy(char *const *texts, char ***copy);

#endif
