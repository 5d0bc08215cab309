/* SPDX-License-Identifier: ISC */
/*
 * net/spare.h - one descriptor in reserve for all listeners: when no other is left, it is given up for
 * a moment to take connections from the queue and close them, so that their clients know that nobody
 * will serve them instead of hanging.
 */
#ifndef NET_SPARE_H
#define NET_SPARE_H

/* A listener begins, ends. The descriptor is kept while there are any. */
void spare_hold(void);
void spare_drop(void);

/* Closes the first few in the queue of this listening socket. */
void spare_turn_away(int fd);

#endif
