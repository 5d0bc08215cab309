# SPDX-License-Identifier: ISC
"""Clients with certificates: who is let in, through the listener and by the module."""

import http.client
import re
import socket
import subprocess

import pytest

import rig
import tls_rig


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return tls_rig.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    return tls_rig.Authority(tmp_path_factory.mktemp("clients"), "Client CA")


@pytest.fixture(scope="module")
def host(clients):
    return clients.issue("/O=Example/CN=host1", "DNS:host1.hosts.example.org,URI:spiffe://example.org/Mail",
                         usage="clientAuth")


@pytest.fixture(scope="module")
def other(clients):
    return clients.issue("/O=Other/CN=host2", "DNS:host2.elsewhere.example.org")


def block(setting, **more):
    return f'{{ name = "certified"; tls{setting}; domains = [ "*.example.org" ]; }}'


@pytest.fixture
def make(config, start, authority, clients):
    def daemon(auth, mgmt=""):
        port = rig.Ports.take()
        group = tls_rig.group(*authority.issue(), client_ca=clients.cert, listen=[f"127.0.0.1:{port}"])
        acmems = start(config(mgmt=group + mgmt, auth=auth))
        acmems.tls = port
        return acmems
    return daemon


@pytest.mark.parametrize("setting", [
    ' = [ "*.hosts.example.org" ]', ' = "HOST1.hosts.example.org"', ': { san = [ "x", "URI:spiffe://example.org/Mail" ]; }',
    ': { subject = [ "CN=host?,O=Example" ]; issuer = "CN=Client CA"; }', ": { fingerprint = FINGERPRINT; }"])
def test_who_is_let_in(make, authority, host, other, tmp_path, setting):
    fingerprint = rig.run("openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", host[0]).stdout.decode()
    setting = setting.replace("FINGERPRINT", '"%s"' % fingerprint.strip().split("=")[1])
    acmems = make(block(setting))
    csr = rig.make_csr(tmp_path, "www.example.org")
    assert tls_rig.sign(acmems.tls, csr, tls_rig.context(authority, host)).status == 200
    for context in tls_rig.context(authority, other), tls_rig.context(authority):
        answer = tls_rig.request(acmems.tls, "POST", "/sign", csr, context=context)
        assert answer.status == 403
        assert "certificate" not in answer.text
    # without TLS nothing is shown, and no header stands for it
    assert acmems.sign(csr, {"X-SSL-Client-S-DN": "CN=host1,O=Example"}).status == 403
    assert "no certificate was shown" in acmems.log()
    assert "CN=host2,O=Other" in acmems.log()


def test_curl_as_the_page_has_it(make, authority, host, tmp_path):
    acmems = make(block(' = [ "*.hosts.example.org" ]'))
    csr = rig.make_csr(tmp_path, "www.example.org")
    tls_rig.sign(acmems.tls, csr, tls_rig.context(authority, host))
    (tmp_path / "www.csr").write_bytes(csr)
    chain = rig.run("curl", "-fsS", "--cert", host[0], "--key", host[1], "--cacert", authority.cert, "--data-binary",
                    f"@{tmp_path}/www.csr", f"https://localhost:{acmems.tls}/sign").stdout
    assert "DNS:www.example.org" in rig.leaf(chain)


def test_a_chain_over_an_intermediate(config, start, authority, clients, tmp_path):
    """The CA is the root; the client brings what is between."""
    folder = tmp_path / "between"
    folder.mkdir()
    key, csr, cert, ext = (folder / name for name in ("ca.key", "ca.csr", "ca.pem", "ca.ext"))
    ext.write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
    rig.run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=Between", "-keyout", key, "-out", csr)
    rig.run("openssl", "x509", "-req", "-in", csr, "-CA", clients.cert, "-CAkey", clients.key, "-CAcreateserial",
            "-days", "2", "-extfile", ext, "-out", cert)
    between = tls_rig.Authority.__new__(tls_rig.Authority)
    between.folder, between.cert, between.key, between.count = folder, cert, key, 0
    leaf, leaf_key = between.issue("/CN=deep", "DNS:deep.example.org")
    whole = folder / "chain.pem"
    whole.write_bytes(leaf.read_bytes() + cert.read_bytes())
    port = rig.Ports.take()
    start(config(mgmt=tls_rig.group(*authority.issue(), client_ca=clients.cert, listen=[f"127.0.0.1:{port}"]),
                 auth=block(': { san = "deep.example.org"; issuer = "CN=Between"; }')))
    context = tls_rig.context(authority, (whole, leaf_key))
    assert tls_rig.sign(port, rig.make_csr(tmp_path, "www.example.org"), context).status == 200


class Kept:
    """A connection with a certificate that is kept open."""

    def __init__(self, port, context):
        self.connection = http.client.HTTPSConnection("localhost", port, timeout=rig.PATIENCE, context=context)
        self.connection.connect()
        self.connection.auto_open = 0

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body)
        response = self.connection.getresponse()
        response.read()
        return response.status

    def until(self, condition, what):
        """Waits, and says something now and then, as a connection without requests is closed."""
        rig.wait_for(lambda: self.ask("GET", "/") == 200 and condition(), what, 20)


def test_a_kept_connection_outlives_no_revocation(config, start, authority, clients, host, tmp_path):
    crl = tmp_path / "crl.pem"
    crl.write_bytes(tls_rig.revoke(clients))
    port = rig.Ports.take()
    group = tls_rig.group(*authority.issue(), client_ca=clients.cert, client_crl=crl, listen=[f"127.0.0.1:{port}"])
    acmems = start(config(mgmt=group, auth=block(' = [ "*.hosts.example.org" ]')))
    csr = rig.make_csr(tmp_path, "www.example.org")
    tls_rig.sign(port, csr, tls_rig.context(authority, host))
    kept = Kept(port, tls_rig.context(authority, host))
    assert kept.ask("POST", "/sign", csr) == 200
    crl.write_bytes(tls_rig.revoke(clients, clients.issue("/CN=another")[0]))
    kept.until(lambda: acmems.log().count("are in use now") == 1, "the list is taken")
    assert kept.ask("POST", "/sign", csr) == 200, "it was another"
    crl.write_bytes(tls_rig.revoke(clients, host[0]))
    kept.until(lambda: acmems.log().count("are in use now") == 2, "the list is taken")
    assert kept.ask("POST", "/sign", csr) == 403
    assert "is not good any more: certificate revoked" in acmems.log()


@pytest.mark.parametrize("to", ["another", "none"])
def test_a_kept_connection_outlives_no_ca(config, start, authority, clients, host, tmp_path, to):
    """The CA of the clients is another one after a reload, or is not asked for any more."""
    ports = rig.Ports.take(), rig.Ports.take()
    pair, auth = authority.issue(), block(' = [ "*.hosts.example.org" ]')

    def text(ca):
        group = tls_rig.group(*pair, client_ca=ca, listen=[f"127.0.0.1:{ports[1]}"])
        return config(mgmt=group, auth=auth, port=ports[0])
    acmems = start(text(clients.cert))
    csr = rig.make_csr(tmp_path, "www.example.org")
    tls_rig.sign(ports[1], csr, tls_rig.context(authority, host))
    kept = Kept(ports[1], tls_rig.context(authority, host))
    rig.reload(acmems)
    kept.until(lambda: "g2: ready -> open" in acmems.log(), "the new generation is open")
    assert kept.ask("POST", "/sign", csr) == 200, "nothing has changed"
    acmems.config.write_text(text({"another": authority.cert, "none": None}[to]))
    rig.reload(acmems)
    kept.until(lambda: "g3: ready -> open" in acmems.log(), "the new generation is open")
    assert kept.ask("POST", "/sign", csr) == 403


def test_not_behind_a_proxy_that_ends_tls(make, authority, host, tmp_path):
    """A proxy's own certificate says nothing of whom it asks for."""
    acmems = make(block(' = [ "*.hosts.example.org" ]'), 'trusted-proxies = [ "127.0.0.1" ];')
    csr = rig.make_csr(tmp_path, "www.example.org")
    context = tls_rig.context(authority, host)
    assert tls_rig.sign(acmems.tls, csr, context).status == 200
    for headers in {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=unknown"}:
        assert tls_rig.request(acmems.tls, "POST", "/sign", csr, headers, context).status == 403


def test_through_a_proxy_that_does_not(make, authority, host, tmp_path):
    acmems = make(block(' = [ "*.hosts.example.org" ]'),
                  'trusted-proxies = [ "127.0.0.1" ]; proxy-protocol = true;')
    body = rig.make_csr(tmp_path, "www.example.org")

    def ask():
        with socket.create_connection(("127.0.0.1", acmems.tls), rig.PATIENCE) as client:
            client.sendall(b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 1313\r\n")
            with tls_rig.context(authority, host).wrap_socket(client, server_hostname="localhost") as stream:
                stream.sendall(f"POST /sign HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                return int(stream.recv(65536).split()[1])
    assert rig.wait_for(lambda: (ask(),) != (503,) and ask(), "an answer") == 200


@pytest.mark.parametrize("setting, says", [
    (": { }", "has to be given"), (' = "spiffe://x/y"', "URI:"), (': { fingerprint = "00"; }', "64 hex digits"),
    (': { san = [ ]; }', "san"), (': { sans = "x"; }', "san"), (" = true", "tls")])
def test_wrong_settings_are_named(config, tmp_path, setting, says):
    path = tmp_path / "faulty.conf"
    path.write_text(config(auth=block(setting)))
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode == 78
    assert re.search(rf"faulty.conf:\d+: .*{says}", result.stderr), result.stderr
