/* SPDX-License-Identifier: ISC */
/* auth-unbound.c - wants a function that nobody has. */
#include "mock.h"

bool acmems_function_of_the_future(struct acmems_error *err);

static bool load(struct acmems_error *err)
{
	return acmems_function_of_the_future(err);
}

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "unbound"), MOCK_REST, .load = load};
