/* SPDX-License-Identifier: ISC */
/* auth-old.c - built for another ABI. */
#include "mock.h"

ACMEMS_MODULE = {.magic = ACMEMS_MODULE_MAGIC,
	.abi = ACMEMS_ABI + 41,
	.size = sizeof(struct acmems_module),
	.kind = ACMEMS_AUTH,
	.name = "old",
	MOCK_REST};
