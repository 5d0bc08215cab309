#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh: installs what is needed, builds acmems and runs every test. Ends what it starts.
#
#   test/run.sh [--sanitize] [--no-torture] [--build FOLDER] [PYTEST ARGUMENTS]
#
#   --sanitize    everything with AddressSanitizer and UndefinedBehaviorSanitizer
#   --no-torture  leaves out the runs with failing allocations (some minutes)
#   --build       where to build (default: build, or build-sanitize)
#
# Words behind that go to pytest, e.g.  test/run.sh test/integration/test_sign.py -k wget
set -eu
cd "$(dirname "$0")/.."

sanitize=no torture=yes build=""
while [ $# -gt 0 ]; do
    case $1 in
    --sanitize) sanitize=yes ;;
    --no-torture) torture=no ;;
    --build) build=$2; shift ;;
    -h | --help) sed -n '3,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) break ;;
    esac
    shift
done

etc/packages.sh build run test

# Debian's meson and pytest belong to Debian's python
python=/usr/bin/python3
options=""
if [ $sanitize = yes ]; then
    build=${build:-build-sanitize}
    options="-Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1"
    export LSAN_OPTIONS="suppressions=$PWD/test/lsan.txt:print_suppressions=0"
    export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:exitcode=99"
    export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"
fi
build=${build:-build}
if [ ! -e "$build/build.ninja" ]; then
    # shellcheck disable=SC2086 # a list of words
    meson setup "$build" $options ${ACMEMS_MESON_OPTIONS:-} >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
    rm -f "$build.log"
else
    # quickstart makes the same folder, without tests
    meson configure "$build" -Dtests=true
fi
# quiet unless it fails
make() { ninja -C "$build" "$@" >"$build/ninja.out" || { cat "$build/ninja.out"; exit 1; }; }
make

echo "== unit, flow, fuzz corpora, lint"
meson test -C "$build" --no-rebuild --print-errorlogs --suite unit --suite flow --suite fuzz
# the sanitizers add symbols of their own to what lint looks at
[ $sanitize = yes ] || meson test -C "$build" --no-rebuild --print-errorlogs --suite lint

if [ $torture = yes ] && [ $sanitize = no ]; then
    echo "== torture: every allocation failing once"
    make torture-programs
    meson test -C "$build" --no-rebuild --print-errorlogs --suite torture
fi

echo "== integration, against real servers"
pebble=$build/pebble
test/integration/get-pebble.sh "$pebble"
[ $# -gt 0 ] || set -- test/integration
ACMEMS_BUILD=$build PEBBLE_DIR=$pebble ACMEMS_SANITIZE=$sanitize PYTHONDONTWRITEBYTECODE=1 \
    $python -m pytest -p no:cacheprovider -q -n "$(nproc)" "$@"
