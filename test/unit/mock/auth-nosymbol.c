/* SPDX-License-Identifier: ISC */
/* auth-nosymbol.c - is no module at all. */
extern const int nothing;

__attribute__((visibility("default"))) const int nothing = 1;
