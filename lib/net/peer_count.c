/* SPDX-License-Identifier: ISC */
/* peer_count.c - connections counted by address. */
#include "net/peer_count.h"

#include <stdlib.h>
#include <string.h>

#include "net/address.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct peer_count {
	uint8_t key[ADDRESS_KEY_LEN];
	unsigned count;
	UT_hash_handle hh;
};

struct peer_count *peer_count_add(struct peer_count **table, const struct acmems_address *address)
{
	struct peer_count *peer;
	uint8_t key[ADDRESS_KEY_LEN];

	address_key(address, key);
	HASH_FIND(hh, *table, key, sizeof(key), peer);
	if (!peer) {
		peer = calloc(1, sizeof(*peer));
		if (!peer)
			return NULL;
		memcpy(peer->key, key, sizeof(key));
		HASH_ADD(hh, *table, key, sizeof(key), peer);
		if (!peer->hh.tbl) {
			free(peer);
			return NULL;
		}
	}
	peer->count++;
	return peer;
}

void peer_count_drop(struct peer_count **table, struct peer_count *peer)
{
	if (!peer || --peer->count > 0)
		return;
	HASH_DEL(*table, peer);
	free(peer);
}

unsigned peer_count_get(const struct peer_count *peer)
{
	return peer->count;
}
