# SPDX-License-Identifier: ISC
"""The daemon answers challenges itself."""

import socket

import pytest

import rig


def test_several_listeners_of_both_families(config, start, http_port, tmp_path):
    second = rig.Ports.take()
    validator = f'http: {{ type = "http01"; listen = [ "127.0.0.1:{http_port}", "[::1]:{http_port}", "127.0.0.1:{second}" ]; }};'
    acmems = start(config(validator=validator)).ready()
    acmems.signed(rig.make_csr(tmp_path, "several.example.org"))
    for host, port in (("127.0.0.1", http_port), ("::1", http_port), ("127.0.0.1", second)):
        assert acmems.request("GET", "/.well-known/acme-challenge/none", host=host, port=port).status == 404


def test_ipv6_only(tmp_path, config, start, http_port):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    resolver = rig.Resolver(tmp_path, ipv6="::1")
    ca = rig.Pebble(tmp_path, resolver, http_port)
    try:
        acmems = start(config(ca=ca, validator=f'http: {{ type = "http01"; listen = [ "[::1]:{http_port}" ]; }};')).ready()
        acmems.signed(rig.make_csr(tmp_path, "six.example.org"))
    finally:
        ca.stop()
        resolver.stop()


@pytest.mark.parametrize("path", ["/", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/../x",
                                  "/.well-known/acme-challenge/" + "a" * 4000, "/.well-known/acme-challenge/a%00b"])
def test_other_paths_are_404(acmems, http_port, path):
    assert acmems.request("GET", path, port=http_port).status in (400, 404)


def test_it_is_not_the_management_listener(acmems, http_port):
    assert acmems.request("POST", "/sign", b"x", port=http_port).status in (404, 405)
