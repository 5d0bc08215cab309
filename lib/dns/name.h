/* SPDX-License-Identifier: ISC */
/*
 * dns/name.h - domain names as texts, and how they lie above one another. The normal form is that of
 * answers: lower case, absolute, with the last dot, so that equal names are equal texts.
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>

#include <acmems/dns.h>
#include <acmems/error.h>

/* Brings a name to its normal form. False and *err (ACMEMS_CONFIG, ACMEMS_NO_MEMORY) if it is none. */
bool name_normal(const char *name, char out[ACMEMS_DNS_NAME_MAX], struct acmems_error *err);

/* The rest of a normal name behind its first label: "." for a name of one label, NULL for ".". */
const char *name_parent(const char *name);

/* Whether one normal name is the other, or lies below it. */
bool name_within(const char *name, const char *ancestor);

#endif
