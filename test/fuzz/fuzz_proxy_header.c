/* SPDX-License-Identifier: ISC */
/*
 * fuzz_proxy_header.c - the first bytes of a proxy's connection. However they arrive in pieces, what
 * they are must not change once it is said, and no byte behind a header may be taken for a part of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header whole, part;
	enum proxy_header_is is = proxy_header_read(data, size, &whole);
	size_t most = size < 300 ? size : 300;

	if (is == PROXY_HEADER_WHOLE) {
		must(whole.len > 0 && whole.len <= size && whole.len <= PROXY_HEADER_MAX);
		must(whole.client.family == ACMEMS_LOCAL || !whole.own);
	}
	must(is != PROXY_HEADER_PART || size < PROXY_HEADER_MAX);
	for (size_t len = 0; len <= most; len++) {
		/* a copy, so that sanitizers see who reads behind the end */
		uint8_t *copy = malloc(len + 1);
		enum proxy_header_is early;

		if (!copy)
			return 0;
		memcpy(copy, data, len);
		early = proxy_header_read(copy, len, &part);
		free(copy);
		must(early == PROXY_HEADER_PART || early == is);
		if (early != PROXY_HEADER_WHOLE)
			continue;
		must(part.len == whole.len && part.own == whole.own && part.len <= len);
		must(memcmp(part.client.bytes, whole.client.bytes, sizeof(part.client.bytes)) == 0);
	}
	return 0;
}
