/* SPDX-License-Identifier: ISC */
/* auth-tomb.c - crashes as soon as it is mapped. */
#include <signal.h>

#include "mock.h"

__attribute__((constructor)) static void fall(void)
{
	raise(SIGSEGV);
}

ACMEMS_MODULE = {ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "tomb"), MOCK_REST};
