# SPDX-License-Identifier: ISC
"""Hostile clients of the management listener."""

import contextlib
import http.client
import socket
import time

import rig
from test_status import raw, status


def closed(sock):
    """Has the daemon ended this connection?"""
    sock.setblocking(False)
    try:
        while True:
            if sock.recv(65536) == b"":
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_a_trickle_is_cut_at_the_deadline(acmems):
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", acmems.port)) as sock:
        sock.sendall(b"POST /sign HTTP/1.1\r\nHost: x\r\nX: ")
        while not closed(sock):
            assert time.monotonic() - begin < 30
            with contextlib.suppress(OSError):
                sock.setblocking(True)
                sock.sendall(b"a")
            time.sleep(0.1)
    assert acmems.request("GET", "/").status == 200


def test_an_endless_chunk_line_is_cut(acmems):
    with socket.create_connection(("127.0.0.1", acmems.port)) as sock:
        sock.settimeout(rig.PATIENCE)
        sent = 0
        try:
            sock.sendall(b"POST /sign HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            while sent < 64 << 20:
                sent += sock.send(b"1" * 65536)
        except OSError:
            pass
    assert sent < 32 << 20
    assert acmems.request("GET", "/").status == 200


def test_connections_in_all_are_capped(config, start):
    acmems = start(config(mgmt="max-connections = 20;"))
    acmems.announce("connections")
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(("127.0.0.1", acmems.port))) for _ in range(40)]
        rig.wait_for(lambda: sum(closed(s) for s in socks) >= 20, "surplus is closed")
        assert sum(closed(s) for s in socks) <= 21
    rig.wait_for(lambda: acmems.request("GET", "/").status == 200, "room again")


def test_connections_of_one_address_are_capped(config, start):
    acmems = start(config(mgmt="max-per-address = 10;"))
    acmems.announce("connections")
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(("127.0.0.1", acmems.port))) for _ in range(20)]
        rig.wait_for(lambda: sum(closed(s) for s in socks) >= 10, "surplus is closed")
        other = socket.create_connection(("127.0.0.1", acmems.port), source_address=("127.0.0.2", 0))
        stack.enter_context(other)
        other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        other.settimeout(rig.PATIENCE)
        assert status(other.recv(4096)) == 200


def test_too_many_or_too_long_headers(acmems):
    many = b"".join(b"X-%d: y\r\n" % i for i in range(100))
    assert status(raw(acmems.port, b"GET / HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n")) == 400
    assert status(raw(acmems.port, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000 + b"\r\n\r\n")) in (400, 413, None)
    assert acmems.request("GET", "/").status == 200


def test_pipelined_bytes_do_not_kill(acmems, tmp_path):
    csr = rig.make_csr(tmp_path, "pipe.example.org")
    request = b"POST /sign HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(csr) + csr
    answer = raw(acmems.port, request + request + b"x")
    assert status(answer) in (200, 503)
    assert acmems.request("GET", "/").status == 200


def test_no_descriptors_left(config, start, tmp_path):
    """The daemon survives, does not spin, and works again when there are some."""
    import resource
    acmems = start(config(mgmt="max-connections = 4096; max-per-address = 4096;"))
    acmems.announce("descriptor|accept|open files")
    # the account is registered by then, so that nothing else needs descriptors
    acmems.signed(rig.make_csr(tmp_path, "www.example.org"))
    resource.prlimit(acmems.pid, resource.RLIMIT_NOFILE, (acmems.fds() + 10, 4096))
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(socket.create_connection(("127.0.0.1", acmems.port)))
        before = rig.cpu_seconds(acmems.pid)
        time.sleep(1)
        assert rig.cpu_seconds(acmems.pid) - before < 0.5

    def works():
        # connections that queued up meanwhile are still being turned away
        with contextlib.suppress(OSError, http.client.HTTPException):
            return acmems.request("GET", "/").status == 200

    rig.wait_for(works, "works again")
