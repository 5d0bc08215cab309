# SPDX-License-Identifier: ISC
"""Every event of the closed list, raised by what really happens and told to a real receiver; who chooses what."""

import http.client
import http.server
import json
import re
import ssl
import threading

import pytest

import rig
from test_notify_web import Receiver

EVENTS = ["issued", "renewed", "cached", "rejected", "failed", "rate-limited", "expiring", "ca-unreachable",
          "ca-recovered", "account", "config"]


def documented():
    """The facts of each event, as acmems.conf(5) lists them."""
    page = (rig.ROOT / "man/acmems.conf.5").read_text()
    part = page[page.index("The events, and the facts"):page.index("A receiver that fails")]
    facts = {}
    for name, text in re.findall(r"^\.It Cm (.*?)\n(.*?)(?=^\.It|^\.El)", part, flags=re.M | re.S):
        # behind a semicolon is what one of them can be
        quoted = " ".join(re.findall(r"^\.Ql (.*)$", text.split(" ;\n")[0], flags=re.M))
        facts[name] = set(re.findall(r"[a-z-]{4,}", quoted))
    facts["renewed"] |= facts["issued"]
    return facts


class Gate:
    """In front of a CA: passes everything on, but new orders when it is told to answer them itself."""

    def __init__(self, ca):
        self.order = None  # (status, problem, headers)
        self.cert = ca.cert
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                connection = http.client.HTTPSConnection("localhost", ca.port, timeout=rig.PATIENCE,
                                                         context=ssl.create_default_context(cafile=ca.cert))
                own = gate.order if self.path == "/order-plz" else None
                connection.request("HEAD" if own else self.command, "/nonce-plz" if own else self.path, body,
                                   {name: value for name, value in self.headers.items() if name != "Content-Length"})
                answer = connection.getresponse()
                data = answer.read()
                headers = [(name, value) for name, value in answer.getheaders()
                           if name not in ("Content-Length", "Transfer-Encoding", "Connection", "Date")]
                status = answer.status
                if own:
                    status, problem, more = own
                    data = json.dumps(problem).encode()
                    headers = [(n, v) for n, v in headers if n != "Content-Type"]
                    headers += [("Content-Type", "application/problem+json"), *more]
                connection.close()
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_POST = do_HEAD = do_GET

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*ca.tls)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.directory = f"https://localhost:{self.server.server_address[1]}/dir"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def gate(pebble):
    gate = Gate(pebble)
    yield gate
    gate.stop()


@pytest.fixture
def receiver():
    with Receiver() as web:
        yield web


def hook(receiver, options="", name="hook"):
    return f'{name}: {{ type = "webhook"; url = "{receiver.url}/{name}"; at-most = 10000; {options} }};'


@pytest.fixture
def telling(config, tmp_path, receiver):
    """A configuration that tells the receiver of everything there is."""

    def make(options="", **parts):
        events = ", ".join(f'"{name}"' for name in EVENTS)
        return config(mgmt=f'state-dir = "{tmp_path}/state";', **parts) + \
            f"notify: {{ {hook(receiver, f'events = [ {events} ]; {options}')} }};\n"

    return make


def heard(receiver, name, count=1):
    return rig.wait_for(lambda: receiver.events(name)[count - 1:], f"{count} {name}")[0]


def exactly(event, *missing):
    """It has the facts that the page lists, and no other."""
    assert set(event["fields"]) == documented()[event["event"]] - set(missing), event
    assert all(event["fields"].values()) and event["summary"] and "\n" not in event["summary"]


def test_the_page_lists_what_the_header_does():
    text = (rig.ROOT / "lib/acmems/notify.h").read_text()
    assert list(documented()) == EVENTS
    for name, facts in documented().items():
        row = re.search(rf"^ \*   {name} +(.*(?:\n \*    .*)*)", text, re.M).group(1).split(":")[0]
        listed = set(re.findall(r"[a-z-]{4,}", row.split(";")[0])) - {"issued", "kept", "near"}
        assert facts - (documented()["issued"] if name == "renewed" else set()) == listed, name


def test_issued_renewed_cached(telling, start, receiver, tmp_path):
    daemon = start(telling(storage=f'file: {{ type = "file"; directory = "{tmp_path}/storage"; renew-within = "3650d"; }};'))
    csr = rig.make_csr(tmp_path, "b.example.org", "a.example.org")
    daemon.signed(csr)
    event = heard(receiver, "issued")
    exactly(event)
    serial = rig.run("openssl", "x509", "-noout", "-serial", input=daemon.signed(csr)).stdout.decode().partition("=")[2]
    fields = event["fields"]
    assert set(fields["names"].split(", ")) == {"a.example.org", "b.example.org"}
    assert int(fields["serial"], 16) == int(serial, 16) and fields["block"] == "test" and fields["storage"] == "file"
    assert fields["account"] == "ca" and fields["validator"] == "http" and fields["peer"] == "127.0.0.1"
    assert int(fields["duration-ms"]) < 60000
    cached = heard(receiver, "cached")
    exactly(cached)
    assert cached["fields"]["not-after"] == fields["not-after"]
    path = rig.cache_folder(tmp_path / "storage", csr) / "cert.pem"
    rig.run("faketime", "2026-01-01", "openssl", "req", "-x509", "-key", tmp_path / "www.key", "-subj", "/CN=old",
            "-days", "10", "-out", path)
    daemon.signed(csr)
    event = heard(receiver, "renewed")
    exactly(event)
    assert event["fields"]["old-not-after"].startswith("2026-01-11T")


def test_rejected_says_what_came_closest(telling, start, receiver, tmp_path):
    auth = ('{ name = "far"; ip = [ "192.0.2.1" ]; domains = [ "*.example.com" ]; },'
            '{ name = "near"; ip = [ "127.0.0.0/8" ]; domains = [ "www.example.com" ]; }')
    daemon = start(telling(auth=auth))
    assert daemon.sign(rig.make_csr(tmp_path, "www.example.com", "mail.example.com")).status == 403
    event = heard(receiver, "rejected")
    exactly(event)
    fields = event["fields"]
    assert set(fields["names"].split(", ")) == {"www.example.com", "mail.example.com"}
    assert fields["peer"] == "127.0.0.1" and fields["status"] == "403"
    assert fields["closest-block"] == "near" and "mail.example.com" in fields["missed"]
    assert event["severity"] == "warning"
    assert daemon.sign(b"this is no CSR").status == 415
    event = heard(receiver, "rejected", 2)
    exactly(event, "names", "closest-block")
    assert event["fields"]["status"] == "415" and "not PEM" in event["fields"]["missed"]


def test_failed_explains_each_name(telling, start, receiver, tmp_path):
    """Nobody answers where the CA looks."""
    daemon = start(telling(validator=f'http: {{ type = "http01"; listen = [ "127.0.0.1:{rig.Ports.take()}" ]; }};')).ready()
    heard(receiver, "account")
    daemon.announce("not issued", "421")
    answer = daemon.sign(rig.make_csr(tmp_path, "a.example.org", "b.example.org"))
    assert answer.status == 421
    event = heard(receiver, "failed")
    exactly(event)
    fields = event["fields"]
    assert fields["status"] == "421" and fields["problem"] == "connection" and fields["account"] == "ca"
    lines = dict(line.split(": ", 1) for line in fields["detail"].splitlines())
    assert set(lines) == {"a.example.org", "b.example.org"} and all("refused" in text for text in lines.values())
    assert event["severity"] == "error"


def test_rate_limited(telling, start, receiver, gate, tmp_path):
    daemon = start(telling(directory=gate.directory)).ready()
    heard(receiver, "account")
    daemon.announce("not issued", "rate")
    gate.order = 429, {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many of these"}, [("Retry-After", "7200")]
    assert daemon.sign(rig.make_csr(tmp_path, "a.example.org")).status == 429
    event = heard(receiver, "rate-limited")
    exactly(event)
    assert event["fields"]["names"] == "a.example.org" and "too many of these" in event["fields"]["detail"]
    assert 7100 <= int(event["fields"]["retry-after"]) <= 7200 and event["severity"] == "warning"
    assert not receiver.events("failed")


def test_the_ca_and_the_account(telling, start, receiver, make_pebble, tmp_path):
    gone = make_pebble()
    gone.stop()
    daemon = start(telling(ca=gone))
    daemon.announce("trying again until it works")
    event = heard(receiver, "ca-unreachable")
    exactly(event)
    assert event["fields"]["directory"] == gone.directory and event["severity"] == "error"
    make_pebble(port=gone.port, tls=gone.tls)
    event = heard(receiver, "ca-recovered")
    exactly(event)
    assert event["severity"] == "info"
    event = heard(receiver, "account")
    assert event["fields"]["what"] == "registered" and event["fields"]["account"] == "ca"
    daemon.announce("error reload")
    daemon.config.write_text(daemon.config.read_text() + "nonsense = 1;\n")
    rig.reload(daemon)
    event = heard(receiver, "config")
    exactly(event)
    assert event["fields"]["file"] == str(daemon.config) and "nonsense" in event["fields"]["detail"]


def test_blocks_and_instances_choose(config, start, receiver, tmp_path):
    """What a block does not want told is not told for it, and an instance hears of nothing it has not chosen."""
    auth = ('{ name = "quiet"; ip = [ "127.0.0.0/8" ]; domains = [ "quiet.example.org" ]; notify = [ ]; },'
            '{ name = "own"; ip = [ "127.0.0.0/8" ]; domains = [ "own.example.org" ]; notify = [ "team" ];'
            ' notify-events = [ "cached", "rejected" ]; },'
            '{ name = "usual"; ip = [ "127.0.0.0/8" ]; domains = [ "usual.example.org" ]; }')
    text = config(auth=auth, mgmt=f'state-dir = "{tmp_path}/state"; default-notify = [ "admins" ];')
    daemon = start(text + "notify: { " + hook(receiver, name="admins") +
                   hook(receiver, 'events = [ "issued", "cached", "rejected" ];', name="team") + " };\n")
    csrs = {name: rig.make_csr(tmp_path, f"{name}.example.org") for name in ("quiet", "own", "usual")}
    for csr in csrs.values():
        daemon.signed(csr)
        daemon.signed(csr)
    # two names, of which the block "own" has one: it comes closest, and those of default-notify hear, too
    assert daemon.sign(rig.make_csr(tmp_path, "own.example.org", "x.example.com")).status == 403

    def told():
        return sorted((path.strip("/"), body["event"], body["fields"].get("names", "").split(".")[0])
                      for path, body in receiver.requests if body["event"] != "account")

    want = [("admins", "issued", "usual"), ("admins", "rejected", "own"), ("team", "cached", "own"), ("team", "rejected", "own")]
    rig.wait_for(lambda: len(told()) >= len(want), "all of it")
    assert daemon.stop() == 0
    assert told() == want, told()
