# SPDX-License-Identifier: ISC
"""The daemon answers tls-alpn-01 challenges itself, alone and behind what has port 443."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

import rig

AUTH = '{ name = "test"; ip = [ "127.0.0.0/8" ]; domains = [ "*.example.org" ]; }'


@pytest.fixture
def tls_port():
    """Where the CA looks for tls-alpn-01 answers."""
    return rig.Ports.take()


@pytest.fixture
def ca(make_pebble, tls_port):
    return make_pebble(extra={"tlsPort": tls_port})


def tls(*places):
    listen = ", ".join(f'"{place}"' for place in places)
    return f'tls: {{ type = "tlsalpn01"; listen = [ {listen} ]; }};'


@pytest.fixture
def acmems(ca, config, start, tls_port):
    return start(config(ca=ca, auth=AUTH, validator=tls(f"127.0.0.1:{tls_port}"))).ready()


def ask(port, name="www.example.org", alpn=("-alpn", "acme-tls/1"), host="127.0.0.1"):
    """What openssl's client says about the listener."""
    return subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}", "-servername", name, *alpn],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=rig.PATIENCE).stderr


def test_a_name(acmems, ca, tmp_path, tls_port):
    chain = acmems.signed(rig.make_csr(tmp_path, "www.example.org"))
    rig.verify(chain, ca.root(), tmp_path)
    assert "DNS:www.example.org" in rig.leaf(chain)
    rig.wait_for(lambda: "www.example.org" in acmems.log() and "unrecognized name" in ask(tls_port), "gone afterwards")


def test_several_names_in_one_csr(acmems, tmp_path):
    names = [f"n{i}.example.org" for i in range(20)]
    text = rig.leaf(acmems.signed(rig.make_csr(tmp_path, *names)))
    for name in names:
        assert f"DNS:{name}" in text


def test_other_clients_get_an_alert(acmems, tls_port):
    assert "no application protocol" in ask(tls_port, alpn=())
    assert "no application protocol" in ask(tls_port, alpn=("-alpn", "h2,http/1.1"))
    assert "unrecognized name" in ask(tls_port, alpn=("-alpn", "h2,acme-tls/1"))
    assert "protocol version" in ask(tls_port, alpn=("-alpn", "acme-tls/1", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"))


def test_two_orders_for_one_name(acmems, tmp_path):
    """An RSA and an EC certificate for the same names in the same minute, as cron jobs have it."""
    csrs = [rig.make_csr(tmp_path, "a.example.org", f"b{i % 2}.example.org", key=rig.make_key(tmp_path, f"{i}.key"))
            for i in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(acmems.sign, csrs))
    assert [a.status for a in answers] == [200] * 6, [a.text for a in answers if a.status != 200]


def test_nobody_there(ca, config, start, tmp_path):
    acmems = start(config(ca=ca, validator=tls(f"127.0.0.1:{rig.Ports.take()}"))).ready()
    acmems.announce("www.example.org")
    answer = acmems.sign(rig.make_csr(tmp_path, "www.example.org"))
    assert answer.status == 421, answer.text
    assert "www.example.org" in answer.text and "tls-alpn-01" in answer.text


class Web:
    """The web server that has port 443 otherwise: TLS for everybody; reads a PROXY header first if told."""

    def __init__(self, folder, port, header=False):
        cert, key = rig.make_tls(folder, "DNS:web.example.org")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.context.set_alpn_protocols(["http/1.1"])
        self.header = header
        self.headers = []
        self.socket = socket.create_server(("127.0.0.1", port))
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def take_header(self, client):
        data = client.recv(16, socket.MSG_PEEK)
        if data.startswith(b"PROXY "):
            data = b""
            while not data.endswith(b"\r\n"):
                data += client.recv(1)
        else:
            assert data.startswith(b"\r\n\r\n\0\r\nQUIT\n")
            data = client.recv(16)
            data += client.recv(int.from_bytes(data[14:16], "big"))
        self.headers.append(data)

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                client.settimeout(rig.PATIENCE)
                try:
                    if self.header:
                        self.take_header(client)
                    with self.context.wrap_socket(client, server_side=True) as stream:
                        stream.recv(1)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


def test_somebody_else_is_there(acmems_elsewhere, tmp_path, tls_port):
    acmems_elsewhere.announce("www.example.org")
    (tmp_path / "web").mkdir()
    with Web(tmp_path / "web", tls_port):
        answer = acmems_elsewhere.sign(rig.make_csr(tmp_path, "www.example.org"))
    assert answer.status == 421, answer.text
    assert "www.example.org" in answer.text
    assert re.search(r"ALPN|acme-tls|protocol", answer.text), answer.text


@pytest.fixture
def backend():
    """Where acmems listens when something else has the port that the CA connects to."""
    return rig.Ports.take()


@pytest.fixture
def acmems_elsewhere(ca, config, start, backend):
    return start(config(ca=ca, validator=tls(f"127.0.0.1:{backend}"))).ready()


def test_reload_while_an_order_is_under_way(make_pebble, config, start, tmp_path, tls_port):
    ca = make_pebble(extra={"tlsPort": tls_port}, sleep=2)
    acmems = start(config(ca=ca, validator=tls(f"127.0.0.1:{tls_port}"))).ready()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(acmems.sign, rig.make_csr(tmp_path, "old.example.org"))
        rig.wait_for(lambda: "old.example.org" in acmems.log(), "the order has begun")
        rig.reload(acmems)
        assert acmems.sign(rig.make_csr(tmp_path, "new.example.org")).status == 200
        answer = pending.result()
    assert answer.status == 200, answer.text


def test_a_crowd_does_not_lock_the_ca_out(acmems, tmp_path, tls_port):
    before = acmems.fds()
    crowd = [socket.create_connection(("127.0.0.1", tls_port)) for _ in range(300)]
    rig.wait_for(lambda: acmems.fds() > before + 20, "the crowd is in")
    assert acmems.fds() < before + 270
    assert acmems.sign(rig.make_csr(tmp_path, "www.example.org")).status == 200
    for client in crowd:
        client.close()
    rig.wait_for(lambda: acmems.fds() <= before + 5, "the crowd is out")


def test_a_taken_address_is_named(config, ca, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = tmp_path / "taken.conf"
        path.write_text(config(ca=ca, validator=tls(f"127.0.0.1:{port}")))
        result = subprocess.run([rig.BUILD / "daemon/acmems", "-c", path, "-m", rig.BUILD / "modules"],
                                capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode != 0
    assert f"127.0.0.1:{port}" in result.stderr and "in use" in result.stderr


def test_no_listener_says_so(config, ca, start, tmp_path):
    acmems = start(config(ca=ca, validator=tls())).ready()
    acmems.announce("listen is empty")
    assert acmems.sign(rig.make_csr(tmp_path, "nobody.example.org")).status >= 500
    rig.wait_for(lambda: "listen is empty" in acmems.log(), "reason in the log")


def page(section):
    """The examples of a section of the man page."""
    text = (rig.ROOT / "man/acmems-validator-tlsalpn01.7").read_text()
    part = re.search(rf"^\.Ss {section}\n(.*?)^\.S[sh] ", text, flags=re.S | re.M).group(1)
    return re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", part, flags=re.S | re.M)


def local(example, tls_port, backend, web):
    """The ports of this test instead of those of the example."""
    example = re.sub(r"listen \[::\]:443;\n", "", example)
    for here, there in ((r"listen 443;", f"listen 127.0.0.1:{tls_port};"), (r":::443 v4v6", f"127.0.0.1:{tls_port}"),
                        (r"127\.0\.0\.1:1443", f"127.0.0.1:{backend}"), (r"127\.0\.0\.1:8443", f"127.0.0.1:{web}"),
                        (r"127\.0\.0\.1:1444", f"127.0.0.1:{rig.Ports.take()}")):
        example = re.sub(here, there, example)
    return example


def through(acmems, tmp_path, tls_port, command, log, web, header):
    """Certificates and web pages through what stands in front."""
    (tmp_path / "web").mkdir()
    front = rig.Process(command, log)
    try:
        with Web(tmp_path / "web", web, header) as server:
            rig.wait_for(lambda: re.search("CN ?= ?localhost", ask(tls_port, alpn=("-alpn", "http/1.1")))
                         or not front.alive(), "the web server is seen")
            assert front.alive(), front.log()
            answer = acmems.sign(rig.make_csr(tmp_path, "www.example.org", "ftp.example.org"))
            assert answer.status == 200, answer.text
            assert "unrecognized name" in ask(tls_port)
        assert bool(server.headers) == header
    finally:
        front.stop()


def find_program(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


@pytest.mark.parametrize("example", [0, 1])
def test_behind_nginx(acmems_elsewhere, backend, tmp_path, tls_port, example):
    module = pathlib.Path("/usr/lib/nginx/modules/ngx_stream_module.so")
    nginx = find_program("nginx")
    if not nginx or not module.exists():
        pytest.skip("no nginx with stream module here")
    web = rig.Ports.take()
    folder = tmp_path / "nginx"
    folder.mkdir()
    (folder / "nginx.conf").write_text(
        f"load_module {module};\nworker_processes 1;\ndaemon off;\npid {folder}/pid;\nerror_log stderr;\n"
        "events { worker_connections 100; }\n" + local(page("nginx")[example], tls_port, backend, web))
    through(acmems_elsewhere, tmp_path, tls_port, [nginx, "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf"],
            folder / "log", web, header=example == 1)


def test_behind_haproxy(acmems_elsewhere, backend, tmp_path, tls_port):
    haproxy = find_program("haproxy")
    if not haproxy:
        pytest.skip("no HAProxy here")
    web = rig.Ports.take()
    path = tmp_path / "haproxy.cfg"
    path.write_text("defaults\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n" +
                    local(page("HAProxy")[0], tls_port, backend, web))
    through(acmems_elsewhere, tmp_path, tls_port, [haproxy, "-db", "-f", path], tmp_path / "haproxy.log", web,
            header=True)
