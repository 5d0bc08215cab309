/* SPDX-License-Identifier: ISC */
/* auth-rows.c - its options are of another size. */
#include "mock.h"

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "rows"), .version = "1", .summary = "a mock",
	.options = mock_options, .option_count = 1, .option_size = 40,
	.instance_size = sizeof(struct mock), .ops_size = sizeof(mock_ops), .ops = &mock_ops};
