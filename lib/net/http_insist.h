/* SPDX-License-Identifier: ISC */
/* net/http_insist.h - acmems_http_insist() as the daemon and tests see it. */
#ifndef NET_HTTP_INSIST_H
#define NET_HTTP_INSIST_H

#include <stddef.h>

/* How many are under way. */
size_t http_insist_count(void);

/* Drops all, without calling back. Before http_client_fini(). */
void http_insist_fini(void);

#endif
