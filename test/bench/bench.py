# SPDX-License-Identifier: ISC
"""Measures what issue and README promise. Whole processes, on loopback; quote ratios, not seconds."""

import asyncio
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import dns_rig  # noqa: E402
import mail_rig  # noqa: E402
import rig  # noqa: E402
import test_notify_mail  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

SECONDS = 2
TRIES_MAX = 6
PATIENCE = 60  # seconds for one answer
KEY = ec.generate_private_key(ec.SECP256R1())


def csr(name):
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]), [])
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def row(what, value, must):
    print(f"| {what} | {value} | {must} |", flush=True)


def configuration(folder, ca, http_port, storage="file", validator=None):
    (folder / "storage").mkdir(exist_ok=True)
    validator = validator or f'http: {{ type = "http01"; listen = [ "127.0.0.1:{http_port}" ]; }};'
    kept = f'directory = "{folder}/storage";' if storage == "file" else ""
    return f"""
log: {{ level = "info"; }};
account: {{ ca: {{ directory = "{ca.directory}"; dir = "{folder}/account"; ca-file = "{ca.cert}";
  accept-terms-of-service = true; }}; }};
mgmt: {{ listen = [ "127.0.0.1:{rig.Ports.take()}" ]; }};
validator: {{ {validator} }};
storage: {{ kept: {{ type = "{storage}"; {kept} }}; }};
auth: ( {{ name = "bench"; all = true; domains = [ "*" ]; }} );
"""


started = []


def start(folder, ca, http_port):
    folder.mkdir(exist_ok=True)
    daemon = rig.Acmems(folder, configuration(folder, ca, http_port), arguments=())
    started.append(daemon)
    daemon.signed(csr("warm.example.org"))
    return daemon


async def post(port, body):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /sign HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    answer = await reader.read()
    writer.close()
    return answer.startswith(b"HTTP/1.1 200")


async def post_all(port, bodies):
    posts = (asyncio.wait_for(post(port, body), PATIENCE) for body in bodies)
    results = await asyncio.gather(*posts, return_exceptions=True)
    return sum(result is True for result in results)


def single(daemon, how="", must="<= 0.15 s"):
    times = []
    for i in range(30):
        body = csr(f"single{i}.example.org")
        begin = time.monotonic()
        assert daemon.sign(body).status == 200
        times.append(time.monotonic() - begin)
    row(f"one issuance, 1 name{how}, p50", f"{statistics.median(times):.3f} s", must)


def single_dns(folder):
    """The zone at BIND, signed updates, and its name server asked for the record before the CA is told."""
    place, port, key = folder / "dns", dns_rig.free_port("127.0.0.1"), dns_rig.Key("acmems")
    for part in (place, place / "ca", place / "state"):
        part.mkdir()
    processes = [dns_rig.Bind(place / "bind", port, [
        dns_rig.Zone("example.org", {"ns1.example.org.": "127.0.0.1"}, key=key)])]
    try:
        routes = {"example.org": ("127.0.0.1", port)}
        processes += [dns_rig.Recursor(place / name, routes) for name in ("ours", "theirs")]
        ca = rig.Pebble(place / "ca", processes[2], rig.Ports.take())
        processes.append(ca)
        validator = (f'dns: {{ type = "dns01-rfc2136"; server = [ "127.0.0.1:{port}" ]; {key.option()} '
                     f'state-dir = "{place}/state"; nameserver-port = {port}; '
                     f'resolvers = [ "127.0.0.1:{processes[1].port}" ]; }};')
        daemon = rig.Acmems(place, configuration(place, ca, None, validator=validator), arguments=())
        processes.append(daemon)
        daemon.signed(csr("warm.example.org"))
        single(daemon, " by dns-01 with BIND", "<= 0.25 s")
    finally:
        for process in reversed(processes):
            process.stop()


def at_once(folder, ca, http_port, count):
    """Once more, with everything new, if it was the CA that came to a deadlock (rig.Pebble). Returns the daemon."""
    bodies = [csr(f"n{i}.c{count}.example.org") for i in range(count)]
    for attempt in range(TRIES_MAX):
        daemon = start(folder / f"c{count}.{attempt}", ca, http_port)
        cpu, ca_cpu, begin = rig.cpu_seconds(daemon.pid), rig.cpu_seconds(ca.pid), time.monotonic()
        signed = asyncio.run(post_all(daemon.port, bodies))
        took = time.monotonic() - begin
        if signed == count or not ca.is_deadlocked():
            break
        print("pebble has come to a deadlock; once more", file=sys.stderr)
        daemon.crash()
        daemon.stop()
        ca.renew()
    row(f"{count} different CSRs at once", f"{signed} signed, {count - signed} failed, {signed / took:.0f}/s; peak RSS "
        f"{daemon.status_kb('VmHWM') / 1024:.1f} MB; CPU {rig.cpu_seconds(daemon.pid) - cpu:.2f} s, "
        f"CA {rig.cpu_seconds(ca.pid) - ca_cpu:.2f} s", f"all signed{', >= 40/s' if count == 200 else ''}")
    return daemon


def wrk(url, connections=64, script=None, body=None, seconds=SECONDS):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"] + (["-s", str(script)] if script else []) + [url]
    text = subprocess.run(command, check=True, capture_output=True, text=True,
                          env=dict(os.environ, BENCH_BODY=str(body or ""))).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", text)
    return rate, errors.group(0) if errors else "no error"


class Bare:
    def __init__(self, size):
        self.process = subprocess.Popen([rig.BUILD / "test/bench/bare", str(size)], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.pid = self.process.pid

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measure(pid, url, options):
    """Requests a second, requests a second of the server's processor, errors."""
    before = rig.cpu_seconds(pid)
    rate, errors = wrk(url, **options)
    return rate, rate * options.get("seconds", SECONDS) / (rig.cpu_seconds(pid) - before), errors


def compare(what, daemon, url, bare, bare_url, **options):
    """In turn, five times: the machine's speed drifts. By the clock, and by what others do not disturb."""
    ratios, cpu_ratios, rates, errors = [], [], [], set()
    for _ in range(5):
        reference, cpu_reference, _ = measure(bare.pid, bare_url, options)
        rate, cpu_rate, error = measure(daemon.pid, url, options)
        ratios.append(rate / reference)
        cpu_ratios.append(cpu_rate / cpu_reference)
        rates.append(rate)
        errors.add(error)
    row(what, f"{statistics.median(ratios):.2f} of bare evhttp ({statistics.median(rates):.0f}/s), by processor time "
        f"{statistics.median(cpu_ratios):.2f}; {', '.join(errors)}", ">= 0.8, no error")


def cached(daemon, folder):
    body = folder / "cached.csr"
    body.write_bytes(csr("cached.example.org"))
    size = len(daemon.signed(body.read_bytes()))
    bare = Bare(size)
    script = pathlib.Path(__file__).with_name("post.lua")
    for connections in (8, 64):
        compare(f"cached /sign, {connections} connections", daemon, f"http://127.0.0.1:{daemon.port}/sign",
                bare, f"http://127.0.0.1:{bare.port}/sign", script=script, body=body, connections=connections)
    bare.stop()


def challenges(folder, resolver, http_port):
    """A CA that sleeps before it looks, and is stopped while it does, leaves a token to be fetched."""
    (folder / "sleepy").mkdir()
    ca = rig.Pebble(folder / "sleepy", resolver, http_port, sleep=15)
    config = configuration(folder / "sleepy", ca, http_port)
    daemon = rig.Acmems(folder / "sleepy", config.replace('"info"', '"debug"'), arguments=())
    sender = subprocess.Popen(["curl", "-s", "--retry", "5", "-o", "/dev/null", "--data-binary", "@-",
                               f"http://127.0.0.1:{daemon.port}/sign"], stdin=subprocess.PIPE)
    sender.stdin.write(csr("token.example.org"))
    sender.stdin.close()
    pattern = r"(?:acme-challenge/|token[ =\"]+)([\w-]{20,})"
    token = rig.wait_for(lambda: re.search(pattern, daemon.log()), "a token").group(1)
    ca.signal(signal.SIGSTOP)
    path = f"/.well-known/acme-challenge/{token}"
    answer = rig.wait_for(lambda: (a := daemon.request("GET", path, port=http_port)).status == 200 and a, "the answer")
    # the log's level is what it is in use; the order goes on in the old generation
    daemon.config.write_text(daemon.config.read_text().replace('"debug"', '"info"'))
    rig.reload(daemon)
    bare = Bare(len(answer.body))
    compare("http-01 responses, 64 connections", daemon, f"http://127.0.0.1:{http_port}{path}",
            bare, f"http://127.0.0.1:{bare.port}/x", seconds=1)
    bare.stop()
    sender.kill()
    sender.wait()
    daemon.popen.kill()
    daemon.stop()
    ca.signal(signal.SIGCONT)
    ca.stop()


def notified(folder, ca, http_port):
    """What notifiers cost others: issuances while 10,000 requests are refused, which are told of or not."""
    refused, servers, times = csr("www.example.net"), [], {}
    for name, mood in (("untold", None), ("told", "take"), ("stalled", "stall"), ("untold again", None)):
        place = folder / name.replace(" ", "-")
        place.mkdir()
        config = configuration(place, ca, http_port).replace('"*"', '"*.example.org"')
        if mood:
            servers.append(mail_rig.MailServer())
            servers[-1].box.mood = mood
            config = config.replace("mgmt: { ", f'mgmt: {{ state-dir = "{place}/state"; ') + f"""
notify: {{ admins: {{ type = "mail"; server = "smtp://127.0.0.1:{servers[-1].port}"; from = "a@example.org";
  to = "b@example.org"; fold = "2s"; events = "rejected"; }}; }};
"""
        daemon = rig.Acmems(place, config, arguments=())
        daemon.signed(csr("warm.example.org"))
        bodies = [csr(f"{name.replace(' ', '-')}{i}.example.org") for i in range(200)]
        times[name] = statistics.median(test_notify_mail.latencies(
            daemon, test_notify_mail.Storm(daemon, refused, 10000), bodies))
        if mood == "take":
            rig.wait_for(lambda: test_notify_mail.rejected(servers[0]) == 10000, "the right total")
        daemon.popen.kill()
        daemon.stop()
    ratios = {name: took / statistics.mean((times["untold"], times["untold again"])) for name, took in times.items()}
    row("one issuance while 10,000 requests are refused, p50",
        f"{times['untold']:.3f} and {times['untold again']:.3f} s with no notifier; with one {ratios['told']:.2f} of it, "
        f"with one that stalls {ratios['stalled']:.2f}; {servers[0].box.count()} mails", "<= 1.2; a handful of mails, total right")
    for server in servers:
        server.stop()


def idle(folder, ca, http_port):
    daemon = start(folder / "idle", ca, http_port)
    assert daemon.stop() == 0
    config = daemon.config.read_text()
    times = []
    for _ in range(10):
        begin = time.monotonic()
        daemon = rig.Acmems(folder / "idle", config, wait=False, arguments=())
        while not daemon.up():
            time.sleep(0.001)
        times.append(time.monotonic() - begin)
        if len(times) < 10:
            daemon.stop()
    daemon.signed(csr("warm.example.org"))
    time.sleep(4)
    row("RSS idle, with a registered account",
        f"{daemon.status_kb('VmRSS') / 1024:.1f} MB (anonymous {daemon.status_kb('RssAnon') / 1024:.1f} MB)", "<= 10 MB")
    row("threads", daemon.threads(), "1")
    row("from start to ready, p50", f"{statistics.median(times):.3f} s", "<= 0.1 s")
    daemon.stop()


def nonces(folder, resolver, http_port):
    for rate in (50, 90):
        place = folder / f"nonce{rate}"
        place.mkdir()
        ca = rig.Pebble(place, resolver, http_port, nonce_reject=rate)
        daemon = start(place, ca, http_port)
        signed = asyncio.run(post_all(daemon.port, [csr(f"r{i}.example.org") for i in range(50)]))
        row(f"{rate} % of good nonces rejected, 50 CSRs at once", f"{50 - signed} failed", "none fails")
        daemon.stop()
        ca.stop()


def main():
    print(f"machine: {os.cpu_count()} cores; pebble {rig.pebble_version()}, no sleeps, retryAfter 0\n")
    print("| what | measured | must |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        resolver, http_port = rig.Resolver(folder), rig.Ports.take()
        ca = rig.Pebble(folder, resolver, http_port)
        try:
            daemon = start(folder / "main", ca, http_port)
            single(daemon)
            single_dns(folder)
            daemon.stop()
            at_once(folder, ca, http_port, 200).stop()
            daemon = at_once(folder, ca, http_port, 1000)
            cached(daemon, folder)
            daemon.stop()
            notified(folder, ca, http_port)
            nonces(folder, resolver, http_port)
            idle(folder, ca, http_port)
            challenges(folder, resolver, http_port)
        finally:
            for daemon in started:
                daemon.stop()
            ca.stop()
            resolver.stop()


if __name__ == "__main__":
    main()
