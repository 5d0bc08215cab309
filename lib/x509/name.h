/* SPDX-License-Identifier: ISC */
/* x509/name.h - names as a CSR may ask for them. */
#ifndef X509_NAME_ROOM_H
#define X509_NAME_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include <acmems/x509.h>

/* 253 octets (RFC 1035), "*." and NUL */
#define NAME_DNS_MAX 256

/*
 * A DNS name as certificates may carry it: A-labels of letters, digits and hyphens, 63 octets each,
 * 253 in all, no dot at either end, at least two labels, the last one not a number, "*" only as the
 * whole first label. Written to out in lower case. ACMEMS_BAD_CSR with a sentence otherwise.
 */
bool name_dns(const char *text, size_t len, char out[NAME_DNS_MAX], bool *wildcard,
	struct acmems_error *err);

/* Text of 4 or 16 address bytes (RFC 5952); false for another length. */
bool name_ip(const unsigned char *bytes, size_t len, char out[64]);

/* Printable ASCII as it is, all else as \xNN; cut with "..." if it does not fit. Returns out. */
const char *name_printable(const char *text, size_t len, char *out, size_t room);

#endif
