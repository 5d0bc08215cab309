/* SPDX-License-Identifier: ISC */
/*
 * rest.h - gives memory back while nothing is going on: the daemon spends nearly all of its life
 * waiting, next to machines that could use the pages.
 */
#ifndef REST_H
#define REST_H

#include <stdbool.h>

/* From now on, whenever no request and no order is under way, once a minute at most. False: no
 * memory for the timer. */
bool rest_start(void);
void rest_stop(void);

/* Gives back free heap, and the pages of program text, which the kernel has in its cache anyway and
 * maps again when they are run. */
void rest_now(void);

#endif
