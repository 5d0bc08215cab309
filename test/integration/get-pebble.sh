#!/bin/sh
# SPDX-License-Identifier: ISC
# get-pebble.sh FOLDER: puts the newest pebble to be had into FOLDER/bin and says in FOLDER/version
# which one it is.
#
# Debian 12 has 2.4. The suite forky has a newer one that needs nothing but libc, so it can be
# unpacked beside the system; its mirror is the one this machine's apt uses. If that fails, for
# whatever reason, the system's pebble serves.
set -eu

folder=$1
suite=forky
[ -s "$folder/version" ] && [ -x "$folder/bin/pebble" ] && exit 0
mkdir -p "$folder/bin"

# The first Debian mirror among the apt sources, one-line or deb822, security archives left out.
mirror() {
    find /etc/apt -name '*.sources' -exec sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' {} + 2>/dev/null
    find /etc/apt -name '*.list' -exec sed -n 's/^deb[[:space:]]\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p' {} + \
        2>/dev/null
}

newest() {
    url=$(mirror | sed 's#/*$##' | grep '/debian$' | head -n 1)
    [ -n "$url" ] || { echo "no Debian mirror among the apt sources"; return 1; }
    arch=$(dpkg --print-architecture)
    curl -fsS --max-time 120 "$url/dists/$suite/main/binary-$arch/Packages.xz" | xz -dc |
        sed -n '/^Package: pebble$/,/^$/p' >"$folder/entry" || true
    name=$(sed -n 's/^Filename: //p' "$folder/entry")
    sum=$(sed -n 's/^SHA256: //p' "$folder/entry")
    version=$(sed -n 's/^Version: //p' "$folder/entry")
    if [ -z "$name" ] || [ -z "$sum" ]; then
        echo "$suite has no pebble at $url"
        return 1
    fi
    curl -fsS --max-time 300 -o "$folder/pebble.deb" "$url/$name" || { echo "cannot fetch $name"; return 1; }
    echo "$sum  $folder/pebble.deb" | sha256sum -c --status || { echo "wrong checksum of $name"; return 1; }
    dpkg-deb -x "$folder/pebble.deb" "$folder/unpacked" || return 1
    "$folder/unpacked/usr/bin/pebble" -h 2>&1 | grep -q -- -dnsserver || { echo "it does not run here"; return 1; }
    for program in pebble pebble-challtestsrv; do
        ln -sf "../unpacked/usr/bin/$program" "$folder/bin/$program"
    done
    echo "$version ($suite)" >"$folder/version"
}

if why=$(newest 2>&1); then
    rm -f "$folder/pebble.deb" "$folder/entry"
else
    for program in pebble pebble-challtestsrv; do
        ln -sf "/usr/bin/$program" "$folder/bin/$program"
    done
    echo "$(dpkg-query -W -f='${Version}' pebble) (the system's; $suite: $(echo "$why" | tail -n 1))" >"$folder/version"
fi
echo "pebble $(cat "$folder/version")"
