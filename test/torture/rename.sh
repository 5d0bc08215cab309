#!/bin/sh
# SPDX-License-Identifier: ISC
# rename.sh OUT ARCHIVE...: one archive of all objects with their allocations renamed (torture.c).
set -eu
out=$1
shift
rm -f "$out"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
n=0
for archive; do
    base=$(dirname "$archive")
    for object in $(ar t "$archive"); do
        n=$((n + 1))
        # a thin archive names files, seen from its own folder or from the working directory
        if [ -e "$base/$object" ]; then from=$base/$object; else from=$object; fi
        objcopy --redefine-sym malloc=torture_malloc --redefine-sym calloc=torture_calloc \
            --redefine-sym realloc=torture_realloc --redefine-sym strdup=torture_strdup \
            --redefine-sym strndup=torture_strndup "$from" "$folder/$n.$(basename "$object")"
    done
done
ar rcs "$out" "$folder"/*.o
