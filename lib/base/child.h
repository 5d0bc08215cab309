/* SPDX-License-Identifier: ISC */
/*
 * base/child.h - the end of the programs that acmems/child.h runs.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stddef.h>

#include <acmems/child.h>

/* Programs that wait, run, or are being ended. */
size_t child_count(void);

/*
 * Ends what is left, waiting for it for as long as SIGTERM gives it, without the loop: for the end of
 * the process, when the loop runs no more. Pools that are left must not be used any more.
 */
void child_fini(void);

#endif
