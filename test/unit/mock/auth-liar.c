/* SPDX-License-Identifier: ISC */
/* auth-liar.c - claims to be longer than it is. */
#include "mock.h"

ACMEMS_MODULE = {.magic = ACMEMS_MODULE_MAGIC,
	.abi = ACMEMS_ABI,
	.size = 100000,
	.kind = ACMEMS_AUTH,
	.name = "liar",
	MOCK_REST};
