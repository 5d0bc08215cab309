/* SPDX-License-Identifier: ISC */
/* conf/conf_hint.h - what a person most likely did wrong where libconfig only says "syntax error". */
#ifndef CONF_CONF_HINT_H
#define CONF_CONF_HINT_H

/*
 * To be put behind libconfig's own words about that line of the text, which begin with what: ": ..." or
 * " (...)". Static.
 */
const char *conf_hint(const char *text, unsigned line, const char *what);

#endif
