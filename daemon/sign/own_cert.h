/* SPDX-License-Identifier: ISC */
/*
 * own_cert.h - the listener's certificate, when acmems gets it for itself (mgmt.tls.self): ordered as
 * anybody's, through the default account and validator, and again in time.
 *
 * Life: prepared before the files are loaded, so that there are any -> new -> begin -> looks now and
 * again, orders, writes the file, which the listener takes from there -> free; an order under
 * way goes on without it.
 */
#ifndef OWN_CERT_H
#define OWN_CERT_H

#include <stdbool.h>

#include <acmems/error.h>
#include "generation/generation.h"

struct own_cert;

/* Makes a key if there is none, and with it a certificate signed by itself. *err: which file, why. */
bool own_cert_prepare(const struct settings_tls *tls, struct acmems_error *err);

/* generation->own says through what; it has one. NULL and *err: no memory. */
struct own_cert *own_cert_new(struct generation *generation, struct acmems_error *err);

/* Looks for the first time soon: the generation is open. */
void own_cert_begin(struct own_cert *own);

void own_cert_free(struct own_cert *own); /* NULL is allowed */

#endif
