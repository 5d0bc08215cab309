#!/bin/sh
# SPDX-License-Identifier: ISC
# quickstart.sh: installs what is needed, builds acmems, starts a stand-in CA (Debian's pebble) and
# the daemon on loopback, asks for a certificate the way your servers will, and shows it. Ends what
# it started and leaves nothing behind but the build folder (ACMEMS_BUILD, or else build).
#
#   etc/quickstart.sh [--keep]
#
#   --keep   leaves CA and daemon running until you press Enter, so that you can try for yourself
set -eu
cd "$(dirname "$0")/.."

build=${ACMEMS_BUILD:-build}
keep=no
case ${1:-} in
--keep) keep=yes ;;
"") ;;
*) sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1. Packages and build"
etc/packages.sh build run
[ -e "$build/build.ninja" ] || meson setup "$build" -Dtests=false >/dev/null
ninja -C "$build" >"$build/ninja.out" || { cat "$build/ninja.out"; exit 1; }

work=$(mktemp -d)
pids=""
finish() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    for pid in $pids; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Seven free ports, so that nothing that runs here already is in the way.
# shellcheck disable=SC2046 # seven words
set -- $(python3 -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(7)]
print(*(s.getsockname()[1] for s in held))')
ca=$1 ca_mgmt=$2 http=$3 tls=$4 dns=$5 dns_mgmt=$6 sign=$7
python3 -c 'import socket; socket.create_server(("127.0.0.1", 1313))' 2>/dev/null && sign=1313

# A condition with a deadline: until COMMAND works, for 15 seconds at most.
await() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ $tries -gt 150 ]; then
            echo "$what did not come up; its log:" >&2
            cat "$work"/*.log >&2
            exit 1
        fi
        sleep 0.1
    done
}

say "2. A stand-in CA (pebble) that resolves every name to this machine"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$work/ca-tls.key" -out "$work/ca-tls.pem" 2>/dev/null
cat >"$work/pebble.json" <<EOF
{ "pebble": { "listenAddress": "127.0.0.1:$ca", "managementListenAddress": "127.0.0.1:$ca_mgmt",
    "certificate": "$work/ca-tls.pem", "privateKey": "$work/ca-tls.key",
    "httpPort": $http, "tlsPort": $tls, "ocspResponderURL": "", "externalAccountBindingRequired": false } }
EOF
# newer versions have another name for the DNS listener, and one listener more
case $(pebble-challtestsrv -h 2>&1 || true) in
*-dnsserver*) dns_flags="-dnsserver 127.0.0.1:$dns -doh=" ;;
*) dns_flags="-dns01 127.0.0.1:$dns" ;;
esac
# shellcheck disable=SC2086 # a list of words
pebble-challtestsrv $dns_flags -http01 "" -https01 "" -tlsalpn01 "" -management "127.0.0.1:$dns_mgmt" \
    -defaultIPv4 127.0.0.1 -defaultIPv6 "" >"$work/dns.log" 2>&1 &
pids="$!"
PEBBLE_VA_NOSLEEP=1 pebble -config "$work/pebble.json" -dnsserver "127.0.0.1:$dns" >"$work/pebble.log" 2>&1 &
pids="$pids $!"
await pebble curl -fsS --cacert "$work/ca-tls.pem" "https://localhost:$ca/dir"
echo "   directory: https://localhost:$ca/dir"

say "3. The daemon, with this configuration"
cat >"$work/acmems.conf" <<EOF
account: {
  pebble: {
    directory = "https://localhost:$ca/dir";
    dir = "$work/account";
    accept-terms-of-service = true;
    ca-file = "$work/ca-tls.pem";
  };
};
mgmt: { listen = [ "127.0.0.1:$sign" ]; };
validator: { http: { type = "http01"; listen = [ "127.0.0.1:$http" ]; }; };
storage: { file: { type = "file"; directory = "$work/storage"; }; };
auth: ( { name = "quickstart"; ip = [ "127.0.0.1" ]; domains = [ "*.example.org" ]; } );
EOF
mkdir "$work/storage"
cat "$work/acmems.conf"
"$build/daemon/acmems" -c "$work/acmems.conf" -m "$build/modules" -t
"$build/daemon/acmems" -c "$work/acmems.conf" -m "$build/modules" 2>"$work/acmems.log" &
pids="$! $pids"
await acmems curl -fsS "http://127.0.0.1:$sign/"

say "4. What a server does to get its certificate"
cat <<EOF
   openssl ecparam -name prime256v1 -genkey -noout -out www.key
   openssl req -new -key www.key -subj / -addext subjectAltName=DNS:www.example.org -out www.csr
   curl -fsS --data-binary @www.csr http://127.0.0.1:$sign/sign > www.pem
EOF
(
    cd "$work"
    openssl ecparam -name prime256v1 -genkey -noout -out www.key
    openssl req -new -key www.key -subj / -addext subjectAltName=DNS:www.example.org -out www.csr
    # the account may still be on its way to the CA: curl's own retry obeys Retry-After
    curl -fsS --retry 5 --data-binary @www.csr "http://127.0.0.1:$sign/sign" >www.pem
) || { echo "that did not work; the daemon's log:" >&2; cat "$work/acmems.log" >&2; exit 1; }

say "5. The certificate"
openssl x509 -in "$work/www.pem" -noout -issuer -dates -ext subjectAltName
echo "   certificates in the chain: $(grep -c 'BEGIN CERTIFICATE' "$work/www.pem")"

if [ $keep = yes ]; then
    say "Still running: http://127.0.0.1:$sign/   (files: $work; Enter ends it)"
    read -r _ || true
fi
say "Done. Everything that was started is ended again."
