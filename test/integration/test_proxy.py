# SPDX-License-Identifier: ISC
"""Behind proxies: who is believed when it says for whom it asks, and who is not."""

import http.client
import os
import pathlib
import re
import shutil
import socket
import ssl
import struct
import subprocess

import pytest

import rig
import tls_rig

# Only one address may have anything, and it is nobody's here.
AUTH = '{ name = "far"; ip = [ "203.0.113.7", "2001:db8::7" ]; domains = [ "*.example.org" ]; }'
NEAR = '{ name = "near"; ip = [ "127.0.0.0/8" ]; domains = [ "*.example.org" ]; }'
TRUST = 'trusted-proxies = [ "127.0.0.1", "10.0.0.0/8" ];'
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def find_program(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


@pytest.fixture
def csr(tmp_path):
    return rig.make_csr(tmp_path, "www.example.org")


@pytest.fixture
def trusting(config, start):
    return start(config(mgmt=TRUST, auth=AUTH)).ready()


@pytest.mark.parametrize("headers, status", [
    ({"X-Forwarded-For": "203.0.113.7"}, 200),
    ({"X-Forwarded-For": "192.0.2.1, 203.0.113.7, 10.1.2.3"}, 200),
    ({"X-Forwarded-For": "2001:db8::7"}, 200),
    ({"Forwarded": "for=203.0.113.7;proto=http"}, 200),
    ({"Forwarded": 'for="[2001:db8::7]:4711", for=10.1.2.3'}, 200),
    ({"Forwarded": "for=203.0.113.7", "X-Forwarded-For": "203.0.113.7"}, 200),
    ({}, 403),
    ({"X-Forwarded-For": "203.0.113.7, 203.0.113.8"}, 403),
    ({"X-Forwarded-For": "203.0.113.7, unknown"}, 403),
    ({"X-Forwarded-For": "203.0.113.7, nonsense"}, 400),
    ({"Forwarded": "for=203.0.113.7, for="}, 400),
    ({"Forwarded": 'for="203.0.113.7'}, 400),
    ({"Forwarded": "for=203.0.113.7", "X-Forwarded-For": "198.51.100.1"}, 400),
    ({"Forwarded": "for=198.51.100.1", "X-Forwarded-For": "203.0.113.7"}, 400),
])
def test_headers_of_a_proxy(trusting, csr, headers, status):
    answer = trusting.sign(csr, headers)
    assert answer.status == status, answer.text


def test_the_log_has_the_client(trusting, csr):
    trusting.sign(csr, {"X-Forwarded-For": "198.51.100.99"})
    rig.wait_for(lambda: "198.51.100.99" in trusting.log(), "the client's address is logged")


@pytest.mark.parametrize("trust", ["", 'trusted-proxies = [ ];', 'trusted-proxies = [ "127.0.0.2", "unix:" ];'])
def test_headers_of_anybody_else(config, start, csr, trust):
    acmems = start(config(mgmt=trust, auth=AUTH)).ready()
    for headers in {"X-Forwarded-For": "203.0.113.7"}, {"Forwarded": "for=203.0.113.7"}, {"Forwarded": '"'}:
        assert acmems.sign(csr, headers).status == 403


@pytest.mark.parametrize("trust, wanted", [('"unix:"', "200"), ('"127.0.0.1"', "403")])
def test_a_unix_socket_can_be_trusted(config, start, csr, tmp_path, trust, wanted):
    text = config(mgmt=f"trusted-proxies = [ {trust} ];", auth=AUTH)
    start(re.sub(r'listen = \[ ("127[^"]*")', rf'listen = [ \1, "unix:{tmp_path}/sock"', text, count=1)).ready()
    (tmp_path / "www.csr").write_bytes(csr)
    result = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", tmp_path / "sock", "-H",
         "X-Forwarded-For: 203.0.113.7", "--data-binary", f"@{tmp_path}/www.csr", "http://x/sign"],
        capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.stdout == wanted, result.stderr


@pytest.mark.parametrize("group, says", [
    ('trusted-proxies = [ "127.0.0.1/8" ];', "127.0.0.1/8"), ('trusted-proxies = [ "localhost" ];', "localhost"),
    ('proxy-protocol = true;', "trusted-proxies"), ('proxy-protocol = true; trusted-proxies = [ ];', "trusted-proxies")])
def test_wrong_settings_are_named(config, tmp_path, group, says):
    path = tmp_path / "faulty.conf"
    path.write_text(config(mgmt=group, auth=AUTH))
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode == 78
    assert re.search(rf"faulty.conf:\d+: .*{says}", result.stderr), result.stderr


# ---- the PROXY protocol ----

def v2(command, family, data):
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack(">H", len(data)) + data


def inet(client):
    return socket.inet_aton(client) + socket.inet_aton("127.0.0.1") + struct.pack(">HH", 4711, 1313)


def inet6(client):
    return (socket.inet_pton(socket.AF_INET6, client) + socket.inet_pton(socket.AF_INET6, "::1") +
            struct.pack(">HH", 4711, 1313))


def talk(port, *parts, source="127.0.0.1"):
    """What comes back until the end; b"" when the connection is closed without a word."""
    with socket.create_connection(("127.0.0.1", port), rig.PATIENCE, (source, 0)) as client:
        data = b""
        try:
            for part in parts:
                client.sendall(part)
            while more := client.recv(65536):
                data += more
        except ConnectionError:
            pass
        return data


def post(csr, headers=""):
    return (f"POST /sign HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(csr)}\r\n{headers}\r\n"
            .encode() + csr)


def status(data):
    return int(data.split(b" ", 2)[1]) if data else 0


class Proxied:
    """A daemon that nobody can ask directly."""

    def __init__(self, config, start, auth, mgmt=""):
        text = config(mgmt=f"{TRUST} proxy-protocol = true; {mgmt}", auth=auth)
        self.daemon = start(text)
        self.port = self.daemon.port
        rig.wait_for(lambda: status(talk(self.port, v2(0, 0, b""), b"GET / HTTP/1.0\r\n\r\n")) == 200, "it answers")

    def sign(self, header, csr, headers="", **options):
        def attempt():
            answer = status(talk(self.port, header + post(csr, headers), **options))
            return answer if answer != 503 else None
        return rig.wait_for(attempt, "an answer") if header else status(talk(self.port, post(csr)))


@pytest.fixture
def proxied(config, start):
    return Proxied(config, start, AUTH)


GOOD = [b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 1313\r\n", b"PROXY TCP6 2001:db8::7 ::1 4711 1313\r\n",
        v2(1, 0x11, inet("203.0.113.7")), v2(1, 0x21, inet6("2001:db8::7")), v2(1, 0x21, inet6("::ffff:203.0.113.7")),
        v2(1, 0x11, inet("203.0.113.7") + b"\x01\x00\x04http")]


@pytest.mark.parametrize("header", GOOD)
def test_proxy_headers(proxied, csr, header):
    assert proxied.sign(header, csr) == 200


@pytest.mark.parametrize("header", [
    b"PROXY TCP4 203.0.113.8 127.0.0.1 4711 1313\r\n", b"PROXY UNKNOWN\r\n",
    b"PROXY UNKNOWN 203.0.113.7 127.0.0.1 4711 1313\r\n", v2(1, 0x11, inet("203.0.113.8")), v2(1, 0, b""),
    v2(0, 0x11, inet("203.0.113.7"))])
def test_headers_of_others(proxied, csr, header):
    assert proxied.sign(header, csr) == 403


def test_without_address_nobody_is_the_proxy(config, start, csr):
    """A client that the proxy does not know must not have what the proxy itself may have."""
    proxied = Proxied(config, start, NEAR)
    assert proxied.sign(v2(0, 0, b""), csr) == 200
    assert proxied.sign(b"PROXY UNKNOWN\r\n", csr) == 403
    assert proxied.sign(v2(1, 0, b""), csr) == 403
    assert proxied.sign(v2(1, 0x31, bytes(216)), csr) == 403


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", v2(1, 0, b""), v2(1, 0x31, bytes(216))])
def test_a_client_without_address_is_no_local_proxy(config, start, csr, header):
    """Whoever may open a Unix socket of ours is believed, and not whoever has no address."""
    daemon = start(config(mgmt='trusted-proxies = [ "127.0.0.1", "unix:" ]; proxy-protocol = true;', auth=AUTH))
    signed = v2(0, 0, b"") + post(csr, "X-Forwarded-For: 203.0.113.7\r\n")
    rig.wait_for(lambda: status(talk(daemon.port, signed)) == 200, "the proxy itself is believed")
    for name in "X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7":
        assert status(talk(daemon.port, header + post(csr, name + "\r\n"))) == 403
    assert "address local is in none of its networks" in daemon.log()


@pytest.mark.parametrize("header", [
    b"", b"PROXY TCP4 203.0.113.7\r\n", b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 1313\n",
    b"PROXY " + b"x" * 200, v2(1, 0x12, inet("203.0.113.7")), v2(1, 0x11, inet("203.0.113.7")[:8]),
    SIGNATURE + b"\x11\x11\x00\x0c" + inet("203.0.113.7"), SIGNATURE + b"\x21\x11\xff\xff" + bytes(5000)])
def test_malformed_headers(proxied, csr, header):
    proxied.daemon.announce("does not begin with a PROXY header")
    assert talk(proxied.port, header + post(csr)) == b""
    assert proxied.sign(GOOD[0], csr) == 200


def test_a_header_in_pieces(proxied, csr):
    for header in GOOD[0], GOOD[2]:
        parts = [header[i:i + 1] for i in range(len(header))] + [post(csr)]
        with socket.create_connection(("127.0.0.1", proxied.port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            before = rig.cpu_seconds(proxied.daemon.pid)
            for part in parts:
                client.sendall(part)
            client.settimeout(rig.PATIENCE)
            data = b""
            while more := client.recv(65536):
                data += more
            assert status(data) in (200, 503)
            assert rig.cpu_seconds(proxied.daemon.pid) - before < 1


def test_who_leaves_or_waits_within_a_header(proxied, csr):
    """Half a header is no reason to spin, to leak, or to wait for ever."""
    proxied.daemon.announce("does not begin with a PROXY header")
    before = proxied.daemon.fds()
    for part in b"PROXY TCP4", SIGNATURE[:5], b"":
        with socket.create_connection(("127.0.0.1", proxied.port)) as client:
            client.sendall(part)
    waiting = socket.create_connection(("127.0.0.1", proxied.port))
    waiting.sendall(b"PROXY TCP4 203.0")
    used = rig.cpu_seconds(proxied.daemon.pid)
    waiting.settimeout(rig.PATIENCE)
    try:
        assert waiting.recv(1) == b""
    except ConnectionError:
        pass
    waiting.close()
    assert rig.cpu_seconds(proxied.daemon.pid) - used < 1
    rig.wait_for(lambda: proxied.daemon.fds() <= before, "all is closed")


def test_strangers_are_not_listened_to(proxied, csr):
    proxied.daemon.announce("not from a trusted proxy")
    assert talk(proxied.port, GOOD[0] + post(csr), source="127.0.0.2") == b""
    assert talk(proxied.port, post(csr), source="127.0.0.2") == b""


def test_both_kinds_of_proxies(proxied, csr):
    """A TCP proxy before an HTTP proxy: the latter is the PROXY header's client."""
    header = b"PROXY TCP4 10.1.2.3 127.0.0.1 4711 1313\r\n"
    assert proxied.sign(header, csr, "X-Forwarded-For: 203.0.113.7\r\n") == 200
    assert proxied.sign(header, csr) == 403
    header = b"PROXY TCP4 198.51.100.1 127.0.0.1 4711 1313\r\n"
    assert proxied.sign(header, csr, "X-Forwarded-For: 203.0.113.7\r\n") == 403


def test_a_proxy_may_have_many_connections(config, start, csr):
    """The bound per address is for clients, not for the proxy they all come through."""
    proxied = Proxied(config, start, AUTH, mgmt="max-per-address = 3;")
    proxied.daemon.announce("too many connections from one address")
    held = []
    for i in range(8):
        held.append(socket.create_connection(("127.0.0.1", proxied.port)))
        held[-1].sendall(f"PROXY TCP4 198.51.100.{i} 127.0.0.1 4711 1313\r\n".encode())
    assert proxied.sign(GOOD[0], csr) == 200
    for _ in range(3):
        held.append(socket.create_connection(("127.0.0.1", proxied.port)))
        held[-1].sendall(GOOD[0])
    rig.wait_for(lambda: talk(proxied.port, GOOD[0] + post(csr)) == b"", "the fourth of an address is cut")
    for _ in range(3):
        held.append(socket.create_connection(("127.0.0.1", proxied.port)))
        held[-1].sendall(b"PROXY UNKNOWN\r\n")
    rig.wait_for(lambda: talk(proxied.port, b"PROXY UNKNOWN\r\n" + post(csr)) == b"", "the fourth without one is cut")
    for client in held:
        client.close()


# ---- who was a proxy when its connection began ----

def kept(port, csr, head=b"", headers=None):
    """Asks, again and again, on one connection: its status, or None when there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=rig.PATIENCE)
    connection.auto_open = 0
    connection.connect()
    connection.sock.sendall(head)

    def ask():
        try:
            connection.request("POST", "/sign", csr, headers or {})
            response = connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException):
            return None
    return ask


def test_a_proxy_that_is_none_any_more(config, start, csr):
    """A connection that it has kept open makes no difference."""
    port = rig.Ports.take()
    acmems = start(config(mgmt=TRUST, auth=AUTH, port=port))
    acmems.signed(csr, {"X-Forwarded-For": "203.0.113.7"})
    far = kept(port, csr, headers={"X-Forwarded-For": "203.0.113.7"})
    stranger = kept(port, csr, headers={"X-Forwarded-For": "203.0.113.8"})
    assert far() == 200
    acmems.config.write_text(config(mgmt='trusted-proxies = [ "192.0.2.1" ];', auth=AUTH, port=port))
    rig.reload(acmems)
    rig.wait_for(lambda: "g2: ready -> open" in acmems.log(), "the new generation is open")
    assert far() == 403
    assert stranger() == 403


def test_a_proxy_header_of_one_that_is_none_any_more(config, start, csr):
    port = rig.Ports.take()
    text = 'trusted-proxies = [ "%s" ]; proxy-protocol = true;'
    acmems = start(config(mgmt=text % "127.0.0.1", auth=AUTH, port=port))
    rig.wait_for(lambda: status(talk(port, GOOD[0] + post(csr))) == 200, "it answers")
    ask = kept(port, csr, head=GOOD[0])
    other = kept(port, csr, head=GOOD[0])
    assert ask() == 200
    rig.reload(acmems)
    rig.wait_for(lambda: "g2: ready -> open" in acmems.log(), "the new generation is open")
    assert ask() == 200, "nothing has changed"
    acmems.config.write_text(config(mgmt=text % "192.0.2.1", auth=AUTH, port=port))
    rig.reload(acmems)
    rig.wait_for(lambda: "g3: ready -> open" in acmems.log(), "the new generation is open")
    assert ask() == 503
    assert ask() is None, "and it is closed"
    assert other() == 503


# ---- with TLS, and behind real proxies ----

@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return tls_rig.Authority(tmp_path_factory.mktemp("authority"))


def test_tls_behind_a_header(config, start, csr, authority):
    port = rig.Ports.take()
    proxied = Proxied(config, start, AUTH, mgmt=tls_rig.group(*authority.issue(), listen=[f"127.0.0.1:{port}"]))
    proxied.daemon.announce("does not begin with a PROXY header")
    context = tls_rig.context(authority)
    for header in GOOD:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.settimeout(rig.PATIENCE)
            client.sendall(header)
            with context.wrap_socket(client, server_hostname="localhost") as stream:
                stream.sendall(post(csr))
                assert status(stream.recv(65536)) in (200, 503)
    assert proxied.sign(GOOD[0], csr) == 200
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(rig.PATIENCE)
        context.wrap_socket(client, server_hostname="localhost")


@pytest.fixture
def proxy(tmp_path):
    """Starts a program in front, on the port that it returns."""
    started = []

    def make(name, text):
        program = find_program(name)
        if not program:
            pytest.skip(f"no {name} here")
        port = rig.Ports.take()
        path = tmp_path / f"{name}.conf"
        path.write_text(text.replace("PORT", str(port)))
        command = {"nginx": [program, "-p", tmp_path, "-e", "stderr", "-c", path],
                   "haproxy": [program, "-db", "-f", path]}[name]
        process = rig.Process(command, tmp_path / f"{name}.log")
        started.append(process)

        def up():
            with socket.socket() as sock:
                return sock.connect_ex(("127.0.0.1", port)) == 0
        rig.wait_for(lambda: up() or not process.alive(), name)
        assert process.alive(), process.log()
        return port

    yield make
    for process in started:
        process.stop()


def nginx(body, stream=False):
    module = "/usr/lib/nginx/modules/ngx_stream_module.so"
    if stream and not pathlib.Path(module).exists():
        pytest.skip("no stream module of nginx here")
    load = f"load_module {module};\n" if stream else ""
    return (f"{load}worker_processes 1;\ndaemon off;\npid nginx.pid;\nerror_log stderr;\n"
            "events { worker_connections 100; }\n" + body)


TEMP = " ".join(f"{kind}_temp_path temp;" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
OUTSIDE = '{ name = "two"; ip = [ "127.0.0.2" ]; domains = [ "*.example.org" ]; }'


def ask_from(port, source, csr, headers=""):
    return status(talk(port, post(csr, headers), source=source))


def test_nginx_adds_a_header(config, start, proxy, csr):
    acmems = start(config(mgmt=TRUST, auth=OUTSIDE)).ready()
    port = proxy("nginx", nginx(f"""http {{ access_log off; {TEMP} server {{ listen 127.0.0.1:PORT;
        location / {{ proxy_pass http://127.0.0.1:{acmems.port};
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }} }} }}"""))
    assert ask_from(port, "127.0.0.2", csr) == 200
    assert ask_from(port, "127.0.0.3", csr) == 403
    assert ask_from(port, "127.0.0.3", csr, "X-Forwarded-For: 127.0.0.2\r\n") == 403
    assert ask_from(port, "127.0.0.3", csr, "Forwarded: for=127.0.0.2\r\n") == 400


def test_nginx_speaks_tls_to_us(config, start, proxy, csr, authority):
    inner = rig.Ports.take()
    start(config(mgmt=TRUST + tls_rig.group(*authority.issue(), listen=[f"127.0.0.1:{inner}"]), auth=OUTSIDE)).ready()
    port = proxy("nginx", nginx(f"""http {{ access_log off; {TEMP} server {{ listen 127.0.0.1:PORT;
        location / {{ proxy_pass https://127.0.0.1:{inner};
            proxy_ssl_trusted_certificate {authority.cert}; proxy_ssl_verify on; proxy_ssl_name localhost;
            proxy_set_header X-Forwarded-For $remote_addr; }} }} }}"""))
    assert ask_from(port, "127.0.0.2", csr) == 200
    assert ask_from(port, "127.0.0.3", csr) == 403


def test_nginx_sends_a_proxy_header(config, start, proxy, csr):
    proxied = Proxied(config, start, OUTSIDE)
    port = proxy("nginx", nginx(f"""stream {{ server {{ listen 127.0.0.1:PORT; proxy_protocol on;
        proxy_pass 127.0.0.1:{proxied.port}; }} }}""", stream=True))
    assert ask_from(port, "127.0.0.2", csr) == 200
    assert ask_from(port, "127.0.0.3", csr) == 403


HAPROXY = """defaults
    timeout connect 5s
    timeout client 30s
    timeout server 30s
"""


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options unique-id,crc32c",
                                  "send-proxy-v2 check-send-proxy check inter 100ms"])
def test_haproxy_sends_a_proxy_header(config, start, proxy, csr, send):
    proxied = Proxied(config, start, OUTSIDE)
    proxied.daemon.announce("does not begin with a PROXY header")
    port = proxy("haproxy", HAPROXY + f"""
listen front
    mode tcp
    unique-id-format %ci-%cp
    bind 127.0.0.1:PORT
    server acmems 127.0.0.1:{proxied.port} {send}
""")
    assert ask_from(port, "127.0.0.2", csr) == 200
    assert ask_from(port, "127.0.0.3", csr) == 403
    assert ask_from(port, "127.0.0.3", csr, "X-Forwarded-For: 127.0.0.2\r\n") == 403


def test_haproxy_adds_a_header(config, start, proxy, csr):
    acmems = start(config(mgmt=TRUST, auth=OUTSIDE)).ready()
    port = proxy("haproxy", HAPROXY + f"""
listen front
    mode http
    option forwardfor
    bind 127.0.0.1:PORT
    server acmems 127.0.0.1:{acmems.port}
""")
    assert ask_from(port, "127.0.0.2", csr) == 200
    assert ask_from(port, "127.0.0.3", csr, "X-Forwarded-For: 127.0.0.2\r\n") == 403


def test_haproxy_passes_tls_through(config, start, proxy, csr, authority):
    inner = rig.Ports.take()
    Proxied(config, start, OUTSIDE, mgmt=tls_rig.group(*authority.issue(), listen=[f"127.0.0.1:{inner}"]))
    port = proxy("haproxy", HAPROXY + f"""
listen front
    mode tcp
    bind 127.0.0.1:PORT
    server acmems 127.0.0.1:{inner} send-proxy-v2
""")
    for source, wanted in ("127.0.0.2", 200), ("127.0.0.3", 403):
        with socket.create_connection(("127.0.0.1", port), rig.PATIENCE, (source, 0)) as client:
            with tls_rig.context(authority).wrap_socket(client, server_hostname="localhost") as stream:
                stream.sendall(post(csr))
                assert status(stream.recv(65536)) == wanted
