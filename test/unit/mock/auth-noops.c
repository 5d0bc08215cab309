/* SPDX-License-Identifier: ISC */
/* auth-noops.c - offers nothing. */
#include "mock.h"

static const struct acmems_auth_ops none = {0};

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "noops"), .version = "1", .summary = "a mock",
	ACMEMS_MODULE_OPTIONS(mock_options), .instance_size = sizeof(struct mock),
	.ops_size = sizeof(none), .ops = &none};
