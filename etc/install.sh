#!/bin/sh
# SPDX-License-Identifier: ISC
# install.sh SAMPLE FOLDER: run by `meson install`. Puts the sample configuration into its place
# unless somebody has written one already, and makes the user that the unit runs as.
set -eu
sample=$1 folder=$2

target=${DESTDIR:-}$folder/acmems.conf
if [ -e "$target" ]; then
    echo "keeping $target"
else
    mkdir -p "${DESTDIR:-}$folder"
    install -m 0644 "$sample" "$target"
    echo "installing $target"
fi

[ -z "${DESTDIR:-}" ] && [ "$(id -u)" -eq 0 ] || exit 0
if command -v systemd-sysusers >/dev/null && [ -d /run/systemd/system ]; then
    systemd-sysusers
    systemctl daemon-reload
fi
