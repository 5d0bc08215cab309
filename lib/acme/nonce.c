/* SPDX-License-Identifier: ISC */
/* nonce.c - see nonce.h. */
#include "acme/nonce.h"

#include <stdlib.h>
#include <string.h>

bool nonce_is_valid(const char *text)
{
	size_t len =
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && len <= NONCE_TEXT_MAX && text[len] == '\0';
}

static void drop_oldest(struct nonce_pool *pool, size_t how_many)
{
	for (size_t i = 0; i < how_many; i++)
		free(pool->items[i].text);
	pool->count -= how_many;
	memmove(pool->items, pool->items + how_many, pool->count * sizeof(pool->items[0]));
}

void nonce_put(struct nonce_pool *pool, const char *text, int64_t now_ms)
{
	char *copy;

	if (text == NULL || !nonce_is_valid(text))
		return;
	copy = strdup(text);
	if (copy == NULL)
		return;
	if (pool->count == NONCE_POOL_MAX)
		drop_oldest(pool, 1);
	pool->items[pool->count].text = copy;
	pool->items[pool->count].at = now_ms;
	pool->count++;
}

char *nonce_take(struct nonce_pool *pool, int64_t now_ms)
{
	size_t stale = 0;

	while (stale < pool->count && now_ms - pool->items[stale].at > NONCE_AGE_MAX_MS)
		stale++;
	drop_oldest(pool, stale);
	if (pool->count == 0)
		return NULL;
	pool->count--;
	return pool->items[pool->count].text;
}

void nonce_clear(struct nonce_pool *pool)
{
	drop_oldest(pool, pool->count);
}
