/* SPDX-License-Identifier: ISC */
/*
 * crash.h - the last words of a process that ends by a fault: in which module it was. Whatever a module
 * does when it is new was done by a copy first (registry/rehearsal.h), so this is for what it did not do
 * there.
 */
#ifndef CRASH_H
#define CRASH_H

/* From now on a fault is logged; then it ends the process as it would have without. */
void crash_watch(void);

#endif
