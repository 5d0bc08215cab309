/* SPDX-License-Identifier: ISC */
/* x509/punycode.h - whether an A-label ("xn--...") stands for anything (RFC 3492, RFC 5890). */
#ifndef X509_PUNYCODE_H
#define X509_PUNYCODE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the text behind "xn--" (letters, digits and hyphens only) decodes to Unicode characters, of
 * which at least one is beyond ASCII. That the characters make sense in a name is left to the CA.
 */
bool punycode_decodes(const char *text, size_t len);

#endif
