# SPDX-License-Identifier: ISC
"""The daemon answers challenges itself."""

import contextlib
import http.client
import http.server
import resource
import socket
import threading

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
    assert acmems.request("GET", path, port=http_port).status in (400, 404, 414)


def test_it_is_not_the_management_listener(acmems, http_port):
    assert acmems.request("POST", "/sign", b"x", port=http_port).status in (404, 405)


class Proxy:
    """A web server in front, as operators have one: hands the CA's requests on, with other headers."""

    def __init__(self, port, backend):
        self.seen = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                probes = {}
                for method, headers in (("GET", {"Host": "elsewhere.example:81"}), ("HEAD", {}), ("POST", {})):
                    connection = http.client.HTTPConnection("127.0.0.1", backend, timeout=rig.PATIENCE)
                    connection.request(method, self.path, headers=headers, body=b"" if method == "POST" else None)
                    response = connection.getresponse()
                    probes[method] = rig.Answer(response.status, dict(response.getheaders()), response.read())
                    connection.close()
                proxy.seen.append((self.path, probes))
                self.send_response(probes["GET"].status)
                self.end_headers()
                self.wfile.write(probes["GET"].body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_behind_a_proxy(config, start, http_port, tmp_path):
    backend = rig.Ports.take()
    acmems = start(config(validator=f'http: {{ type = "http01"; listen = [ "127.0.0.1:{backend}" ]; }};')).ready()
    with Proxy(http_port, backend) as proxy:
        acmems.signed(rig.make_csr(tmp_path, "proxy.example.org"))
    assert proxy.seen
    for path, probes in proxy.seen:
        token = path.rsplit("/", 1)[1]
        assert probes["GET"].status == 200
        assert probes["GET"].body.startswith(token.encode() + b".")
        assert probes["GET"].headers["Content-Type"] in ("application/octet-stream", "text/plain")
        assert probes["HEAD"].status == 200 and probes["HEAD"].body == b""
        assert probes["POST"].status in (404, 405)
        assert acmems.request("GET", path, port=backend).status == 404, "gone afterwards"


def test_a_crowd_does_not_lock_the_ca_out(acmems, http_port, tmp_path):
    """More connections than there is room for, from several addresses, on which nothing is asked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 6000:
        pytest.skip("not enough descriptors")
    acmems.announce("too many connections")
    before = acmems.fds()
    resource.setrlimit(resource.RLIMIT_NOFILE, (6000, hard))
    try:
        with contextlib.ExitStack() as crowd:
            for i in range(4500):
                crowd.enter_context(socket.create_connection(("127.0.0.1", http_port), source_address=(f"127.0.0.{2 + i % 5}", 0)))
            rig.wait_for(lambda: acmems.fds() > before + 4000, "the crowd is in")
            assert acmems.sign(rig.make_csr(tmp_path, "www.example.org")).status == 200
            assert acmems.fds() < before + 4200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    rig.wait_for(lambda: acmems.fds() <= before + 10, "the crowd is out")


def test_one_name_many_orders_at_once(config, start, make_pebble, tmp_path):
    """Orders of one account may share a pending authorization, and so its token."""
    import concurrent.futures
    ca = make_pebble(reuse=100)
    acmems = start(config(ca=ca, storage='none: { type = "none"; };')).ready()
    csrs = [rig.make_csr(tmp_path, "shared.example.org", key=rig.make_key(tmp_path, f"{i}.key")) for i in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(acmems.sign, csrs))
    assert [a.status for a in answers] == [200] * 8, [a.text for a in answers if a.status != 200]


def test_a_taken_address_is_named(config, tmp_path):
    import subprocess
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = tmp_path / "taken.conf"
        path.write_text(config(validator=f'http: {{ type = "http01"; listen = [ "127.0.0.1:{port}" ]; }};'))
        result = subprocess.run([rig.BUILD / "daemon/acmems", "-c", path, "-m", rig.BUILD / "modules"],
                                capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode != 0
    assert f"127.0.0.1:{port}" in result.stderr and "in use" in result.stderr


def test_no_listener_says_so(config, start, tmp_path):
    acmems = start(config(validator='http: { type = "http01"; listen = [ ]; };')).ready()
    acmems.announce("listen is empty")
    answer = acmems.sign(rig.make_csr(tmp_path, "nobody.example.org"))
    assert answer.status >= 500
    rig.wait_for(lambda: "listen is empty" in acmems.log(), "reason in the log")
