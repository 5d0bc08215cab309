/* SPDX-License-Identifier: ISC */
/* auth-short.c - ends behind the head. Includes no module.h, as the constant has another type. */
#include <stdint.h>

struct short_module {
	uint32_t magic;
	uint32_t abi;
	uint32_t size;
	uint32_t kind;
	char name[32];
};

extern const struct short_module acmems_module;

__attribute__((visibility("default"))) const struct short_module acmems_module = {
	.magic = 0x61636d65u,
	.abi = 1,
	.size = sizeof(struct short_module),
	.kind = 2,
	.name = "short",
};
