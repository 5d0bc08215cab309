/* SPDX-License-Identifier: ISC */
/*
 * acme/nonce.h - replay nonces that are at hand (RFC 8555, 6.5).
 *
 * A small pool: the freshest comes out first, since CAs forget old ones; what is older than five
 * minutes is thrown away, and when it is full the oldest makes room.
 */
#ifndef ACME_NONCE_H
#define ACME_NONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NONCE_POOL_MAX 64
#define NONCE_TEXT_MAX 256
#define NONCE_AGE_MAX_MS 300000

struct nonce_pool {
	struct {
		char *text;
		int64_t at;
	} items[NONCE_POOL_MAX]; /* oldest first */
	size_t count;
};

/* Whether it is base64url text of at most NONCE_TEXT_MAX characters (RFC 8555, 6.5.1). */
bool nonce_is_valid(const char *text);

/* Keeps a copy of a nonce that came at now_ms; one that is not valid, NULL, or for which there is no
 * memory is dropped. */
void nonce_put(struct nonce_pool *pool, const char *text, int64_t now_ms);

/* The freshest, to be freed by the caller; NULL when there is none. */
char *nonce_take(struct nonce_pool *pool, int64_t now_ms);

/* Throws all away. */
void nonce_clear(struct nonce_pool *pool);

#endif
