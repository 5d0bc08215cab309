/* SPDX-License-Identifier: ISC */
/* udp_rate.c - buckets of bytes. */
#include "dns/udp_rate.h"

#include "net/address.h"

void udp_rate_init(struct udp_rate *rate, int64_t now_ms)
{
	for (size_t i = 0; i < UDP_RATE_BUCKETS; i++)
		rate->buckets[i] = (struct udp_rate_bucket){UDP_RATE_BURST, now_ms};
}

/* FNV-1a. Who finds two sources of one bucket has gained nothing. */
static size_t hash(const uint8_t key[ADDRESS_KEY_LEN])
{
	uint32_t value = 2166136261u;

	for (size_t i = 0; i < ADDRESS_KEY_LEN; i++)
		value = (value ^ key[i]) * 16777619u;
	return (value ^ value >> 16) % UDP_RATE_BUCKETS;
}

struct udp_rate_bucket *udp_rate_of(
	struct udp_rate *rate, const struct acmems_address *source, int64_t now_ms)
{
	uint8_t key[ADDRESS_KEY_LEN];
	struct udp_rate_bucket *bucket;
	int64_t gained;

	address_key(source, key);
	bucket = &rate->buckets[hash(key)];
	gained = (now_ms - bucket->filled_ms) * UDP_RATE_BYTES / 1000;
	if (gained <= 0)
		return bucket;
	bucket->left =
		gained < UDP_RATE_BURST - bucket->left ? bucket->left + gained : UDP_RATE_BURST;
	bucket->filled_ms = now_ms;
	return bucket;
}
