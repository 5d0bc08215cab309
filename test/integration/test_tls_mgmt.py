# SPDX-License-Identifier: ISC
"""TLS where requests come in: what is served, to whom, and with which files."""

import concurrent.futures
import http.client
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest

import rig
import tls_rig

AUTH = '{ name = "test"; ip = [ "127.0.0.0/8" ]; domains = [ "*.example.org" ]; }'


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return tls_rig.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def clients(tmp_path_factory):
    """The CA of the clients' certificates."""
    return tls_rig.Authority(tmp_path_factory.mktemp("clients"), "Client CA")


@pytest.fixture
def port():
    return rig.Ports.take()


@pytest.fixture
def files(authority, tmp_path):
    """The server's own files, to be replaced by tests."""
    paths = tmp_path / "server.pem", tmp_path / "server.key"
    for path, source in zip(paths, authority.issue()):
        shutil.copy(source, path)
    return paths


@pytest.fixture
def acmems(config, start, files, port):
    return start(config(mgmt=tls_rig.group(*files, listen=[f"127.0.0.1:{port}"]), auth=AUTH)).ready()


def s_client(port, *arguments):
    result = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *arguments],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=rig.PATIENCE)
    return result.stdout + result.stderr


def serial(port):
    """Of the certificate that is shown."""
    pem = ssl.get_server_certificate(("127.0.0.1", port))
    return rig.run("openssl", "x509", "-noout", "-serial", input=pem.encode()).stdout


def test_curl_and_wget_as_the_page_has_it(acmems, authority, pebble, port, tmp_path):
    csr = tmp_path / "www.csr"
    csr.write_bytes(rig.make_csr(tmp_path, "www.example.org"))
    url = f"https://localhost:{port}/sign"
    chain = rig.run("curl", "-fsS", "--cacert", authority.cert, "--data-binary", f"@{csr}", url).stdout
    rig.verify(chain, pebble.root(), tmp_path)
    assert rig.run("wget", "-qO-", f"--ca-certificate={authority.cert}", f"--post-file={csr}", url).stdout == chain
    assert acmems.sign(csr.read_bytes()).body == chain


def test_three_keys_are_enough(config, start, authority, files, tmp_path):
    """Then TLS is spoken at all addresses of mgmt, but to nobody on this machine who has a socket file."""
    port = rig.Ports.take()
    text = config(mgmt=tls_rig.group(*files), auth=AUTH + ', { name = "all"; all = true; domains = [ "*" ]; }',
                  port=port)
    text = text.replace(f'"127.0.0.1:{port}"', f'"127.0.0.1:{port}", "unix:{tmp_path}/sock"')
    acmems = start(text)
    answer = tls_rig.sign(port, rig.make_csr(tmp_path, "www.example.org"), tls_rig.context(authority))
    assert answer.status == 200, answer.text
    result = rig.run("curl", "-fsS", "--unix-socket", tmp_path / "sock", "http://x/")
    assert b"curl" in result.stdout
    with pytest.raises((http.client.HTTPException, OSError)):
        acmems.request("GET", "/")


def test_versions_and_protocols(acmems, port):
    assert "TLSv1.3" in s_client(port, "-tls1_3")
    old = s_client(port, "-tls1_2")
    assert "TLSv1.2" in old and "ECDHE" in old
    assert "protocol version" in s_client(port, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    assert "handshake failure" in s_client(port, "-tls1_2", "-cipher", "AES128-SHA")
    assert "ALPN protocol: http/1.1" in s_client(port, "-alpn", "h2,http/1.1")
    assert "no application protocol" in s_client(port, "-alpn", "acme-tls/1")
    for version in "-tls1_2", "-tls1_3":
        assert "New Session Ticket" not in s_client(port, version, "-msg").replace("NewSessionTicket",
                                                                                  "New Session Ticket")
    again = s_client(port, "-tls1_2", "-reconnect")
    assert again.count("New, ") > 1 and "Reused" not in again
    assert acmems.request("GET", "/").status == 200


def test_bounds_hold(acmems, authority, port, tmp_path):
    context = tls_rig.context(authority)
    assert tls_rig.request(port, "POST", "/sign", b"x" * 70000, context=context).status == 413
    assert tls_rig.request(port, "GET", "/nothing", context=context).status == 404
    assert tls_rig.request(port, "POST", "/sign", b"x", context=context).status == 415
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=rig.PATIENCE)
    for _ in range(3):
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.status == 200 and response.read()
    connection.close()


def test_who_dawdles_is_cut(acmems, port):
    """Not a byte, half a hello, a whole handshake and half a request: all of it within ten seconds."""
    before, start = acmems.fds(), time.monotonic()
    silent = socket.create_connection(("127.0.0.1", port))
    half = socket.create_connection(("127.0.0.1", port))
    half.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    slow = ssl._create_unverified_context().wrap_socket(socket.create_connection(("127.0.0.1", port)))
    slow.sendall(b"POST /sign HTTP/1.1\r\nHost: x\r\n")
    for client in silent, half, slow:
        client.settimeout(rig.PATIENCE)
        while client.recv(1000):
            pass
        client.close()
    assert 8 < time.monotonic() - start < 20
    rig.wait_for(lambda: acmems.fds() <= before, "all is closed")


def test_a_crowd_is_bounded(config, start, files, port, authority):
    mgmt = tls_rig.group(*files, listen=[f"127.0.0.1:{port}"]) + " max-connections = 20; max-per-address = 10;"
    acmems = start(config(mgmt=mgmt, auth=AUTH)).ready()
    acmems.announce("too many connections")
    before = acmems.fds()
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    rig.wait_for(lambda: "too many connections" in acmems.log(), "surplus is told")
    rig.wait_for(lambda: acmems.fds() <= before + 20, "surplus is cut")
    for client in crowd:
        client.close()
    rig.wait_for(lambda: acmems.fds() <= before, "the crowd is out")
    assert tls_rig.request(port, "GET", "/", context=tls_rig.context(authority)).status == 200


def test_a_stop_waits_for_the_answer(make_pebble, config, start, files, port, authority, tmp_path):
    ca = make_pebble(sleep=2)
    acmems = start(config(ca=ca, mgmt=tls_rig.group(*files, listen=[f"127.0.0.1:{port}"]), auth=AUTH)).ready()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(tls_rig.request, port, "POST", "/sign", rig.make_csr(tmp_path, "late.example.org"),
                              None, tls_rig.context(authority))
        rig.wait_for(lambda: "late.example.org" in acmems.log(), "the order has begun")
        acmems.signal(signal.SIGTERM)
        assert pending.result().status == 200
    assert acmems.wait() == 0


def replace(paths, pair):
    for path, source in zip(paths, pair):
        fresh = path.with_suffix(".new")
        shutil.copy(source, fresh)
        os.replace(fresh, path)


def test_replaced_files_are_used(acmems, authority, files, port):
    """As after each renewal, without a signal."""
    before = serial(port)
    replace(files, authority.issue())
    rig.wait_for(lambda: serial(port) != before, "the new certificate is shown", 15)
    assert "are in use now" in acmems.log()
    assert tls_rig.request(port, "GET", "/", context=tls_rig.context(authority)).status == 200


def test_a_broken_pair_is_not(acmems, authority, files, port):
    acmems.announce("mgmt.tls", "reload")
    before = serial(port)
    good = [path.read_bytes() for path in files]
    files[1].write_bytes(authority.issue()[1].read_bytes())
    rig.wait_for(lambda: "does not belong to the certificate" in acmems.log(), "it is told", 15)
    assert serial(port) == before
    rig.reload(acmems)
    rig.wait_for(lambda: re.search(r"mgmt: tls: key .* does not belong", acmems.log()), "the reload is refused")
    assert serial(port) == before
    for path, content in zip(files, good):
        path.write_bytes(content)
    rig.wait_for(lambda: "are in use now" in acmems.log(), "all is well again", 15)
    assert tls_rig.request(port, "GET", "/", context=tls_rig.context(authority)).status == 200


def test_reload_takes_new_files_and_changes_to_tls(config, start, authority, files, tmp_path):
    """The same address without and with TLS."""
    port = rig.Ports.take()
    acmems = start(config(auth=AUTH, port=port)).ready()
    acmems.config.write_text(config(auth=AUTH, port=port, mgmt=tls_rig.group(*files)))
    rig.reload(acmems)
    rig.wait_for(lambda: "TLSv1.3" in s_client(port), "TLS is spoken")
    assert tls_rig.request(port, "GET", "/", context=tls_rig.context(authority)).status == 200
    replace(files, authority.issue())
    fresh = rig.run("openssl", "x509", "-noout", "-serial", "-in", files[0]).stdout
    rig.reload(acmems)
    rig.wait_for(lambda: serial(port) == fresh, "the new certificate is shown at once", 15)
    acmems.config.write_text(config(auth=AUTH, port=port))
    rig.reload(acmems)
    acmems.ready()


@pytest.mark.parametrize("what, says", [
    ("missing", "cannot be read"), ("rubbish", "nothing of the kind"), ("swapped", "nothing of the kind|cannot be used"),
    ("stranger", "does not belong"), ("locked", "cannot be used"), ("ca", 'client-ca ".*" cannot be read')])
def test_faults_are_named(config, files, authority, tmp_path, what, says):
    cert, key = files
    ca = None
    if what == "missing":
        cert = tmp_path / "nowhere.pem"
    elif what == "rubbish":
        cert.write_text("rubbish\n")
    elif what == "swapped":
        cert, key = key, cert
    elif what == "stranger":
        key = authority.issue()[1]
    elif what == "locked":
        key = tmp_path / "locked.key"
        rig.run("openssl", "pkcs8", "-topk8", "-in", files[1], "-passout", "pass:secret", "-out", key)
    else:
        ca = tmp_path / "nowhere.pem"
    path = tmp_path / "faulty.conf"
    path.write_text(config(mgmt=tls_rig.group(cert, key, client_ca=ca), auth=AUTH))
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode == 78
    assert re.search(rf"faulty.conf:\d+: mgmt: tls: .*({says})", result.stderr), result.stderr


@pytest.mark.parametrize("group, says", [
    ('tls: { certificate = "/x"; };', "key"), ('tls: { key = "/x"; };', "certificate"),
    ('tls: { certificate = "/x"; key = "/x"; client = "/x"; };', "client-ca"),
    ('tls: { certificate = "/x"; key = "/x"; listen = [ "nowhere" ]; };', "nowhere"),
    ('tls: { certificate = "/x"; key = "/x"; listen = [ "127.0.0.1:7" ]; };', "without TLS")])
def test_wrong_settings_are_named(config, tmp_path, group, says):
    path = tmp_path / "faulty.conf"
    path.write_text(config(mgmt=group, auth=AUTH, port=7))
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode == 78
    assert re.search(rf"faulty.conf:\d+: .*{says}", result.stderr), result.stderr


def test_certificates_of_clients(config, start, files, clients, authority, port, tmp_path):
    """Nobody needs one; but who shows one shows a good one."""
    mgmt = tls_rig.group(*files, client_ca=clients.cert, listen=[f"127.0.0.1:{port}"])
    acmems = start(config(mgmt=mgmt, auth=AUTH)).ready()
    assert tls_rig.request(port, "GET", "/", context=tls_rig.context(authority)).status == 200
    good = clients.issue("/CN=client", "DNS:client.example.org", usage="clientAuth")
    assert tls_rig.request(port, "GET", "/", context=tls_rig.context(authority, good)).status == 200
    stranger = authority.issue("/CN=client", "DNS:client.example.org")
    server = clients.issue("/CN=client", "DNS:client.example.org", usage="serverAuth")
    for bad in stranger, server:
        with pytest.raises(OSError):
            tls_rig.request(port, "GET", "/", context=tls_rig.context(authority, bad))
    rig.wait_for(lambda: acmems.log().count("TLS failed: certificate verify failed") == 2, "both are told")


def test_revoked_certificates_of_clients(config, start, files, clients, authority, port, tmp_path):
    """A list that changes is taken without a signal."""
    crl = tmp_path / "crl.pem"
    crl.write_bytes(tls_rig.revoke(clients))
    mgmt = tls_rig.group(*files, client_ca=clients.cert, client_crl=crl, listen=[f"127.0.0.1:{port}"])
    acmems = start(config(mgmt=mgmt, auth=AUTH)).ready()
    first, second = clients.issue("/CN=first"), clients.issue("/CN=second")

    def answers(*client):
        try:
            return tls_rig.request(port, "GET", "/", context=tls_rig.context(authority, *client)).status == 200
        except OSError:
            return False
    assert answers(first) and answers(second) and answers()
    crl.write_bytes(tls_rig.revoke(clients, first[0]))
    rig.wait_for(lambda: not answers(first), "it is revoked", 15)
    assert answers(second) and answers()
    assert "certificate verify failed" in acmems.log()


def own(folder, port, names='"acmems.example.org", "acmems2.example.org"', more=""):
    return (f'tls: {{ certificate = "{folder}/own.pem"; key = "{folder}/own.key"; self = [ {names} ]; {more} '
            f'listen = [ "127.0.0.1:{port}" ]; }};')


def shown(port, root=None, name="acmems.example.org"):
    """The certificate for that name, as text, if it is good."""
    context = ssl.create_default_context(cafile=root) if root else ssl._create_unverified_context()
    try:
        with socket.create_connection(("127.0.0.1", port), rig.PATIENCE) as client:
            with context.wrap_socket(client, server_hostname=name) as stream:
                der = stream.getpeercert(True)
    except OSError:
        return None
    return rig.run("openssl", "x509", "-inform", "der", "-noout", "-text", "-serial", input=der).stdout.decode()


def test_it_signs_its_own(config, start, pebble, port, tmp_path):
    """From nothing, without a cron job: first one signed by itself, then one of the CA."""
    folder = tmp_path / "own"
    folder.mkdir()
    acmems = start(config(mgmt=own(folder, port), auth=AUTH))
    rig.wait_for(lambda: shown(port), "something is shown")
    text = rig.wait_for(lambda: shown(port, pebble.root()), "the CA's is shown")
    assert "DNS:acmems.example.org" in text and "DNS:acmems2.example.org" in text
    assert "mgmt.tls was renewed" in acmems.log()
    assert folder.joinpath("own.key").stat().st_mode & 0o777 == 0o600
    orders = pebble.orders()
    rig.reload(acmems)
    rig.wait_for(lambda: "g2: ready -> open" in acmems.log(), "the new generation is open")
    acmems.ready()
    time.sleep(1)
    assert pebble.orders() == orders
    assert shown(port, pebble.root()).splitlines()[-1] == text.splitlines()[-1]
    # other names need another certificate
    acmems.config.write_text(config(mgmt=own(folder, port, '"acmems3.example.org"'), auth=AUTH, port=acmems.port))
    rig.reload(acmems)
    rig.wait_for(lambda: shown(port, pebble.root(), "acmems3.example.org"), "the other name is shown")


def test_its_own_is_renewed_in_time(config, start, pebble, port, authority, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    key = folder / "own.key"
    csr = rig.make_csr(tmp_path, "acmems.example.org", key=rig.make_key(folder, "own.key"))
    # a long life of which little is left
    rig.run("faketime", "-f", "-80d", "openssl", "x509", "-req", "-CA", authority.cert, "-CAkey", authority.key,
            "-CAcreateserial", "-days", "90", "-copy_extensions", "copy", "-out", folder / "own.pem", input=csr)
    before = key.read_bytes()
    start(config(mgmt=own(folder, port, '"acmems.example.org"'), auth=AUTH))
    assert rig.wait_for(lambda: shown(port), "the old one is shown").splitlines()
    rig.wait_for(lambda: shown(port, pebble.root()), "a new one is shown")
    assert key.read_bytes() == before


def test_its_own_may_be_taken_away(config, start, pebble, port, tmp_path):
    """To have another one at once."""
    folder = tmp_path / "own"
    folder.mkdir()
    acmems = start(config(mgmt=own(folder, port), auth=AUTH))
    rig.wait_for(lambda: shown(port, pebble.root()), "the CA's is shown")
    acmems.announce("files have changed, and those before stay in use")
    folder.joinpath("own.pem").unlink()
    rig.reload(acmems)
    rig.wait_for(lambda: acmems.log().count("mgmt.tls was renewed") == 2, "it is ordered anew")
    assert "reload refused" not in acmems.log()


@pytest.mark.parametrize("names, more, says", [
    ('"-x"', "", "self"), ('"a b.example.org"', "", "self"), ("", "", "self"),
    ('"a.example.org"', 'client-ca = "/nowhere.pem";', 'client-ca "/nowhere.pem" cannot be read')])
def test_wrong_own_names(config, port, tmp_path, names, more, says):
    path = tmp_path / "faulty.conf"
    path.write_text(config(mgmt=own(tmp_path, port, names, more), auth=AUTH))
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode == 78
    assert re.search(rf"faulty.conf:\d+: .*{says}", result.stderr), result.stderr
    assert not list(tmp_path.glob("own.*"))


def test_descriptors_run_out(acmems, authority, port, tmp_path):
    """Connections beyond are closed at once; the loop neither spins nor sleeps."""
    acmems.signed(rig.make_csr(tmp_path, "www.example.org"))  # whatever needs files is done
    acmems.announce("cannot accept connections")
    before = resource.prlimit(acmems.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(acmems.pid, resource.RLIMIT_NOFILE, (acmems.fds() + 3, before[1]))
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    rig.wait_for(lambda: "cannot accept connections" in acmems.log(), "it is told")
    used = rig.cpu_seconds(acmems.pid)
    time.sleep(1)
    assert rig.cpu_seconds(acmems.pid) - used < 0.3
    for client in crowd:
        client.close()
    assert rig.wait_for(lambda: shown(port), "it goes on")
    resource.prlimit(acmems.pid, resource.RLIMIT_NOFILE, before)
    assert tls_rig.request(port, "GET", "/", context=tls_rig.context(authority)).status == 200


def stream_to(port, data):
    stream = ssl._create_unverified_context().wrap_socket(socket.create_connection(("127.0.0.1", port), rig.PATIENCE))
    stream.sendall(data)
    return stream


def post(csr, path="/sign"):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(csr)}\r\n\r\n".encode() + csr


def test_a_flood_is_cut(acmems, port):
    """A line of a chunk's length that never ends is not collected."""
    before, fds = acmems.status_kb("VmRSS"), acmems.fds()
    stream = stream_to(port, b"POST /sign HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    # who goes on writing may hear of it late, but does so into nothing
    stream.settimeout(1)
    with pytest.raises(OSError):
        for _ in range(500):
            stream.sendall(b"1" * 100000)
    rig.wait_for(lambda: acmems.fds() <= fds, "it is cut")
    stream.close()
    assert acmems.status_kb("VmRSS") - before < (40000 if rig.SANITIZED else 8000)
    assert acmems.request("GET", "/").status == 200


def test_more_bytes_while_an_answer_is_awaited(make_pebble, config, start, files, port, tmp_path):
    """They wait; and a client that leaves meanwhile is noticed."""
    ca = make_pebble(sleep=2)
    acmems = start(config(ca=ca, mgmt=tls_rig.group(*files, listen=[f"127.0.0.1:{port}"]), auth=AUTH)).ready()
    first = stream_to(port, post(rig.make_csr(tmp_path, "a.example.org")))
    leaver = stream_to(port, post(rig.make_csr(tmp_path, "b.example.org")))
    rig.wait_for(lambda: acmems.log().count("order o") >= 2, "both orders have begun")
    first.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    leaver.sendall(b"x" * 1000)
    leaver.close()
    rig.wait_for(lambda: "client left during" in acmems.log(), "it is noticed")
    data = b""
    while more := first.recv(65536):
        data += more
    assert data.count(b"HTTP/1.1 200") == 2 and b"BEGIN CERTIFICATE" in data and b"curl" in data
    first.close()
