/* SPDX-License-Identifier: ISC */
/*
 * sd_notify.h - tells systemd how we are (sd_notify(3); the datagram protocol is its interface).
 * Without NOTIFY_SOCKET all of it does nothing.
 */
#ifndef SD_NOTIFY_H
#define SD_NOTIFY_H

#include <stdbool.h>

/* Everything has started, or a reload is over; status is a line for `systemctl status`. */
void sd_notify_ready(const char *status);
void sd_notify_reloading(void);
void sd_notify_stopping(void);

/* Answers the watchdog from now on, if there is one. False: no memory. */
bool sd_notify_watchdog_start(void);
void sd_notify_watchdog_stop(void);

#endif
