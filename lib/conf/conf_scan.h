/* SPDX-License-Identifier: ISC */
/*
 * conf/conf_scan.h - reads a configuration's text before libconfig does, for what that would spoil
 * silently: numbers that wrap (5000000000 becomes 705032704), bytes hidden behind a \x00, a comma
 * that is missing between texts; and for what it names the wrong line of: brackets, and quotes.
 */
#ifndef CONF_CONF_SCAN_H
#define CONF_CONF_SCAN_H

#include "conf/conf.h"

/* False, with faults, if the text or a file it includes (from folder) must not be parsed. */
bool conf_scan(const char *text, const char *file, const char *folder, struct conf_faults *faults);

#endif
