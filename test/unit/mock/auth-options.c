/* SPDX-License-Identifier: ISC */
/* auth-options.c - has an option outside its instance. */
#include "mock.h"

static const struct acmems_option far[] = {
	{.name = "far", .type = ACMEMS_STRING, .offset = 100000, .help = "out of reach"},
};

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "options"), .version = "1", .summary = "a mock",
	ACMEMS_MODULE_OPTIONS(far), .instance_size = sizeof(struct mock),
	.ops_size = sizeof(mock_ops), .ops = &mock_ops};
