/* SPDX-License-Identifier: ISC */
/* auth-good.c - nothing is wrong with it. */
#include "mock.h"

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "good"), MOCK_REST};
