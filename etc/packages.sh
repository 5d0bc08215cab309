#!/bin/sh
# SPDX-License-Identifier: ISC
# packages.sh SET...: installs what a fresh Debian lacks. The one list of packages for quickstart,
# tests and CI. Asks apt for nothing if everything is there; needs root (or sudo) otherwise. Servers that
# are installed for the tests are not started as services.
#
#   build   to compile the daemon and its modules
#   run     to try it out: a stand-in CA and the clients' tools
#   test    for test/run.sh
#   check   for the static checks, fuzzing and benchmarks of .ci/run
set -eu

packages=""
for set; do
    case $set in
    build) packages="$packages gcc libc6-dev binutils meson ninja-build pkg-config libevent-dev libssl-dev
        libcjson-dev libcurl4-openssl-dev libconfig-dev libc-ares-dev libldns-dev uthash-dev" ;;
    run) packages="$packages pebble openssl curl wget ca-certificates" ;;
    test) packages="$packages libcmocka-dev python3 python3-pytest python3-pytest-xdist python3-cryptography xz-utils procps mandoc
        iproute2 bind9 bind9-dnsutils knot knot-dnsutils faketime haproxy nginx libnginx-mod-stream python3-aiosmtpd
        python3-dnspython" ;;
    check) packages="$packages clang clang-tools clang-format clang-tidy libclang-rt-dev cppcheck shellcheck
        valgrind wrk" ;;
    *) echo "packages.sh: unknown set $set (build, run, test, check)" >&2; exit 64 ;;
    esac
done

missing=""
for package in $packages; do
    case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true) in
    "install ok installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "packages.sh: run this as root:  apt-get install$missing" >&2; exit 77; }
    as_root=sudo
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update >&2
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$as_root rm -f $policy' EXIT
    trap 'exit 130' HUP INT TERM # which do not run the trap above by themselves
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
fi
# shellcheck disable=SC2086 # a list of words
$as_root apt-get -qq -y --no-install-recommends install $missing >&2
