#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh: the figures, each beside its target or a reference measured in the same run. Some minutes.
#
#   test/bench/run.sh [--build FOLDER]     builds optimised into FOLDER (default: build-bench)
set -eu
cd "$(dirname "$0")/../.."

build="build-bench"
[ "${1:-}" != --build ] || build=$2
etc/packages.sh build run test check
[ -e "$build/build.ninja" ] || meson setup "$build" --buildtype=release >/dev/null
ninja -C "$build" daemon/acmems test/bench/bare >/dev/null
ninja -C "$build" >/dev/null
test/integration/get-pebble.sh "$build/pebble"
ACMEMS_BUILD=$build PEBBLE_DIR=$build/pebble PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 test/bench/bench.py
