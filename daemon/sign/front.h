/* SPDX-License-Identifier: ISC */
/*
 * front.h - the management listener: paths, methods, and to whom a request goes (RFC 9110).
 */
#ifndef FRONT_H
#define FRONT_H

#include <acmems/error.h>
#include "generation/generation.h"

struct front;

/* Binds the addresses of mgmt; takes no requests yet. NULL and *err on failure. */
struct front *front_new(struct generation *generation, struct acmems_error *err);
void front_open(struct front *front);
void front_free(struct front *front); /* NULL is allowed */

#endif
