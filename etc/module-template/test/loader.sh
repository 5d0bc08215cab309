#!/bin/sh
# SPDX-License-Identifier: ISC
# loader.sh: does the daemon take every module of a folder? Usage: loader.sh ACMEMS FOLDER
set -eu
# It refuses what others may write to, as in a build with a generous umask.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install -m 755 "$2"/*.so "$folder"
refused=$("$1" -m "$folder" -l 2>&1 >/dev/null)
[ -z "$refused" ] || { echo "$refused"; exit 1; }
for file in "$folder"/*.so; do
    name=${file##*/}
    "$1" -m "$folder" -D "${name%.so}"
done
