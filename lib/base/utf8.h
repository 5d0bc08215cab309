/* SPDX-License-Identifier: ISC */
/*
 * base/utf8.h - UTF-8 (RFC 3629), taken strictly: neither overlong nor surrogates nor beyond 0x10ffff.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Length of the sequence at text and its code point, or 0 if none that is valid fits into len bytes,
 * of which there is one at least. Reads no further than to the first byte that does not fit, so that
 * of a text with a NUL behind it len may claim more.
 */
size_t utf8_decode(const void *text, size_t len, uint32_t *ret_point);

/*
 * Whether a character can neither move a cursor nor begin a line nor turn the direction of writing: it is no
 * control character, no separator of lines, no mark, embedding, override or isolate of direction, and
 * no byte order mark.
 */
bool utf8_harmless(uint32_t point);

#endif
