/* SPDX-License-Identifier: ISC */
/* auth-name.c - calls itself otherwise. */
#include "mock.h"

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "other"), MOCK_REST};
