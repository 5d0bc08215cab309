/* SPDX-License-Identifier: ISC */
/* auth-mute.c - has no summary. */
#include "mock.h"

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "mute"), ACMEMS_MODULE_OPTIONS(mock_options),
	.instance_size = sizeof(struct mock), .ops_size = sizeof(mock_ops), .ops = &mock_ops};
