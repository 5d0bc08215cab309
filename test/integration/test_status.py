# SPDX-License-Identifier: ISC
"""Every status of the contract's table."""

import json
import re
import socket

import pytest

import rig


def raw(port, data):
    """Sends bytes, returns everything that comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=rig.PATIENCE) as sock:
        sock.sendall(data)
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass    # the server has ended the connection already: what it said is still to be read
        parts = []
        while part := sock.recv(65536):
            parts.append(part)
    return b"".join(parts)


def status(data):
    match = re.match(rb"HTTP/1\.[01] (\d+) ", data)
    return int(match.group(1)) if match else None


def test_400_for_nonsense(acmems):
    port = acmems.port
    assert status(raw(port, b"POST /sign HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")) == 400
    assert status(raw(port, b"POST /sign HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc")) == 400
    assert status(raw(port, b"POST /sign HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc")) == 400
    assert status(raw(port, b"POST /sign HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 3\r\n\r\nabc")) == 400


def test_403_never_says_which_rule_failed(config, start, tmp_path):
    auth = '{ name = "inner-circle"; ip = [ "192.0.2.0/24" ]; domains = [ "*.example.org" ]; },' \
           '{ name = "outer-circle"; all = true; domains = [ "only.example.org" ]; }'
    acmems = start(config(auth=auth))
    answer = acmems.sign(rig.make_csr(tmp_path, "www.example.org"))
    assert answer.status == 403
    assert "circle" not in answer.text and "only" not in answer.text and "192.0.2" not in answer.text
    assert answer.text.count("\n") == 1
    log = acmems.log()
    assert "inner-circle" in log or "outer-circle" in log


def test_404_and_405_with_allow(acmems):
    assert acmems.request("GET", "/nothing").status == 404
    assert acmems.request("POST", "/nothing", b"x").status == 404
    answer = acmems.request("GET", "/sign")
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert acmems.request("PUT", "/sign", b"x").status == 405
    answer = acmems.request("POST", "/", b"x")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]


def test_411_without_a_length(acmems):
    assert status(raw(acmems.port, b"POST /sign HTTP/1.1\r\nHost: x\r\n\r\n")) == 411
    chunked = b"POST /sign HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert status(raw(acmems.port, chunked)) == 411


def test_413_over_max_size(config, start):
    acmems = start(config(mgmt='max-size = "2k";'))
    assert acmems.sign(b"x" * 2048).status == 415
    answer = acmems.sign(b"x" * 2049)
    assert answer.status == 413
    assert answer.text.count("\n") == 1 and "2049 bytes" in answer.text
    assert acmems.sign(b"x" * 60000).status == 413
    assert acmems.sign(b"x" * 200000).status == 413


def test_415_says_what_to_mend(acmems, tmp_path):
    csr = rig.make_csr(tmp_path, "www.example.org")
    stripped = acmems.sign(csr.replace(b"\n", b""))
    assert stripped.status == 415
    assert "--data-binary" in stripped.text
    assert acmems.sign(b"").status == 415
    assert acmems.sign(b"hello").status == 415
    assert acmems.sign(csr + csr).status == 415
    assert acmems.sign(csr + b"trailing").status == 415
    key = (tmp_path / "www.key").read_bytes()
    answer = acmems.sign(key)
    assert answer.status == 415
    assert "private key" in answer.text
    assert key.splitlines()[1].decode() not in acmems.log()


def test_421_carries_the_cas_words_name_by_name(config, start, make_pebble, tmp_path):
    # the CA looks for answers at a port where nobody listens
    ca = make_pebble()
    acmems = start(config(ca=ca, validator=f'http: {{ type = "http01"; listen = [ "127.0.0.1:{rig.Ports.take()}" ]; }};'))
    acmems.ready()
    csr = rig.make_csr(tmp_path, "a.example.org", "b.example.org")
    answer = rig.wait_for(lambda: (a := acmems.sign(csr)).status != 503 and a, "an answer")
    assert answer.status == 421, answer.text
    assert re.search(r"^[ab]\.example\.org: .*connect", answer.text, re.M), answer.text
    problem = acmems.sign(csr, {"Accept": "application/problem+json"})
    assert problem.status == 421
    assert problem.headers["content-type"] == "application/problem+json"
    document = json.loads(problem.body)
    assert document["status"] == 421
    assert document["detail"]


def test_503_while_the_ca_is_down(config, start, tmp_path):
    acmems = start(config(directory=f"https://localhost:{rig.Ports.take()}/dir"))
    acmems.announce("unreachable|cannot|connect")
    csr = rig.make_csr(tmp_path, "www.example.org")
    answer = rig.wait_for(lambda: (a := acmems.sign(csr)).status == 503 and a, "503")
    assert int(answer.headers["retry-after"]) >= 1


def test_503_beyond_the_cap_on_pending_requests(config, start, make_pebble, tmp_path):
    import concurrent.futures
    ca = make_pebble(sleep=3)
    acmems = start(config(ca=ca, mgmt="max-pending = 2;")).ready()
    acmems.announce("pending")
    csrs = [rig.make_csr(tmp_path, f"p{i}.example.org") for i in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(acmems.sign, csrs))
    refused = [a for a in answers if a.status == 503]
    assert refused, [a.status for a in answers]
    assert all(int(a.headers["retry-after"]) >= 1 for a in refused)


@pytest.mark.parametrize("path, code", [("/sign", 405), ("/nothing", 404)])
def test_errors_are_one_clear_line(acmems, path, code):
    answer = acmems.request("GET", path)
    assert answer.status == code
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.endswith("\n") and answer.text.count("\n") == 1


def test_problem_json_on_request(acmems):
    answer = acmems.request("GET", "/nothing", headers={"Accept": "application/problem+json"})
    document = json.loads(answer.body)
    assert document["status"] == 404 and document["title"]
