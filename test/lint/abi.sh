#!/bin/sh
# SPDX-License-Identifier: ISC
# Compares the layout of the public structs (argument 1: the program that prints it) with the stamp
# (argument 2). The stamp is for 64-bit machines.
set -eu
case $(uname -m) in
x86_64 | aarch64 | riscv64 | ppc64le | s390x) ;;
*) echo "no stamp for $(uname -m)"; exit 77 ;;
esac
if ! "$1" | diff -u "$2" -; then
    echo "The layout of a public struct differs from $2." >&2
    echo "Raise ACMEMS_ABI in lib/acmems/module.h if anything that existed has moved, then renew the stamp." >&2
    exit 1
fi
