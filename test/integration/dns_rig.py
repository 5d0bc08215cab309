# SPDX-License-Identifier: ISC
"""Real name servers for the tests: BIND and Knot with zones of their own, and BIND as a resolver before them."""

import base64
import contextlib
import dataclasses
import functools
import os
import random
import re
import shutil
import socket
import subprocess
import threading

import rig

NAMED, KNOTD = "/usr/sbin/named", "/usr/sbin/knotd"


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def free_port(*addresses):
    """A port that is free on all of these addresses, for both protocols."""
    while True:
        port = rig.Ports.take()
        with contextlib.ExitStack() as stack:
            try:
                for address in addresses:
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        stack.enter_context(socket.socket(family(address), kind)).bind((address, port))
            except OSError:
                continue
            return port


@dataclasses.dataclass
class Key:
    name: str
    algorithm: str = "hmac-sha256"
    secret: str = dataclasses.field(default_factory=lambda: base64.b64encode(os.urandom(32)).decode())

    def bind(self):
        return f'key "{self.name}" {{ algorithm {self.algorithm}; secret "{self.secret}"; }};\n'

    def knot(self):
        return f"  - id: {self.name}\n    algorithm: {self.algorithm}\n    secret: {self.secret}\n"

    def option(self):
        """As the tsig group of the module."""
        return f'tsig: {{ name = "{self.name}"; algorithm = "{self.algorithm}"; secret = "{self.secret}"; }};'

    def dig(self):
        return ["-y", f"{self.algorithm}:{self.name}:{self.secret}"]


@dataclasses.dataclass
class Zone:
    """A zone on paper. Its name servers: names to addresses; the first is the primary."""

    name: str
    servers: dict
    extra: str = ""
    key: Key = None
    minimum: int = 3600
    transfer_from: tuple = None   # (address, port) of the primary, for a secondary (Knot)
    notify: tuple = None          # (address, port) of the secondary, for a primary (BIND)
    refuse: bool = False          # the key may not change it
    hidden: bool = False          # takes updates and transfers, and answers nobody's questions (BIND)

    def text(self):
        lines = ["$TTL 60", f"@ IN SOA {next(iter(self.servers))} hostmaster.invalid. 1 3600 600 86400 {self.minimum}"]
        for server, address in self.servers.items():
            lines.append(f"@ IN NS {server}")
            if server.endswith(f".{self.name}."):
                lines.append(f"{server} IN {'AAAA' if ':' in address else 'A'} {address}")
        return "\n".join(lines) + "\n" + self.extra + "\n"


def shifted(clock):
    """Environment of a program whose clock is wrong by so many seconds. Under faketime named does not start."""
    library = rig.BUILD / "test/integration/clock_shift.so"
    return {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(clock)} if clock else {}


class NameServer(rig.Process):
    """What BIND and Knot have in common."""

    clock = 0

    def transfer(self, zone):
        """Every record of a zone but its SOA, whose serial moves. Signed as of the server's own time."""
        key = zone.key.dig() if zone.key else []
        text = rig.run("dig", "+nocmd", "+nostats", "+noall", "+answer", "+onesoa", *key, "-p", self.port,
                       f"@{self.address}", "axfr", zone.name, env=os.environ | shifted(self.clock)).stdout.decode()
        records = {" ".join(line.split()) for line in text.splitlines() if line and not line.startswith(";")}
        return sorted(record for record in records if " SOA " not in record and " TSIG " not in record)

    def ask(self, name, kind):
        return rig.run("dig", "+short", "+norec", "-p", self.port, f"@{self.address}", name, kind).stdout.decode().split()

    def _answers(self):
        assert self.alive(), self.log()
        return subprocess.run(["dig", "+tries=1", "+time=1", "+noall", "+comments", "+norec", "-p", str(self.port),
                               f"@{self.address}", ".", "soa"], capture_output=True).returncode == 0


class Bind(NameServer):
    """BIND 9, authoritative, on 127.0.0.1: it serves no address that no interface has. `clock` as with Knot."""

    def __init__(self, folder, port, zones, options="", views="", clock=0):
        folder.mkdir(exist_ok=True)
        self.address, self.port = address, port = "127.0.0.1", port
        # its own copy: a profile that confines the system's one would not let it read here
        program = shutil.copy(NAMED, folder / "named")
        keys = {zone.key.name: zone.key for zone in zones if zone.key}
        text = f"""options {{
  directory "{folder}"; pid-file none; session-keyfile none; {self._lock()} managed-keys-directory "{folder}";
  listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }}; dnssec-validation no; notify explicit; notify-delay 0;
  {options or "recursion no;"}
}};
controls {{ }};
{"".join(key.bind() for key in keys.values())}{views}"""
        for zone in zones:
            text += self._zone(folder, zone)
        (folder / "named.conf").write_text(text)
        self.clock = clock
        super().__init__([program, "-g", "-n", "1", "-c", folder / "named.conf"], folder / "named.log", env=shifted(clock))
        rig.wait_for(self._answers, "named answers")

    @staticmethod
    @functools.lru_cache(maxsize=None)
    def _lock():
        """BIND 9.20 has no lock file any more, and no option for it."""
        return "lock-file none;" if " 9.18" in rig.run(NAMED, "-v").stdout.decode() else ""

    @staticmethod
    def _zone(folder, zone):
        file = folder / f"{zone.name}.zone"
        file.write_text(zone.text())
        rules = ""
        if zone.key:
            grant = "deny" if zone.refuse else "grant"
            rules = f"update-policy {{ {grant} {zone.key.name} zonesub TXT; }}; allow-transfer {{ key {zone.key.name}; }};"
        if zone.hidden:
            rules += f" allow-query {{ key {zone.key.name}; }};"     # BIND wants it of updates, too
        if zone.notify:
            rules += f" also-notify {{ {zone.notify[0]} port {zone.notify[1]}; }};"
        return f'zone "{zone.name}" {{ type primary; file "{file}"; {rules} }};\n'


class Knot(NameServer):
    """Knot DNS, authoritative. `clock` shifts its time by so many seconds."""

    def __init__(self, folder, address, port, zones, clock=0):
        folder.mkdir(exist_ok=True)
        self.address, self.port = address, port
        keys = {zone.key.name: zone.key for zone in zones if zone.key}
        text = f"""server:
    rundir: {folder}
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
log:
  - target: stderr
    any: info
key:
{"".join(key.knot() for key in keys.values())}acl:
"""
        for key in keys.values():
            text += f"  - id: {key.name}_update\n    key: {key.name}\n    action: [update, transfer]\n"
            text += f"  - id: {key.name}_look\n    key: {key.name}\n    action: transfer\n"
        masters = [zone for zone in zones if zone.transfer_from]
        if masters:
            text += "  - id: notified\n    address: 127.0.0.0/8\n    action: notify\nremote:\n"
        for zone in masters:
            address, primary_port = zone.transfer_from
            text += f"  - id: of_{zone.name}\n    address: {address}@{primary_port}\n"
            text += f"    key: {zone.key.name}\n" if zone.key else ""
        text += f"template:\n  - id: default\n    storage: {folder}\n    semantic-checks: off\n    journal-content: changes\nzone:\n"
        for zone in zones:
            text += f"  - domain: {zone.name}\n    file: {zone.name}.zone\n"
            if zone.transfer_from:
                text += f"    master: of_{zone.name}\n    acl: [notified, {zone.key.name}_update]\n"
                continue
            (folder / f"{zone.name}.zone").write_text(zone.text())
            if zone.key:
                text += f"    acl: {zone.key.name}_{'look' if zone.refuse else 'update'}\n"
        (folder / "knot.conf").write_text(text)
        self.clock = clock
        super().__init__([KNOTD, "-c", folder / "knot.conf"], folder / "knot.log", env=self._clock(clock))
        rig.wait_for(self._answers, "knotd answers")

    @staticmethod
    def _clock(shift):
        """Only what it calls the time: its timers are left alone. Without faketime between us, which would not pass
        our signals on. Its threads wait for times of day, which faketime shifts, too."""
        if not shift:
            return None
        library = rig.run("faketime", "-f", "+0s", "printenv", "LD_PRELOAD").stdout.decode().strip()
        return {"LD_PRELOAD": library, "FAKETIME": f"{shift:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


class KnotByHand(NameServer):
    """Knot DNS on 127.0.0.1 with what a page has for its configuration."""

    def __init__(self, folder, port, text):
        folder.mkdir(exist_ok=True)
        self.address, self.port = "127.0.0.1", port
        config = folder / "knot.conf"
        config.write_text(f"server:\n    rundir: {folder}\n    listen: {self.address}@{port}\n    udp-workers: 1\n"
                          f"    tcp-workers: 1\n    background-workers: 1\ndatabase:\n    storage: {folder}\n"
                          f"log:\n  - target: stderr\n    any: info\ntemplate:\n  - id: default\n"
                          f"    storage: {folder}\n{text}")
        rig.run("/usr/sbin/knotc", "-c", config, "conf-check")
        super().__init__([KNOTD, "-c", config], folder / "knot.log")
        rig.wait_for(self._answers, "knotd answers")


class Recursor(Bind):
    """BIND as a resolver: sends questions for each zone to the server that has it, and knows nothing else.

    The CA's resolver keeps nothing, as Let's Encrypt's keep next to nothing; `cache` makes a usual one."""

    def __init__(self, folder, zones, cache=False):
        """zones: name to (address, port)."""
        folder.mkdir(exist_ok=True)
        limits = "" if cache else "max-cache-ttl 0; max-ncache-ttl 0;"
        # a hundred orders at once are asked for in one second
        limits += " tcp-clients 1000; tcp-listen-queue 1000; clients-per-query 0; max-clients-per-query 0;"
        root = ["$TTL 60", ". IN SOA ns. ns. 1 3600 600 86400 1", ". IN NS ns.", "ns. IN A 127.0.0.1"]
        views = f'zone "." {{ type primary; file "{folder}/root.zone"; }};\n'
        for name, (address, port) in zones.items():
            root.append(f"{name}. IN NS server.invalid.")
            views += f'zone "{name}" {{ type forward; forward only; forwarders {{ {address} port {port}; }}; }};\n'
        (folder / "root.zone").write_text("\n".join(root) + "\n")
        super().__init__(folder, rig.Ports.take(), [], views=views,
                         options=f"recursion yes; allow-recursion {{ any; }}; empty-zones-enable no; {limits}")


class Lossy:
    """Between client and server: loses a part of the datagrams, cuts answers, passes TCP on."""

    def __init__(self, address, port, target, lose=0.0, cut=False, seed=1):
        self.target, self.lose, self.cut = target, lose, cut
        self.random = random.Random(seed)
        self.address, self.port = address, port
        self.lost = self.passed = self.connections = 0
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind((address, port))
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((address, port))
        self.tcp.listen(64)
        self.stopping = False
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._datagrams, self._connections)]
        for thread in self.threads:
            thread.start()

    def _drop(self):
        if self.random.random() < self.lose:
            self.lost += 1
            return True
        self.passed += 1
        return False

    def _exchange(self, question, client):
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.settimeout(2)
            sock.connect(self.target)
            sock.send(question)
            with contextlib.suppress(OSError):
                answer = sock.recv(65535)
                if self.cut:
                    answer = answer[:2] + bytes([answer[2] | 2]) + answer[3:4] + question[4:6] + bytes(6) + \
                        question[12:question.index(b"\0", 12) + 5]
                if not self._drop():
                    self.udp.sendto(answer, client)

    def _datagrams(self):
        while not self.stopping:
            question, client = self.udp.recvfrom(65535)
            if not self.stopping and not self._drop():
                threading.Thread(target=self._exchange, args=(question, client), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _connections(self):
        while not self.stopping:
            client, _ = self.tcp.accept()
            if self.stopping:
                client.close()
                return
            self.connections += 1
            with contextlib.suppress(OSError):
                server = socket.create_connection(self.target, timeout=5)
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def stop(self):
        self.stopping = True
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", (self.address, self.port))
        with contextlib.suppress(OSError):
            socket.create_connection((self.address, self.port), timeout=1).close()
        for thread in self.threads:
            thread.join()
        self.udp.close()
        self.tcp.close()


class Liar:
    """A name server that does as its `kind` says: "garbage", bytes at random; "trickle", a byte now and then over TCP;
    "chain", a whole answer of a thousand names, each of which begins at the end of a long chain of pointers."""

    def __init__(self, address, port, kind):
        self.address, self.port, self.kind = address, port, kind
        self.random = random.Random(1)
        self.asked = 0
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind((address, port))
        self.tcp = socket.create_server((address, port))
        self.stopping = False
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._datagrams, self._connections)]
        for thread in self.threads:
            thread.start()

    def _datagrams(self):
        while not self.stopping:
            question, client = self.udp.recvfrom(65535)
            self.asked += 1
            if self.kind == "garbage":
                for size in (1, 11, 12, 13, 200, 1232):
                    self.udp.sendto(self.random.randbytes(size), client)
                self.udp.sendto(question[:2] + b"\x80" + self.random.randbytes(200), client)
            if self.kind == "chain" and len(question) > 12:
                self.udp.sendto(question[:2] + b"\x86\x00" + question[4:6] + bytes(6) + question[12:], client)

    def _chain(self, question):
        head = question[:question.index(b"\0", 12) + 5]
        chain, last = b"\x01a\0", len(head) + 11
        while len(head) + 11 + len(chain) < 16382:
            chain, last = chain + (0xc000 | last).to_bytes(2, "big"), len(head) + 11 + len(chain)
        first = b"\0\0\x63\0\x01" + bytes(4) + len(chain).to_bytes(2, "big") + chain
        pointer = (0xc000 | last).to_bytes(2, "big")
        rest = (pointer + b"\0\x05\0\x01" + bytes(4) + b"\0\x02" + pointer) * 1000
        return head[:2] + b"\x84\x00\0\x01" + (1001).to_bytes(2, "big") + bytes(4) + head[12:] + first + rest

    def _serve(self, client):
        with contextlib.suppress(OSError, ValueError), client:
            question = client.recv(65535)[2:]
            if self.kind == "chain":
                answer = self._chain(question)
                client.sendall(len(answer).to_bytes(2, "big") + answer)
            elif self.kind == "garbage":
                client.sendall(self.random.randbytes(70000))
            else:
                client.sendall(b"\xff\xff")
                client.settimeout(0.05)
                while not self.stopping:
                    client.sendall(b"\0")
                    with contextlib.suppress(TimeoutError):
                        if not client.recv(1):
                            return

    def _connections(self):
        while not self.stopping:
            client, _ = self.tcp.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def stop(self):
        self.stopping = True
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", (self.address, self.port))
        with contextlib.suppress(OSError):
            socket.create_connection((self.address, self.port), timeout=1).close()
        for thread in self.threads:
            thread.join()
        self.udp.close()
        self.tcp.close()


def messages(daemon, pattern):
    """Lines of the daemon's log that the pattern is in."""
    return [line for line in daemon.log().splitlines() if re.search(pattern, line)]
