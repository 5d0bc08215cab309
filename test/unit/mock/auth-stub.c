/* SPDX-License-Identifier: ISC */
/* auth-stub.c - has not even a head. */
extern const int acmems_module;

__attribute__((visibility("default"))) const int acmems_module = 0x61636d65;
