#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs a unit test again and again, each time with another allocation failing.

usage: torture.py PROGRAM [MOST]

An allocation that fails may fail the test's assertions - the test expected success - but the
program must come to its end: no signal, no sanitizer report, no hang. With more than MOST
allocations (default 60) evenly spread ones are taken, first and last included; after BUDGET seconds
the rest is left for another day, because some tests make RSA keys each time.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

BUDGET = 15

BROKEN = re.compile(r"Segmentation fault|Test failed with exception|AddressSanitizer|runtime error|Bus error|"
                    r"double free|corrupted|stack smashing")


def run(program, at, count_file):
    """In a folder of its own for its files: a test that fails does not clean up."""
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ, TORTURE_AT=str(at), TORTURE_COUNT=count_file, UNIT_PATIENCE_MS="300", TMPDIR=folder,
                   ASAN_OPTIONS="detect_leaks=0", CMOCKA_TEST_ABORT="0")
        try:
            return subprocess.run([program], env=env, capture_output=True, text=True, errors="replace", timeout=60)
        except subprocess.TimeoutExpired:
            return None


def main():
    program = sys.argv[1]
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    with tempfile.NamedTemporaryFile(mode="r") as file:
        clean = run(program, 0, file.name)
        if clean is None or clean.returncode != 0:
            print("fails without torture\n", clean and clean.stdout, clean and clean.stderr)
            return 1
        total = int(file.read() or 0)
    if total == 0:
        print("makes no allocations of ours")
        return 0
    chosen = range(1, total + 1)
    if total > most:
        chosen = sorted({1 + round(i * (total - 1) / (most - 1)) for i in range(most)})
    broken = done = 0
    end = time.monotonic() + BUDGET
    for at in chosen:
        if time.monotonic() > end:
            break
        done += 1
        result = run(program, at, os.devnull)
        if result is None:
            print(f"allocation {at} of {total}: hangs")
        elif result.returncode < 0 or BROKEN.search(result.stdout + result.stderr):
            print(f"allocation {at} of {total}: exit {result.returncode}")
            print(result.stdout[-1500:], result.stderr[-3000:])
        else:
            continue
        broken += 1
        if broken >= 5:
            break
    print(f"{done} of {total} allocations failed in turn, {broken} times badly")
    return 1 if broken else 0


sys.exit(main())
