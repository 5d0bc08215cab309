# SPDX-License-Identifier: ISC
"""notify-mail against a real SMTP server, and what the core's queue makes of its moods."""

import re
import signal
import subprocess
import time

import pytest

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


def test_ten_thousand_rejects(start, with_mail, serve, tmp_path):
    server = serve()
    count = 2000 if rig.SANITIZED else 10000
    daemon = start(with_mail(server, 'fold = "3s";'))
    csr = rig.make_csr(tmp_path, "www.example.com")
    daemon.signed(rig.make_csr(tmp_path, "a.example.org"))
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=rig.PATIENCE)
    for _ in range(count):
        connection.request("POST", "/sign", csr)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 403
    began = time.monotonic()
    daemon.signed(rig.make_csr(tmp_path, "b.example.org"))
    assert time.monotonic() - began < 5

    def total():
        return sum(int(fields(body).get("count", 1)) for body in server.box.bodies() if "rejected" in body)

    rig.wait_for(lambda: total() >= count, "all are told of")
    assert total() == count
    assert server.box.count() < 20


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


def test_killed_with_many(with_mail, serve, tmp_path):
    server = serve()
    server.box.mood = "stall"
    config = with_mail(server, 'events = "rejected"; at-most = 10000;')
    daemon = rig.Acmems(tmp_path, config)
    key = rig.make_key(tmp_path)
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    for i in range(500):
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(f"n{i}.example.com")]), False)
        reject(daemon, builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
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
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID
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
