# SPDX-License-Identifier: ISC
"""Clients, CAs and receivers that mean harm: what they say forges nothing, and what they do costs their own event only."""

import email.header
import http.server
import json
import re
import socket
import ssl
import threading
import time
import unicodedata

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

import rig
import web_rig
from script_rig import script
from test_notify_all import gate  # noqa: F401
from test_notify_mail import serve  # noqa: F401
from test_notify_web import Logger, Receiver, secret

# line ends of every kind, ends of header and of mail, escapes of terminals, direction of writing, NUL
HOSTILE = ["x\r\nBcc: evil@example.org", "x\r\n\r\n.\r\nMAIL FROM:<x@y>\r\n", "\n.\n", "..\r\n.", "=?utf-8?q?x=0D=0ABcc:_y?=",
           "=?UTF-8?B?DQpCY2M6IHg=?=", "a\u2028b\u2029c", "\u202e\u2066gro.elpmaxe\u2069", "\u061c\u200e\u200f\ufeff",
           "\x1b[2J\x1b]0;t\x07", "\x85\x9b31m", "\x00", '"}, {"a":"', "${summary}", "<0>forged", "% %s %n", "caf\u00e9"]

MAIL_HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
                "Content-Transfer-Encoding", "X-Peer", "X-MailFrom", "X-RcptTo"}


def harmless(text, ends=""):
    """Nothing in it moves a cursor, begins a line or turns the direction of writing."""
    bad = [c for c in text if c not in ends and (unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in "\u061c\u200e\u200f\ufeff"
           or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069")]
    assert not bad, (text, bad)
    return True


@pytest.fixture
def everybody(config, serve, tmp_path):  # noqa: F811
    """All kinds of receivers at once."""
    class All:
        mail, web, log = serve(), Receiver(), Logger(tmp_path / "log.sock")

        @staticmethod
        def config(**parts):
            program = script(tmp_path, "on-event", f"#!/bin/sh\n{{ cat; echo; }} >> {tmp_path}/events\nenv -0 >> {tmp_path}/env\n")
            every = "at-most = 100000; fold = 0;"
            return config(mgmt=f'state-dir = "{tmp_path}/state";', log='format = "json";', **parts) + f"""notify: {{
              mail: {{ type = "mail"; server = "smtp://127.0.0.1:{All.mail.port}"; from = "a@example.org"; to = "b@example.org"; {every} }};
              web: {{ type = "webhook"; url = "{All.web.url}/hook"; {every} }};
              own: {{ type = "webhook"; url = "{All.web.url}/own"; template = "{tmp_path}/template"; {every} }};
              slack: {{ type = "webhook"; url = "{All.web.url}/slack"; format = "slack"; {every} }};
              log: {{ type = "syslog"; socket = "{All.log.path}"; {every} }};
              program: {{ type = "exec"; command = [ "{program}" ]; {every} }};
            }};\n"""

        @staticmethod
        def heard(last):
            """Everybody has heard of the last event; returns what they have, after a look at its shape."""
            (tmp_path / "events").touch()
            def all_have():
                return any(last in body for body in All.mail.box.bodies()) and \
                    {path for path, body in All.web.requests if last in json.dumps(body)} == {"/hook", "/own", "/slack"} and \
                    any(last.encode() in line for line in All.log.read()) and last in (tmp_path / "events").read_text()
            rig.wait_for(all_have, "everybody has heard")
            for mail, raw in zip(All.mail.box.mails, All.mail.box.raw):
                assert set(mail.keys()) <= MAIL_HEADERS and mail["To"] == "b@example.org", mail.keys()
                assert len(mail.get_all("Subject")) == 1 and harmless(mail["Subject"])
                assert harmless(mail.get_content().replace("\r\n", "\n"), "\n")
                assert all(len(line) <= 998 for line in raw.split(b"\r\n")) and not raw.replace(b"\r\n", b"").count(b"\n")
                assert re.fullmatch(rb"[\r\n -~]*", raw), "the mail on the wire is plain ASCII"
            for path, body in All.web.requests:
                if path == "/hook":
                    assert list(body) == ["id", "event", "severity", "time", "first", "count", "summary", "fields"]
                    assert harmless(body["summary"]) and all(harmless(text, "\n") for text in body["fields"].values())
                elif path == "/own":
                    assert list(body) == ["s", "d", "n"]
                else:
                    assert list(body) == ["text", "mrkdwn"] and harmless(body["text"], "\n") and "<" not in body["text"]
            for line in All.log.lines:
                assert re.fullmatch(rb"<\d+>acmems\[\d+\]: event=[ -~]*", line), line
                assert not re.search(rb"^[^\"]*<0>", line[1:]), line
            for line in (tmp_path / "events").read_text().splitlines():
                assert json.loads(line)["id"]

    (tmp_path / "template").write_text('{"s": "${summary}", "d": "${detail}", "n": "${names} ${missed}"}')
    with All.web:
        yield All
    All.log.stop()


def log_is_json(daemon):
    for line in daemon.log_path.read_bytes().decode().split("\n"):
        if line:
            assert all(harmless(text) for text in json.loads(line).values())


def test_nothing_of_a_client_forges_anything(everybody, start, tmp_path):
    daemon = start(everybody.config())
    private = serialization.load_pem_private_key(rig.make_key(tmp_path).read_bytes(), None)
    for text in HOSTILE:
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
            try:
                subject = x509.Name([x509.NameAttribute(oid, text)])
            except ValueError:
                continue
            csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(private, hashes.SHA256())
            csr = csr.public_bytes(serialization.Encoding.PEM)
            assert daemon.sign(csr).status in (403, 415)
    plain = rig.make_csr(tmp_path, "www.example.com")
    for text in HOSTILE:
        value = re.sub(r"[\r\n\0]", "", text).encode()
        for name in ("Authentication", "Authorization", "User-Agent", "X-Forwarded-For", "Forwarded", "Accept"):
            sent = b"hmac name=" + value + b", hash=" + value if name.startswith("Auth") else value
            assert daemon.sign(plain, {name: sent}).status in (400, 403)
    assert daemon.sign(rig.make_csr(tmp_path, "last.example.com")).status == 403
    everybody.heard("last.example.com")
    log_is_json(daemon)


def test_nothing_of_a_ca_forges_anything(everybody, start, gate, tmp_path):  # noqa: F811
    daemon = start(everybody.config(directory=gate.directory)).ready()
    daemon.announce("")
    for i, text in enumerate([*HOSTILE, " ".join(HOSTILE), "\u202e" * 5000]):
        detail = text.replace("\0", "\u0001")
        gate.order = 403, {"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": detail, "subproblems": [
            {"type": "urn:ietf:params:acme:error:caa", "detail": detail, "identifier": {"type": "dns", "value": detail}}]}, []
        assert daemon.sign(rig.make_csr(tmp_path, f"n{i}.example.org")).status >= 400
    gate.order = 429, {"type": "urn:ietf:params:acme:error:rateLimited", "detail": " ".join(HOSTILE[:7]).replace("\0", "")}, []
    assert daemon.sign(rig.make_csr(tmp_path, "last.example.org")).status == 429
    everybody.heard("last.example.org")
    assert any("caf" in body for body in everybody.mail.box.bodies()), "it is explained at all"
    log_is_json(daemon)


def test_nothing_of_a_policy_forges_anything(everybody, start, tmp_path):
    """What a program of the operator's says of a client is as the program found it."""
    path = script(tmp_path, "policy", f"#!/bin/sh\ncat {tmp_path}/reason\nexit 1\n")
    auth = f'{{ name = "office"; ip = [ "127.0.0.0/8" ]; domains = [ "*.example.com" ]; exec = [ "{path}" ]; }}'
    daemon = start(everybody.config(auth=auth))
    for i, text in enumerate(HOSTILE):
        (tmp_path / "reason").write_text(text.rstrip() + "!\n")
        assert daemon.sign(rig.make_csr(tmp_path, f"n{i}.example.com")).status == 403
    (tmp_path / "reason").write_bytes(b"\xff\xfe last \xc0\x80\n")
    assert daemon.sign(rig.make_csr(tmp_path, "last.example.com")).status == 403
    everybody.heard("last.example.com")
    assert any("caf\u00e9!" in body for body in everybody.mail.box.bodies()), "what is harmless stays"
    log_is_json(daemon)


# ---- mail servers ----

class RawServer:
    """Says what the test wants, and notes what is said to it."""

    def __init__(self, talk):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.heard, self.connections, self.stopping = b"", 0, False
        self.talk = talk
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            peer, _ = self.socket.accept()
            if self.stopping:
                return
            self.connections += 1
            peer.settimeout(10)
            try:
                self.talk(self, peer)
            except OSError:
                pass
            peer.close()

    def read(self, peer):
        data = peer.recv(65536)
        self.heard += data
        return data

    def stop(self):
        self.stopping = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.thread.join()
        self.socket.close()


@pytest.fixture
def raw():
    started = []

    def make(talk):
        started.append(RawServer(talk))
        return started[-1]

    yield make
    for server in started:
        server.stop()


@pytest.fixture
def failing(config, start, tmp_path):
    """A daemon that has to tell this mail server of a reject, and can not; signing goes on. What its log says of that."""

    def make(server, options):
        daemon = start(config(mgmt=f'state-dir = "{tmp_path}/state";') + f"""
notify: {{ admins: {{ type = "mail"; server = "smtp://localhost:{server.port}"; from = "a@example.org"; to = "b@example.org";
  events = "rejected"; timeout = "1s"; {options} }}; }};\n""")
        daemon.announce("cannot deliver, and tries again until it works: localhost")
        daemon.sign(rig.make_csr(tmp_path, "www.example.com"))
        daemon.signed(rig.make_csr(tmp_path, "www.example.org"))
        return rig.wait_for(lambda: re.search("cannot deliver.*", daemon.log()), "a warning").group(0)

    return make


def login(folder):
    return f'user = "me"; password-file = "{secret(folder, "t0p", "password")}"; tls = "starttls";'


def test_starttls_is_taken_out(raw, failing, tmp_path):
    """Somebody in between takes the offer away: neither login nor mail go in the clear."""
    def talk(server, peer):
        peer.sendall(b"220 mail.example.org ESMTP\r\n")
        while server.read(peer):
            peer.sendall(b"250-mail.example.org\r\n250 AUTH PLAIN LOGIN\r\n")

    server = raw(talk)
    failing(server, login(tmp_path))
    assert server.connections and not re.search(rb"AUTH|MAIL|RCPT|DATA|dDBw|t0p", server.heard), server.heard


def test_words_are_put_in_before_tls(raw, failing, tmp_path):
    """Somebody in between puts answers behind that to STARTTLS: nobody takes them for the server's."""
    cert, key = rig.make_tls(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def talk(server, peer):
        peer.sendall(b"220 mail.example.org ESMTP\r\n")
        server.read(peer)
        peer.sendall(b"250-mail.example.org\r\n250 STARTTLS\r\n")
        assert server.read(peer) == b"STARTTLS\r\n"
        peer.sendall(b"220 go\r\n250-mail\r\n250 AUTH PLAIN\r\n334 \r\n235 in\r\n250 a\r\n250 b\r\n354 c\r\n250 taken\r\n")
        with context.wrap_socket(peer, server_side=True) as inner:
            while server.read(inner):
                pass

    server = raw(talk)
    failing(server, login(tmp_path) + f'ca-file = "{cert}";')
    assert b"STARTTLS" in server.heard and not re.search(rb"AUTH|MAIL|RCPT|DATA|dDBw", server.heard), server.heard


def drip(server, peer):
    for c in b"220-" + b"x" * 100:
        peer.sendall(bytes([c]))
        time.sleep(0.1)


def endless(server, peer):
    while True:
        peer.sendall(b"220-and another line\r\n" * 100)


def garbage(server, peer):
    peer.sendall(b"\x00\xff\x1b[2J SSH-2.0-nonsense\r\n" * 50)
    server.read(peer)


def mute(server, peer):
    server.read(peer)


def late_garbage(server, peer):
    peer.sendall(b"220 mail ESMTP\r\n")
    server.read(peer)
    peer.sendall(b"250-mail\r\n250 8BITMIME\r\n")
    server.read(peer)
    peer.sendall(b"250-one\r\n550-two\r\n250 \x1b[31mthree\r\n")
    server.read(peer)


@pytest.mark.parametrize("talk", [drip, endless, garbage, mute, late_garbage])
def test_a_mail_server_that_means_harm(raw, failing, talk):
    said = failing(raw(talk), "")
    assert harmless(said)


# ---- web servers ----

@pytest.fixture
def hooked(config, start, tmp_path):
    def make(url, options=""):
        url_file, token = secret(tmp_path, f"{url}/T00/s3cr3t-path?key=s3cr3t-key\n", "url"), secret(tmp_path, "s3cr3t-token", "token")
        headers, key = secret(tmp_path, "X-Key: s3cr3t-header\n", "headers"), secret(tmp_path, "s3cr3t-hmac", "key")
        return start(config(mgmt=f'state-dir = "{tmp_path}/state";') + f"""
notify: {{ hook: {{ type = "webhook"; url-file = "{url_file}"; token-file = "{token}"; headers-file = "{headers}"; timeout = "1s";
  secret-file = "{key}"; events = "rejected"; {options} }}; }};\n""")

    return make


def test_redirects_are_not_followed(hooked, tmp_path):
    """Nobody else gets the event or the token."""
    class Elsewhere(web_rig.WebServer):
        def answer(self, path, headers, body):
            return 200, ""

    with Elsewhere() as other, Receiver() as web:
        class Handler(web.server.RequestHandlerClass):
            def send_response(self, status):
                super().send_response(status)
                if status // 100 == 3:
                    self.send_header("Location", f"{other.url}/stolen")

        web.server.RequestHandlerClass = Handler
        web.faults += [307]
        daemon = hooked(web.url)
        daemon.announce("cannot deliver.*status 307")
        daemon.sign(rig.make_csr(tmp_path, "www.example.com"))
        rig.wait_for(lambda: "delivers again" in daemon.log(), "it is delivered in the end")
        assert not other.requests and len(web.requests) == 2
        assert "s3cr3t" not in daemon.log()


@pytest.mark.parametrize("kind", ["endless", "headers", "drip", "gone"])
def test_answers_that_mean_harm(hooked, kind, tmp_path):
    """They cost a try, no memory, and no secret."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            head = b"HTTP/1.1 500 no\r\n"
            try:
                if kind == "endless":
                    self.wfile.write(head + b"\r\n")
                    while True:
                        self.wfile.write(b"x" * 65536)
                while kind == "headers":
                    self.wfile.write(head + b"X-A: " + b"y" * 8000 + b"\r\n")
                for c in head * 10 if kind == "drip" else b"":
                    self.wfile.write(bytes([c]))
                    time.sleep(0.1)
            except OSError:
                pass

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        daemon = hooked(f"http://127.0.0.1:{server.server_address[1]}")
        daemon.announce("cannot deliver, and tries again until it works: http://127.0.0.1:[0-9]+: ")
        daemon.signed(rig.make_csr(tmp_path, "warm.example.org"))
        before = daemon.status_kb("VmHWM")
        daemon.sign(rig.make_csr(tmp_path, "www.example.com"))
        daemon.signed(rig.make_csr(tmp_path, "www.example.org"))
        rig.wait_for(lambda: "cannot deliver" in daemon.log(), "a warning")
        if not rig.SANITIZED:
            assert daemon.status_kb("VmHWM") - before < 16 << 10
        assert "s3cr3t" not in daemon.log()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
