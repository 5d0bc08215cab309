/* SPDX-License-Identifier: ISC */
/*
 * crypto.h - the few primitives that modules need: digests, HMAC, comparing and wiping secrets.
 */
#ifndef ACMEMS_CRYPTO_H
#define ACMEMS_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#define ACMEMS_DIGEST_MAX 64
#define ACMEMS_DIGEST_HEX_MAX (2 * ACMEMS_DIGEST_MAX + 1)

/*
 * Digest of data by name: "sha1" (for HMAC and TSIG only), "sha224", "sha256", "sha384", "sha512",
 * case-insensitive. Returns the number of bytes written to out, 0 for an unknown name or no memory.
 */
size_t acmems_digest(
	const char *name, const void *data, size_t len, unsigned char out[ACMEMS_DIGEST_MAX]);

/* HMAC (RFC 2104) with the digest of that name; key_len may be 0. Returns as acmems_digest(). */
size_t acmems_hmac(const char *name, const void *key, size_t key_len, const void *data, size_t len,
	unsigned char out[ACMEMS_DIGEST_MAX]);

/* Lower-case hex of len bytes, NUL-terminated; out has room for 2 * len + 1. */
void acmems_hex(const void *data, size_t len, char *out);

/* Hex to bytes, either case; false unless text is exactly 2 * len hex digits. */
bool acmems_unhex(const char *text, size_t text_len, unsigned char *out, size_t len);

/* Length of base64url without padding (RFC 4648, 5) of len bytes, without NUL. */
#define ACMEMS_BASE64URL_LEN(len) (((len)*4 + 2) / 3)

/* base64url without padding, NUL-terminated; out has room for ACMEMS_BASE64URL_LEN(len) + 1. */
void acmems_base64url(const void *data, size_t len, char *out);

/*
 * base64url to bytes; *out_len is the room on entry and the length on return. False for a foreign
 * character, padding, an impossible length, stray bits or too little room.
 */
bool acmems_unbase64url(const char *text, size_t text_len, unsigned char *out, size_t *out_len);

/* Length of base64 with padding (RFC 4648, 4) of len bytes, without NUL. */
#define ACMEMS_BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* base64 with padding, in one line, NUL-terminated; out has room for ACMEMS_BASE64_LEN(len) + 1. */
void acmems_base64(const void *data, size_t len, char *out);

/* Whether the bytes are equal, in time that depends on len only. */
bool acmems_equal(const void *a, const void *b, size_t len);

/* Overwrites a secret so that no compiler takes it out. */
void acmems_wipe(void *data, size_t len);

/* Fills data with random bytes fit for keys; false if the system has none. */
bool acmems_random(void *data, size_t len);

#endif
