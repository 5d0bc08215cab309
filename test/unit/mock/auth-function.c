/* SPDX-License-Identifier: ISC */
/* auth-function.c - exports a function by that name. */
void acmems_module(void);

__attribute__((visibility("default"))) void acmems_module(void)
{
}
