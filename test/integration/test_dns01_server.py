# SPDX-License-Identifier: ISC
"""The daemon as a name server: delegated to by BIND and Knot, asked by BIND as a resolver, by dig and by nobody's program.

Resolver and servers all use one port instead of 53, so that delegations are followed as they are in the real world."""

import concurrent.futures
import contextlib
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

import dns_rig
import pytest
import rig

ALL = '{ name = "test"; all = true; domains = [ "*" ]; }'
HERE, BEHIND = "127.0.0.2", "127.0.0.4"  # the daemon; and where it is when something stands before it


def page(section, macro="Ss"):
    """The examples of a section of the man page."""
    text = (rig.ROOT / "man/acmems-validator-dns01-server.7").read_text()
    part = re.search(rf"^\.{macro} {section}\n(.*?)(?=^\.S[sh] )", text, flags=re.S | re.M).group(1)
    return re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", part, flags=re.S | re.M)


class World:
    """A root, parents of the zones as in the man page, a resolver, a CA that asks it."""

    def __init__(self, folder, knot=False, extra=""):
        self.port = dns_rig.free_port("127.0.0.1", HERE, "127.0.0.3", BEHIND)
        self.processes = []
        parents = ("knot", "127.0.0.3") if knot else ("ns", "127.0.0.1")
        try:
            self._start(folder, parents, knot, extra)
        except BaseException:
            self.stop()
            raise

    def _start(self, folder, parents, knot, extra):
        root = folder / "root"
        root.mkdir()
        (root / "root.zone").write_text(f"""$TTL 60
. IN SOA ns. hostmaster. 1 3600 600 86400 1
. IN NS ns.
ns. IN A 127.0.0.1
knot. IN A 127.0.0.3
example.org. IN NS {parents[0]}.
example.net. IN NS {parents[0]}.
""")
        lines = ["", ""] if knot else [self.local(text) for text in page("BIND")]
        zones = [dns_rig.Zone(name, {f"{parents[0]}.": parents[1]}, extra=text + more, minimum=1)
                 for name, text, more in (("example.net", lines[0], ""), ("example.org", lines[1], extra))]
        self.keep(dns_rig.Bind(root, self.port, [] if knot else zones,
                               views=f'zone "." {{ type primary; file "{root}/root.zone"; }};\n'))
        if knot:
            self.keep(dns_rig.Knot(folder / "knot", parents[1], self.port, zones))
            for line in self.local(page("Knot DNS")[0]).splitlines():
                rig.run("knotc", "-s", folder / "knot/knot.sock", *line.split()[1:])
        hints = folder / "resolver"
        hints.mkdir()
        (hints / "hints").write_text(". 60 IN NS ns.\nns. 60 IN A 127.0.0.1\n")
        self.resolver = self.keep(dns_rig.Bind(
            hints, rig.Ports.take(), [], views=f'zone "." {{ type hint; file "{hints}/hints"; }};\n',
            options=f"port {self.port}; recursion yes; allow-recursion {{ any; }}; empty-zones-enable no; "
                    "tcp-listen-queue 1000; tcp-clients 1000;"))
        (folder / "ca").mkdir()
        self.ca = self.keep(rig.Pebble(folder / "ca", self.resolver, rig.Ports.take()))

    def keep(self, process):
        self.processes.append(process)
        return process

    def local(self, text):
        """The address and port of this test instead of those of the example."""
        return text.replace("192.0.2.53:53", f"{HERE}:{self.port}").replace("192.0.2.53", HERE)

    def validator(self, options=""):
        """That of the man page, with a resolver."""
        group = re.fullmatch(r"validator: \{\n(.*)\};\n", self.local(page("EXAMPLES", "Sh")[0]), flags=re.S).group(1)
        return group.replace("mailbox", f'resolvers = [ "127.0.0.1:{self.resolver.port}" ]; {options} mailbox')

    def dig(self, *words, server=HERE, port=None):
        return subprocess.run(["dig", "+tries=1", "+time=5", "-p", str(port or self.port), f"@{server}", *words],
                              capture_output=True, text=True, timeout=rig.PATIENCE).stdout

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


@pytest.fixture
def world(tmp_path):
    with contextlib.closing(contextlib.ExitStack()) as stack:
        made = World(tmp_path, extra="_acme-challenge.lost CNAME lost.example.net.\n"
                                     "_acme-challenge.unlisted NS acmems.example.net.\n")
        stack.callback(made.stop)
        yield made


@pytest.fixture
def acmems(world, config, start):
    return start(config(ca=world.ca, auth=ALL, validator=world.validator())).ready()


def is_gone(world, *names):
    """Nothing is left of any challenge."""
    rig.wait_for(lambda: all("NOERROR" not in world.dig(name, "txt") or "ANSWER: 0" in world.dig(name, "txt")
                             for name in names), "records are gone")


NAMES = "_acme-challenge.example.org", "www.acme.example.net"


@pytest.mark.parametrize("knot", [False, True], ids=["bind", "knot"])
def test_as_the_manual_says(tmp_path, config, start, knot):
    """A name that is delegated with its wildcard, and one by CNAME, in one CSR."""
    world = World(tmp_path, knot)
    try:
        acmems = start(config(ca=world.ca, auth=ALL, validator=world.validator())).ready()
        chain = acmems.signed(rig.make_csr(tmp_path, "example.org", "*.example.org", "www.example.org"))
        rig.verify(chain, world.ca.root(), tmp_path)
        for name in ("example.org", "*.example.org", "www.example.org"):
            assert f"DNS:{name}" in rig.leaf(chain)
        is_gone(world, *NAMES)
        for line in world.local(page("Trying it")[0]).splitlines():
            resolver = [] if "@" in line else ["@127.0.0.1"]
            port = world.port if "@" in line else world.resolver.port
            words = line.split() + resolver + ["-p", port]
            answer = rig.run(*words).stdout.decode()
            assert "acmems.example.net. hostmaster.example.net." in answer or "cname" in line, answer
            assert "www.acme.example.net." in answer or "soa" in line, answer
    finally:
        world.stop()


def test_many_at_once(world, acmems, tmp_path):
    """Orders of many keys for the same names: ten values stand side by side, too many for an answer over UDP."""
    csrs = [rig.make_csr(tmp_path, "www.example.org", "*.example.org", "example.org",
                         key=rig.make_key(tmp_path, f"{i}.key")) for i in range(5)]
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(acmems.sign, csrs))
    assert [a.status for a in answers] == [200] * 5, [a.text for a in answers if a.status != 200]
    is_gone(world, *NAMES)


def test_a_hundred_wildcards(world, acmems, tmp_path):
    """Hosts in the delegated zone itself: nothing has to be looked up."""
    names = [f"h{i}.acme.example.net" for i in range(100)]
    csrs = [rig.make_csr(tmp_path, name, f"*.{name}") for name in names]
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(acmems.sign, csrs))
    assert [a.status for a in answers] == [200] * 100, [a.text for a in answers if a.status != 200][:3]
    is_gone(world, *(f"_acme-challenge.{name}" for name in names[::10]))


def test_names_that_do_not_lead_here(world, acmems, tmp_path):
    acmems.announce("no CNAME", "leads to")
    answer = acmems.sign(rig.make_csr(tmp_path, "other.example.org"))
    assert answer.status == 421, answer.text
    assert "_acme-challenge.other.example.org. is no CNAME, and in none of our zones" in answer.text
    answer = acmems.sign(rig.make_csr(tmp_path, "lost.example.org"))
    assert answer.status == 421 and "leads to lost.example.net." in answer.text, answer.text
    # the first slip of whoever delegates name by name
    acmems.announce("cannot find out")
    answer = acmems.sign(rig.make_csr(tmp_path, "unlisted.example.org"))
    assert answer.status == 503 and "SERVFAIL" in answer.text, answer.text
    assert "asks for _acme-challenge.unlisted.example.org., which is in none of the zones here" in acmems.log()


def test_resolver_down(world, config, start, tmp_path):
    validator = world.validator().replace(f"127.0.0.1:{world.resolver.port}", f"127.0.0.1:{rig.Ports.take()}")
    acmems = start(config(ca=world.ca, auth=ALL, validator=validator)).ready()
    acmems.announce("cannot find out")
    answer = acmems.sign(rig.make_csr(tmp_path, "www.example.org"))
    assert answer.status == 503 and "cannot find out where _acme-challenge.www.example.org. leads" in answer.text, answer.text
    # what needs no resolver goes on
    acmems.signed(rig.make_csr(tmp_path, "example.org"))


def test_dig(world, acmems):
    """What others' programs think of the answers."""
    for words in ([], ["+tcp"], ["+noedns"], ["+bufsize=100"], ["+dnssec"], ["+nocookie", "+norec"]):
        text = world.dig("acme.example.net", "soa", *words)
        assert "status: NOERROR" in text and "flags: qr aa" in text and "WARNING: recursion" not in text.replace(
            "WARNING: recursion requested but not available", ""), text
        assert "acmems.example.net. hostmaster.example.net. 1 " in text, text
        assert ("EDNS: version: 0" in text) == ("+noedns" not in words), text
        assert "malformed" not in text and "Warning" not in text, text
    text = world.dig("AcMe.ExAmPlE.nEt", "ns")
    assert "AcMe.ExAmPlE.nEt." in text and "NS\tacmems.example.net." in text, text
    text = world.dig("nobody.acme.example.net", "txt")
    assert "status: NXDOMAIN" in text and "AUTHORITY: 1" in text and "SOA" in text, text
    text = world.dig("acme.example.net", "a")
    assert "status: NOERROR" in text and "ANSWER: 0" in text and "SOA" in text, text
    assert "RFC8482" in world.dig("acme.example.net", "any", "+notcp")
    for words in (["example.org", "txt"], [".", "ns"], ["version.bind", "txt", "ch"], ["acme.example.net", "soa", "ch"],
                  ["www.acme.example.org", "txt"]):
        assert "status: REFUSED" in world.dig(*words), words
    assert "Transfer failed" in world.dig("acme.example.net", "axfr")
    assert "status: BADVERS" in world.dig("acme.example.net", "soa", "+edns=1", "+noednsneg")
    for opcode in ("NOTIFY", "UPDATE", "STATUS", "9"):
        assert "status: NOTIMP" in world.dig("acme.example.net", "soa", f"+opcode={opcode}"), opcode
    # the delegation, as the parent tells it
    text = world.dig("_acme-challenge.example.org", "txt", "+norec", server="127.0.0.1")
    assert "NS\tacmems.example.net." in text, text


@pytest.mark.skipif(not shutil.which("kdig"), reason="needs kdig")
def test_kdig(world, acmems):
    """Questions in a row on one connection, as Knot's dig asks them."""
    text = rig.run("kdig", "-p", world.port, f"@{HERE}", "+tcp", "+keepopen", "acme.example.net", "soa",
                   "_acme-challenge.example.org", "ns", "nobody.acme.example.net", "txt").stdout.decode()
    assert text.count("NOERROR") == 2 and text.count("NXDOMAIN") == 1, text
    text = rig.run("kdig", "-p", world.port, f"@{HERE}", "+edns", "+bufsize=4096", "+padding", "+nsid",
                   "acme.example.net", "soa").stdout.decode()
    assert "NOERROR" in text and "WARNING" not in text, text


def message(name, kind=16, flags=0x0100, number=0x1234):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", number, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)


def test_garbage(world, acmems):
    """Nothing that comes in a datagram or on a connection ends the server, or makes it answer an answer."""
    question = message("acme.example.net", 6)
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(rig.PATIENCE)
        sock.connect((HERE, world.port))
        for junk in (b"", b"\0", bytes(11), bytes(65000), question[:-1], question[:13], b"\xff" * 512,
                     message("acme.example.net", 6, 0x8180), message("acme.example.net", 6, 0xfff0), question + b"\0"):
            sock.send(junk)
        sock.send(message("acme.example.net", 6, number=0x7777))
        replies = []
        while not replies or replies[-1][:2] != b"\x77\x77":
            replies.append(sock.recv(4096))
    assert all(reply[2] & 0x80 for reply in replies)
    # nothing for what is too short or an answer; one each for the rest
    assert len(replies) == 5, replies
    assert len(replies[-1]) < 512
    connections = [socket.create_connection((HERE, world.port), timeout=rig.PATIENCE) for _ in range(100)]
    try:
        for i, sock in enumerate(connections):
            with contextlib.suppress(OSError):
                sock.sendall((b"\xff\xff", b"\0\0", b"\0\x0c" + bytes(12), b"\0")[i % 4] + bytes(i))
        with socket.create_connection((HERE, world.port), timeout=rig.PATIENCE) as sock:
            framed = struct.pack(">H", len(question)) + question
            sock.sendall(framed * 3)
            data = b""
            while len(data) < 2 or len(data) < 3 * (2 + struct.unpack(">H", data[:2])[0]):
                data += sock.recv(65536)
    finally:
        for sock in connections:
            sock.close()
    assert acmems.alive()


def test_flood(world, acmems, tmp_path):
    """Somebody floods it in the name of the CA's resolver, which gets little of that and still its answers."""
    question = message("a-name-that-nobody-has.acme.example.net")
    sent = came = cut = 0
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(rig.PATIENCE)
        sock.bind(("127.0.0.1", 0))
        sock.connect((HERE, world.port))
        begin = time.monotonic()
        for _ in range(2000):
            sock.send(question)
            reply = sock.recv(4096)
            sent, came, cut = sent + len(question), came + len(reply), cut + bool(reply[2] & 2)
        seconds = time.monotonic() - begin
    assert cut > 0
    assert came <= sent + 65536 + 16384 * (seconds + 1) + 512, (sent, came, seconds)
    acmems.signed(rig.make_csr(tmp_path, "www.example.org", "*.example.org"))


@pytest.mark.parametrize("cut", [False, True], ids=["lost", "cut"])
def test_bad_line(world, config, start, tmp_path, cut):
    """A tenth of all datagrams is lost, for which pebble has little patience; or every answer over UDP is cut."""
    line = dns_rig.Lossy(HERE, world.port, (BEHIND, world.port), lose=0 if cut else 0.1, cut=cut)
    try:
        validator = world.validator().replace(f'"{HERE}:', f'"{BEHIND}:')
        acmems = start(config(ca=world.ca, auth=ALL, validator=validator)).ready()
        for i in range(3):
            csr = rig.make_csr(tmp_path, "www.example.org", f"*.h{i}.acme.example.net")
            rig.wait_for(lambda: (acmems.signed(csr) if cut else acmems.sign(csr).status == 200), "signed")
        assert line.connections > 0 if cut else line.lost > 0
    finally:
        line.stop()


def test_dns_account(world, config, start, tmp_path):
    """Each account has a name of its own below the one that is delegated."""
    acmems = start(config(ca=world.ca, auth=ALL, validator=world.validator('challenge = "dns-account-01";'))).ready()
    acmems.signed(rig.make_csr(tmp_path, "example.org", "*.example.org"))
    assert re.search(r"published at _[a-z2-7]{16}\._acme-challenge\.example\.org\.", acmems.log())


def test_reload(world, acmems, tmp_path):
    """No question is lost or refused while generations change, and orders under way go on."""
    stop, bad, asked = threading.Event(), [], [0]

    def keep_asking():
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.settimeout(rig.PATIENCE)
            sock.connect((HERE, world.port))
            while not stop.is_set():
                sock.send(message("acme.example.net", 6))
                reply = sock.recv(4096)
                asked[0] += 1
                if reply[3] & 15 or (not reply[2] & 2 and reply[7] != 1):
                    bad.append(reply)

    csrs = [rig.make_csr(tmp_path, "www.example.org", "*.example.org", key=rig.make_key(tmp_path, f"{i}.key"))
            for i in range(6)]
    with concurrent.futures.ThreadPoolExecutor(7) as pool:
        asking = pool.submit(keep_asking)
        try:
            answers = []
            for csr in csrs:
                answers.append(pool.submit(acmems.sign, csr))
                rig.reload(acmems)
            answers = [answer.result() for answer in answers]
        finally:
            stop.set()
        asking.result()
    assert [a.status for a in answers] == [200] * 6, [a.text for a in answers if a.status != 200]
    assert asked[0] > 10 and not bad, bad
    is_gone(world, *NAMES)


def test_zones_follow_a_reload(world, acmems, tmp_path):
    assert "status: REFUSED" in world.dig("acme.example.com", "soa")
    acmems.config.write_text(acmems.config.read_text().replace('"acme.example.net"', '"acme.example.com"'))
    rig.reload(acmems)
    rig.wait_for(lambda: "status: NOERROR" in world.dig("acme.example.com", "soa"), "the new zone")
    rig.wait_for(lambda: "status: REFUSED" in world.dig("acme.example.net", "soa"), "the old zone is gone")


def unprivileged_start():
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
        return int(file.read())


@pytest.mark.skipif(not shutil.which("setpriv") or unprivileged_start() < 53, reason="anybody may have low ports here")
def test_low_port_without_the_capability(world, config, tmp_path):
    path = tmp_path / "low.conf"
    path.write_text(config(ca=world.ca, auth=ALL, validator=world.validator().replace(f":{world.port}", ":51")))
    done = subprocess.run(["setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service",
                           rig.BUILD / "daemon/acmems", "-c", path, "-m", rig.BUILD / "modules"],
                          capture_output=True, text=True, timeout=rig.PATIENCE)
    assert done.returncode != 0
    assert "CAP_NET_BIND_SERVICE" in done.stderr and f"{HERE}:51" in done.stderr, done.stderr


def test_wrong_options(world, config, tmp_path):
    for old, new, says in (('"acmems.example.net"', '"ns.acme.example.net"', "outside of them"),
                           ('"acme.example.net"', '"acme..example.net"', "zones: "),
                           ('"hostmaster@example.net"', '"@"', "mailbox: ")):
        path = tmp_path / "wrong.conf"
        path.write_text(config(ca=world.ca, auth=ALL, validator=world.validator().replace(old, new)))
        done = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                              capture_output=True, text=True, timeout=rig.PATIENCE)
        assert done.returncode == 78 and says in done.stderr, done.stderr
