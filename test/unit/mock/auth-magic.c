/* SPDX-License-Identifier: ISC */
/* auth-magic.c - its constant is something else. */
#include "mock.h"

ACMEMS_MODULE = {.magic = 0x12345678,
	.abi = ACMEMS_ABI,
	.size = sizeof(struct acmems_module),
	.kind = ACMEMS_AUTH,
	.name = "magic",
	MOCK_REST};
