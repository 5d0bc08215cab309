# SPDX-License-Identifier: ISC
"""Real servers for the tests: started on free ports, waited for by condition, ended by pid."""

import contextlib
import dataclasses
import functools
import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ACMEMS_BUILD", ROOT / "build")).resolve()
PEBBLE_DIR = pathlib.Path(os.environ.get("PEBBLE_DIR", BUILD / "pebble")).resolve()
SANITIZED = os.environ.get("ACMEMS_SANITIZE") == "yes"

# A bound for things that must happen, never a measure. Sanitizers and shared machines are slow.
PATIENCE = 60 if SANITIZED else 30


class Ports:
    """Hands out ports that no other part of this test run has: each of its workers has a range of its own, below those
    that the kernel gives to clients. Where it begins differs from run to run."""

    LOW, HIGH = 20000, 32000
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    size = (HIGH - LOW) // workers
    low = LOW + worker * size
    taken = os.getpid() * 37

    @classmethod
    def take(cls):
        while True:
            cls.taken += 1
            port = cls.low + cls.taken % cls.size
            with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
                try:
                    tcp.bind(("127.0.0.1", port))
                    udp.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return port


def wait_for(condition, what, patience=None):
    """Waits until condition() is truthy and returns it."""
    end = time.monotonic() + (patience or PATIENCE)
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"{what}: did not happen")
        time.sleep(0.01)


class Process:
    """A program with its output in a file."""

    def __init__(self, command, log, env=None):
        self.command = [str(word) for word in command]
        self.env = dict(os.environ, **(env or {}))
        self.log_path = pathlib.Path(log)
        self.launch()

    def launch(self):
        self.log_file = open(self.log_path, "wb")
        self.popen = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self.log_file, stderr=subprocess.STDOUT, env=self.env)

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def alive(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, patience=None):
        return self.popen.wait(patience or PATIENCE)

    def stop(self):
        """Ends it, politely first. Returns its exit code."""
        if self.alive():
            self.popen.terminate()
            try:
                self.popen.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self.log_file.close()
        return self.popen.returncode


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, **options)


@functools.lru_cache(maxsize=None)
def pebble_help(program):
    return subprocess.run([PEBBLE_DIR / "bin" / program, "-h"], capture_output=True, text=True).stderr


def pebble_version():
    path = PEBBLE_DIR / "version"
    return path.read_text().strip() if path.exists() else "missing: run test/integration/get-pebble.sh"


def make_tls(folder, names="DNS:localhost,IP:127.0.0.1"):
    """A self-signed certificate for a server on this machine."""
    cert, key = folder / "tls.pem", folder / "tls.key"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=localhost", "-addext", f"subjectAltName={names}", "-keyout", key, "-out", cert)
    return cert, key


class Resolver(Process):
    """pebble-challtestsrv as the DNS of the CA: every name is this machine."""

    def __init__(self, folder, ipv6=""):
        self.port, self.mgmt = Ports.take(), Ports.take()
        text = pebble_help("pebble-challtestsrv")
        dns = ["-dnsserver", f"127.0.0.1:{self.port}"] if "-dnsserver" in text else ["-dns01", f"127.0.0.1:{self.port}"]
        doh = ["-doh", ""] if "-doh " in text else []
        super().__init__(
            [PEBBLE_DIR / "bin/pebble-challtestsrv", *dns, *doh, "-http01", "", "-https01", "", "-tlsalpn01", "",
             "-management", f"127.0.0.1:{self.mgmt}", "-defaultIPv4", "" if ipv6 else "127.0.0.1", "-defaultIPv6", ipv6],
            folder / "dns.log")
        wait_for(self._up, "pebble-challtestsrv")

    def _up(self):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.mgmt)) == 0


class Pebble(Process):
    """The CA. Options become its configuration or environment.

    All versions up to 2.10 can come to a deadlock when many orders are made at once: whoever asks for an authorization
    locks it and then the store, whoever makes an order the store and then authorizations. From then on nothing that
    touches the store is answered, so that a test which fails has to look whether it was the CA (conftest.py)."""

    running = []
    deadlocks = 0

    def __init__(self, folder, resolver, http_port, nonce_reject=0, reuse=0, retry_after=0, eab=None, port=None,
                 sleep=None, extra=None, tls=None):
        self.folder = folder
        self.port, self.mgmt = port or Ports.take(), Ports.take()
        self.cert, key = tls or make_tls(folder)
        self.tls = (self.cert, key)
        settings = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.mgmt}",
            "certificate": str(self.cert), "privateKey": str(key),
            "httpPort": http_port, "tlsPort": Ports.take(),
            "ocspResponderURL": "", "externalAccountBindingRequired": eab is not None,
            "retryAfter": {"authz": retry_after, "order": retry_after},
            "domainBlocklist": ["blocked-domain.example"],
        }
        if eab:
            settings["externalAccountMACKeys"] = eab
        settings.update(extra or {})
        config = folder / "pebble.json"
        config.write_text(json.dumps({"pebble": settings}))
        env = {"PEBBLE_WFE_NONCEREJECT": str(nonce_reject), "PEBBLE_AUTHZREUSE": str(reuse)}
        if sleep is None:
            env["PEBBLE_VA_NOSLEEP"] = "1"
        else:
            env["PEBBLE_VA_SLEEPTIME"] = str(sleep)
        super().__init__(
            [PEBBLE_DIR / "bin/pebble", "-config", config, "-strict", "-dnsserver", f"127.0.0.1:{resolver.port}"],
            folder / f"pebble-{self.port}-{time.monotonic_ns()}.log", env=env)
        self.running.append(self)

    def launch(self):
        super().launch()
        wait_for(lambda: "ACME directory available" in self.log(), "pebble")

    def is_deadlocked(self, patience=5):
        """Does it not answer what needs its store, although it lives?"""
        look = ["curl", "-sS", "-o", "/dev/null", "-m", str(patience), "--cacert", str(self.cert),
                f"https://localhost:{self.mgmt}/cert-status-by-serial/1"]
        return self.alive() and subprocess.run(look, capture_output=True).returncode == 28

    def renew(self):
        """Begins anew after a deadlock, with no memory of accounts and orders."""
        Pebble.deadlocks += 1
        self.popen.kill()
        self.popen.wait()
        self.log_file.close()
        self.launch()

    def stop(self):
        if self in self.running:
            self.running.remove(self)
            if self.is_deadlocked():
                Pebble.deadlocks += 1
                self.popen.kill()
        return super().stop()

    @property
    def directory(self):
        return f"https://localhost:{self.port}/dir"

    def root(self):
        """The CA's root certificate, to verify what it issued."""
        path = self.folder / "root.pem"
        path.write_bytes(run("curl", "-fsS", "--cacert", self.cert, f"https://localhost:{self.mgmt}/roots/0").stdout)
        return path

    def count(self, text):
        return self.log().count(text)

    def orders(self):
        """How many orders it was asked to make."""
        return len(re.findall(r"There are now \d+ orders in the db", self.log()))


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode(errors="replace")


class Acmems(Process):
    """The daemon. `announce` takes patterns of warnings and errors that the test expects."""

    def __init__(self, folder, config, wait=True, arguments=("-v",), env=None):
        self.folder = folder
        self.config = folder / "acmems.conf"
        self.config.write_text(config)
        self.announced = []
        match = re.search(r'mgmt: \{[^}]*?listen = \[ "127\.0\.0\.1:(\d+)"', config, re.S)
        self.port = int(match.group(1)) if match else None
        super().__init__(
            [BUILD / "daemon/acmems", "-c", self.config, "-m", BUILD / "modules", *arguments],
            folder / f"acmems-{time.monotonic_ns()}.log", env=env)
        if wait:
            wait_for(lambda: self.up() or not self.alive(), "acmems listens")
            assert self.alive(), self.log()

    def up(self):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def announce(self, *patterns):
        self.announced += patterns

    def ready(self):
        """Waits until it answers; its account may still be on the way to the CA, see signed()."""
        wait_for(lambda: self.request("GET", "/").status == 200, "acmems answers")
        return self

    def request(self, method, path, body=None, headers=None, port=None, host="127.0.0.1", timeout=None):
        connection = http.client.HTTPConnection(host, port or self.port, timeout=timeout or PATIENCE)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def sign(self, csr, headers=None, **options):
        return self.request("POST", "/sign", csr, headers, **options)

    def signed(self, csr, headers=None):
        """Signs, waiting for the account if the daemon asks for it."""
        def attempt():
            answer = self.sign(csr, headers)
            return None if answer.status == 503 else answer
        answer = wait_for(attempt, "signed")
        assert answer.status == 200, answer.text
        return answer.body

    def unannounced(self):
        """Lines of the log at warning or above that no test has announced."""
        found = []
        for line in self.log().splitlines():
            if re.match(r"\S+ (warning|error) ", line) or "Sanitizer" in line or "runtime error" in line:
                if not any(re.search(pattern, line) for pattern in self.announced):
                    found.append(line)
        return found

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def status_kb(self, field):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        return None

    def crash(self):
        """SIGKILL; its death is what the test asks for."""
        self.popen.kill()
        self.popen.wait()
        self.popen.returncode = 0

    def finish(self):
        """Stops it and checks that all was well."""
        code = self.stop()
        assert code == 0, f"exit {code}\n{self.log()}"
        assert not self.unannounced(), "unannounced:\n" + "\n".join(self.unannounced())


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_key(folder, name="www.key", kind="ec"):
    path = folder / name
    if kind == "ec":
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    else:
        run("openssl", "genrsa", "-out", path, kind.removeprefix("rsa"))
    return path


def make_csr(folder, *names, key=None, subject="/", san=None, arguments=()):
    """A CSR for DNS names, with openssl; returns its bytes."""
    key = key or (folder / "www.key" if (folder / "www.key").exists() else make_key(folder))
    san = san or ",".join(f"DNS:{name}" for name in names)
    extension = ["-addext", f"subjectAltName={san}"] if san else []
    return run("openssl", "req", "-new", "-key", key, "-subj", subject, *extension, *arguments).stdout


def leaf(chain):
    """Subject names and such of the first certificate, by openssl."""
    return run("openssl", "x509", "-noout", "-text", input=chain).stdout.decode()


def verify(chain, root, folder):
    """Does the chain lead to the root?"""
    pem = folder / "chain.pem"
    pem.write_bytes(chain)
    run("openssl", "verify", "-CAfile", root, "-untrusted", pem, pem)


def hmac_header(key, csr, digest="sha256"):
    import hmac
    return {"Authentication": f"hmac name={digest}, hash={hmac.new(key.encode(), csr, digest).hexdigest()}"}


def cache_folder(storage, csr):
    name = hashlib.sha384(csr).hexdigest()
    return storage / name[:2] / name[2:]


def reload(daemon):
    """SIGHUP, and wait until the new generation has taken over or was refused."""
    before = len(re.findall(r"reload", daemon.log()))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: len(re.findall(r"reload", daemon.log())) > before, "reload is logged")
