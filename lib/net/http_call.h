/* SPDX-License-Identifier: ISC */
/*
 * net/http_call.h - a call to another server, written down: what its caller has said may go away.
 */
#ifndef NET_HTTP_CALL_H
#define NET_HTTP_CALL_H

#include <acmems/http.h>

/* A copy of everything, its body with a NUL behind it; *to is zeroed before. False: no memory, and what
 * was copied so far is still there to be freed. */
bool http_call_copy(struct acmems_http_call *to, const struct acmems_http_call *from);

/* Frees what the copy has, not the struct itself; passwords are wiped. */
void http_call_free(struct acmems_http_call *call);

#endif
