# SPDX-License-Identifier: ISC
"""notify-mail against a real SMTP server, and what the core's queue makes of its moods."""

import collections
import http.client
import re
import signal
import statistics
import subprocess
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

import mail_rig
import rig

AUTH = '{ name = "test"; ip = [ "127.0.0.0/8" ]; domains = [ "*.example.org" ]; }'


@pytest.fixture
def serve():
    started = []

    def make(**options):
        started.append(mail_rig.MailServer(**options))
        return started[-1]

    yield make
    for server in started:
        server.stop()


@pytest.fixture
def with_mail(config, tmp_path):
    """The configuration with a notifier "admins" that writes to this server."""

    def make(server, more="", host="127.0.0.1", scheme="smtp", **options):
        return config(auth=AUTH, mgmt=f'state-dir = "{tmp_path}/state";', **options) + f"""
notify: {{ admins: {{ type = "mail"; server = "{scheme}://{host}:{server.port}"; from = "acmems@example.org";
  to = [ "root@example.org", "ops@example.org" ]; {more} }}; }};
"""

    return make


def fields(body):
    return dict(re.findall(r"^(\S+) +(.*)$", body.replace("\r\n", "\n"), re.M))


def reject(daemon, csr, count=1):
    for _ in range(count):
        assert daemon.sign(csr).status == 403


def csrs_of(folder, count):
    """CSRs for n0.example.com, n1.example.com, ..."""
    private = serialization.load_pem_private_key(rig.make_key(folder).read_bytes(), None)
    for i in range(count):
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(f"n{i}.example.com")]), False)
        yield builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_issued_and_rejected(start, with_mail, serve, tmp_path):
    server = serve()
    daemon = start(with_mail(server, 'events = [ "issued", "rejected" ];'))
    daemon.signed(rig.make_csr(tmp_path, "a.example.org", "b.example.org"))
    rig.wait_for(lambda: server.box.count() == 1, "a mail")
    mail = server.box.mails[0]
    assert mail["Subject"].startswith("[acmems] issued a.example.org, b.example.org for 127.0.0.1")
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"] and mail["Message-ID"]
    assert server.box.recipients[0] == ["root@example.org", "ops@example.org"]
    facts = fields(mail.get_content())
    assert facts["names"] == "a.example.org, b.example.org" and facts["block"] == "test" and facts["peer"] == "127.0.0.1"
    assert facts["account"] == "ca" and facts["validator"] == "http" and facts["storage"] == "file"
    reject(daemon, rig.make_csr(tmp_path, "www.example.com"))
    rig.wait_for(lambda: server.box.count() == 2, "a second mail")
    facts = fields(server.box.bodies()[1])
    assert facts["event"] == "rejected" and facts["closest-block"] == "test" and facts["status"] == "403"
    assert "fits none" in facts["missed"]


class Storm:
    """One request that is refused after the other, over one connection."""

    def __init__(self, daemon, csr, count):
        self.daemon, self.csr, self.left = daemon, csr, count
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=rig.PATIENCE)
        while self.left:
            connection.request("POST", "/sign", self.csr)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 403:
                return
            self.left -= 1
        connection.close()


def rejected(server):
    """How many refused requests its mails are about."""
    return sum(int(fields(body).get("count", 1)) for body in server.box.bodies() if "closest-block" in body)


def latencies(daemon, storm, csrs):
    """How long issuances take while it storms."""
    times = []
    for csr in csrs:
        if not storm.left:
            break
        began = time.monotonic()
        daemon.signed(csr)
        times.append(time.monotonic() - began)
    storm.thread.join()
    assert storm.left == 0
    return times


def test_ten_thousand_rejects(config, start, with_mail, serve, tmp_path):
    """A handful of mails with the right total, and issuances take no longer than in the same storm without notifiers,
    whether the receiver takes what it gets or not."""
    server, stalls = serve(), serve()
    stalls.box.mood = "stall"
    count = 2000 if rig.SANITIZED else 10000
    csr = rig.make_csr(tmp_path, "www.example.com")
    took = {}
    for name, text in (("untold", config(auth=AUTH)), ("stalls", with_mail(stalls).replace("/state", "/other")),
                       ("told", with_mail(server, 'fold = "3s";'))):
        daemon = start(text)
        csrs = [rig.make_csr(tmp_path, f"{name}{i}.example.org") for i in range(100)]
        daemon.signed(rig.make_csr(tmp_path, f"{name}.example.org"))
        took[name] = statistics.median(latencies(daemon, Storm(daemon, csr, count), csrs))
        if name != "told":
            daemon.crash()
    print(f"issuance while {count} are refused, p50: {took['untold']:.3f} s with no notifier, {took['told']:.3f} s with one, "
          f"{took['stalls']:.3f} s with one that stalls")
    # one that is waited for takes seconds; how near they are is measured by test/bench, where nothing else runs
    assert max(took.values()) < 3 * took["untold"] + 0.2

    rig.wait_for(lambda: rejected(server) >= count, "all are told of")
    assert rejected(server) == count
    assert sum("closest-block" in body for body in server.box.bodies()) < 20


def test_many_names_become_a_summary(start, with_mail, serve, tmp_path):
    """Whoever asks for another name each time gets through the folding, and not through the budget."""
    server = serve()
    daemon = start(with_mail(server, 'events = "rejected"; at-most = 5; queue = 20;'))
    daemon.announce("wait already: more becomes one summary")
    for csr in csrs_of(tmp_path, 300):
        reject(daemon, csr)
    rig.wait_for(lambda: server.box.count() == 5, "what the budget allows")
    rig.wait_for(lambda: "has had its 5 of this hour" in daemon.log(), "it says so")
    assert daemon.stop() == 0
    assert server.box.count() == 5
    # the next daemon has a budget of its own, and tells the rest
    start(with_mail(server, 'events = "rejected";'))
    rig.wait_for(lambda: server.box.count() == 6, "the summary")
    facts = fields(server.box.bodies()[5])
    assert facts["event"] == "summary" and facts["held-back"] == "295"


@pytest.mark.parametrize("scheme,tls,implicit", [("smtp", "starttls", False), ("smtps", "tls", True)])
def test_tls_and_login(start, with_mail, serve, tmp_path, scheme, tls, implicit):
    pair = rig.make_tls(tmp_path)
    (tmp_path / "password").write_text("gehe\u00efm\n")
    (tmp_path / "password").chmod(0o600)
    server = serve(tls=pair, user="me", password="gehe\u00efm", implicit=implicit)
    daemon = start(with_mail(server, f'events = "rejected"; tls = "{tls}"; ca-file = "{pair[0]}"; user = "me"; '
                                     f'password-file = "{tmp_path}/password";', host="localhost", scheme=scheme))
    reject(daemon, rig.make_csr(tmp_path, "www.example.com"))
    rig.wait_for(lambda: server.box.count() == 1, "a mail over TLS")


def test_no_trust_no_mail(start, with_mail, serve, tmp_path):
    server = serve(tls=rig.make_tls(tmp_path))
    daemon = start(with_mail(server, 'events = "rejected"; tls = "starttls";', host="localhost"))
    daemon.announce("cannot deliver, and tries again until it works: localhost")
    reject(daemon, rig.make_csr(tmp_path, "www.example.com"))
    rig.wait_for(lambda: "cannot deliver" in daemon.log(), "a warning")
    assert server.box.attempts == 0


def test_fails_stalls_recovers(start, with_mail, serve, tmp_path):
    server = serve()
    server.box.mood = "refuse"
    daemon = start(with_mail(server, 'events = "rejected"; timeout = "2s";'))
    daemon.announce("cannot deliver, and tries again until it works")
    reject(daemon, rig.make_csr(tmp_path, "www.example.com"))
    rig.wait_for(lambda: "cannot deliver" in daemon.log(), "a warning")
    assert "451 4.3.0 not now" in daemon.log()
    server.box.mood = "stall"
    rig.wait_for(lambda: server.box.attempts == 2, "a second try")
    # a receiver that stalls holds up nobody, and not because somebody else waits for it
    assert daemon.threads() == 1
    daemon.signed(rig.make_csr(tmp_path, "a.example.org"))
    server.box.mood = "take"
    rig.wait_for(lambda: any("rejected" in body for body in server.box.bodies()), "the reject is delivered")
    rig.wait_for(lambda: "delivers again" in daemon.log() or server.box.attempts == 2, "it says so")


def test_a_mail_that_is_not_liked(start, with_mail, serve, tmp_path):
    """Names that a client chose make a filter refuse the mail about them, and no other."""
    server = serve()
    server.box.dislikes = "cheap-pills.example.com"
    daemon = start(with_mail(server, 'events = "rejected";'))
    daemon.announce("cannot deliver, and tries again until it works: .*looks like spam")
    for name in ("cheap-pills.example.com", "a.example.com", "b.example.com"):
        reject(daemon, rig.make_csr(tmp_path, name))
    rig.wait_for(lambda: server.box.count() == 2, "the others are delivered")
    assert "cheap-pills" not in "".join(server.box.bodies())
    server.box.dislikes = None
    rig.wait_for(lambda: server.box.count() == 3, "it is delivered in the end")


def test_killed_with_many(with_mail, serve, tmp_path):
    server = serve()
    server.box.mood = "stall"
    config = with_mail(server, 'events = "rejected"; at-most = 10000;')
    daemon = rig.Acmems(tmp_path, config)
    for csr in csrs_of(tmp_path, 500):
        reject(daemon, csr)
    daemon.signal(signal.SIGKILL)
    daemon.stop()
    server.box.mood = "take"
    again = rig.Acmems(tmp_path, config)
    try:
        names = [f"n{i}.example.com" for i in range(500)]

        def told():
            return [fields(body)["names"] for body in server.box.bodies()]

        rig.wait_for(lambda: len(set(told())) == 500, "all are delivered")
        assert sorted(set(told())) == sorted(names)
        assert len(told()) <= 501
    finally:
        again.finish()


def test_killed_again_and_again(with_mail, serve, tmp_path):
    """Wherever it is hit, all are delivered, equal ones counted right, and none more often than twice."""
    server = serve()
    server.box.mood = "stall"
    config = with_mail(server, 'events = "rejected"; at-most = 10000;')
    daemon = rig.Acmems(tmp_path, config)
    for csr in csrs_of(tmp_path, 300):
        reject(daemon, csr)
    reject(daemon, rig.make_csr(tmp_path, "equal.example.com"), 200)
    # at once, with no time for anything to be written later
    daemon.crash()
    daemon.stop()
    server.box.mood = "take"
    for goal in (40, 90, 150):
        daemon = rig.Acmems(tmp_path, config)
        rig.wait_for(lambda: server.box.count() >= goal, "some are delivered")
        daemon.crash()
        daemon.stop()
    again = rig.Acmems(tmp_path, config)
    try:
        def told():
            return collections.Counter(fields(body)["names"] for body in server.box.bodies())

        rig.wait_for(lambda: len(told()) == 301, "all are delivered")
        assert set(told().values()) <= {1, 2} and server.box.count() <= 301 + 4
        equal = {fields(body)["count"] for body in server.box.bodies() if "equal.example.com" in body}
        assert equal == {"200"}
    finally:
        again.finish()


def test_digest(with_mail, serve, tmp_path):
    """What can wait is sent together, also by the next daemon when the first is killed; errors are not kept waiting."""
    server = serve()
    config = with_mail(server, 'events = [ "rejected", "config" ]; digest = "1h";')
    daemon = rig.Acmems(tmp_path, config)
    try:
        for name in ("a.example.com", "b.example.com", "a.example.com"):
            reject(daemon, rig.make_csr(tmp_path, name))
        daemon.config.write_text(config + "nonsense = 1;\n")
        rig.reload(daemon)
        rig.wait_for(lambda: server.box.count() == 1, "a mail about the reload")
        assert "nonsense" in server.box.bodies()[0]
        rig.wait_for(lambda: "config delivered" in daemon.log(), "the daemon knows")
    finally:
        daemon.signal(signal.SIGKILL)
        daemon.stop()
    again = rig.Acmems(tmp_path, config.replace("1h", "1s"))
    try:
        rig.wait_for(lambda: server.box.count() == 2, "the digest")
        assert server.box.mails[1]["Subject"] == "[acmems] 3 events: 3 rejected"
        body = server.box.bodies()[1]
        assert re.findall(r"^  names +(.*)$", body.replace("\r\n", "\n"), re.M) == ["a.example.com", "b.example.com"]
        assert re.findall(r"^  count +(.*)$", body.replace("\r\n", "\n"), re.M) == ["2"]
    finally:
        again.finish()


def test_no_header_of_theirs(start, with_mail, serve, tmp_path):
    server = serve()
    daemon = start(with_mail(server))
    private = serialization.load_pem_private_key(rig.make_key(tmp_path).read_bytes(), None)
    evil = ["x\r\nBcc: evil@example.org", "a.example.org\r\n.\r\nMAIL FROM:<x@y>", "=?utf-8?q?x?=", "caf\u00e9 \u202e"]
    for text in evil:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(private, hashes.SHA256())
        assert daemon.sign(csr.public_bytes(serialization.Encoding.PEM)).status in (403, 415)
    rig.wait_for(lambda: server.box.count() >= 1, "a mail")
    reject(daemon, rig.make_csr(tmp_path, "last.example.com"))
    rig.wait_for(lambda: any("last.example.com" in body for body in server.box.bodies()), "the last mail")
    for mail, raw in zip(server.box.mails, server.box.raw):
        assert mail["Bcc"] is None and "evil" not in "".join(mail.keys())
        assert set(mail.keys()) <= {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
                                    "Content-Type", "Content-Transfer-Encoding", "X-Peer", "X-MailFrom", "X-RcptTo"}
        assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


def test_a_test_mail(with_mail, serve, tmp_path):
    """acmems -N sends one mail and says what the server said."""
    server = serve()
    conf = tmp_path / "acmems.conf"
    conf.write_text(with_mail(server))

    def ask():
        return subprocess.run([rig.BUILD / "daemon/acmems", "-N", "admins", "-c", conf, "-m", rig.BUILD / "modules"],
                              capture_output=True, text=True, timeout=rig.PATIENCE)

    result = ask()
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    assert "delivered" in result.stdout
    assert server.box.count() == 1 and "test" in server.box.mails[0]["Subject"]
    server.box.mood = "refuse"
    result = ask()
    assert result.returncode == 69 and "451" in result.stderr, result.stderr


def test_ca_comes_and_goes(start, with_mail, serve, make_pebble, tmp_path):
    server = serve()
    gone = make_pebble()
    gone.stop()
    daemon = start(with_mail(server, ca=gone))
    daemon.announce("trying again until it works")
    rig.wait_for(lambda: server.box.count() == 1, "a mail about the CA")
    facts = fields(server.box.bodies()[0])
    assert facts["event"] == "ca-unreachable" and facts["account"] == "ca" and facts["directory"] == gone.directory
    make_pebble(port=gone.port, tls=gone.tls)
    rig.wait_for(lambda: server.box.count() == 3, "mails about the account and the CA")
    events = {fields(body)["event"]: fields(body) for body in server.box.bodies()}
    assert events["account"]["what"] == "registered" and "down-since" in events["ca-recovered"]


def test_refused_reload(start, with_mail, serve):
    server = serve()
    daemon = start(with_mail(server))
    daemon.announce("error reload")
    rig.wait_for(lambda: server.box.count() == 1, "the account is registered")
    daemon.config.write_text(daemon.config.read_text() + "nonsense = 1;\n")
    rig.reload(daemon)
    rig.wait_for(lambda: server.box.count() == 2, "a mail about the reload")
    facts = fields(server.box.bodies()[1])
    assert facts["event"] == "config" and "nonsense" in facts["detail"]


def test_renewed(start, with_mail, serve, tmp_path):
    server = serve()
    daemon = start(with_mail(server, 'events = [ "issued", "renewed" ];', storage=f'''file: {{ type = "file";
      directory = "{tmp_path}/storage"; renew-within = "3650d"; }};'''))
    csr = rig.make_csr(tmp_path, "a.example.org")
    daemon.signed(csr)
    rig.wait_for(lambda: server.box.count() == 1, "a mail")
    # one that is past the middle of its life is not served any more
    run = rig.run
    key = tmp_path / "www.key"
    path = rig.cache_folder(tmp_path / "storage", csr) / "cert.pem"
    run("faketime", "2026-01-01", "openssl", "req", "-x509", "-key", key, "-subj", "/CN=old", "-days", "10", "-out", path)
    daemon.signed(csr)
    rig.wait_for(lambda: server.box.count() == 2, "a second mail")
    facts = fields(server.box.bodies()[1])
    assert facts["event"] == "renewed" and facts["old-not-after"].startswith("2026-01-11")
