/* SPDX-License-Identifier: ISC */
/* auth-kind.c - is of another kind than its file says. */
#include "mock.h"

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_STORAGE, "kind"), MOCK_REST};
