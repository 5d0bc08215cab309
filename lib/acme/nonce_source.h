/* SPDX-License-Identifier: ISC */
/*
 * acme/nonce_source.h - where nonces come from when none is at hand: HEAD newNonce (RFC 8555, 7.2).
 *
 * Fetches as many as are wanted and not more, backs off while that fails, and says so when it has
 * failed too often in a row. Owns the pool.
 */
#ifndef ACME_NONCE_SOURCE_H
#define ACME_NONCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/loop.h>
#include "acme/nonce.h"
#include "acme/transport.h"

#define NONCE_FETCHES_MAX 32

struct nonce_fetch {
	struct nonce_source *source;
	uint64_t call; /* 0: this place is free */
};

struct nonce_source {
	/* set by the owner; borrowed */
	const struct acme_transport *transport;
	const char *ca_file;
	acmems_callback *changed; /* a nonce has come, or fetching makes sense again */
	/* given up: the same fault too often, or a pause that the CA asks for is too long */
	void (*failed)(void *arg, const struct acmems_error *err);
	void *arg;

	struct nonce_pool pool;
	struct nonce_fetch fetches[NONCE_FETCHES_MAX];
	size_t under_way;
	unsigned failures; /* in a row */
	struct acmems_timer *pause;
};

/* False: no memory. */
bool nonce_source_init(struct nonce_source *source);
void nonce_source_fini(struct nonce_source *source);

/* Has up to `count` fetches under way, from this URL, unless it pauses. Callbacks come later. */
void nonce_source_want(struct nonce_source *source, const char *url, size_t count);

#endif
