/* SPDX-License-Identifier: ISC */
/* auth-load.c - can not even be loaded. */
#include "mock.h"

static bool load(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_SYSTEM, "the moon is not full");
}

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "load"), MOCK_REST, .load = load};
