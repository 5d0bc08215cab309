# SPDX-License-Identifier: ISC
"""Requests made to hurt: whatever comes, the answer is a clear no, and the next one is served."""

import base64
import datetime
import os
import random
import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID

import rig

OPEN = '{ name = "open"; all = true; domains = [ "*" ]; }'


@pytest.fixture(scope="module")
def keys():
    return {"ec": ec.generate_private_key(ec.SECP256R1()), "p521": ec.generate_private_key(ec.SECP521R1()),
            "k1": ec.generate_private_key(ec.SECP256K1()), "rsa1024": rsa.generate_private_key(65537, 1024),
            "rsa3": rsa.generate_private_key(3, 2048), "dsa": dsa.generate_private_key(2048),
            "ed25519": ed25519.Ed25519PrivateKey.generate()}


@pytest.fixture
def open_acmems(config, start):
    """Lets everybody have everything: what is refused here is refused by the CSR's reader."""
    return start(config(auth=OPEN))


def csr(key, *names, subject=None, digest=hashes.SHA256()):
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)] if subject else []))
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([n if isinstance(n, x509.GeneralName) else x509.DNSName(n) for n in names]), False)
    return builder.sign(key, digest).public_bytes(serialization.Encoding.PEM)


def refused(acmems, body, *codes):
    answer = acmems.sign(body)
    assert answer.status in (codes or (415,)), answer.text
    assert answer.text.isprintable() or answer.text.rstrip("\n").replace("\n", "").isprintable()
    assert acmems.request("GET", "/").status == 200
    return answer


@pytest.mark.parametrize("kind, digest", [("rsa1024", hashes.SHA256()), ("dsa", hashes.SHA256()), ("k1", hashes.SHA256()),
                                          ("ed25519", None)])
def test_keys_that_no_ca_takes(open_acmems, keys, kind, digest):
    refused(open_acmems, csr(keys[kind], "www.example.org", digest=digest))


@pytest.mark.parametrize("name", [
    "www..example.org", ".example.org", "www.example.org.", "-", "a" * 64 + ".example.org", "a." * 127 + "org",
    "www example.org", "www.example.org\n", "www.*.org", "*", "*.*.example.org", "w*.example.org", "under_score.example.org",
    "www.example.org/", "xn--", "a\x00b.example.org", "192.0.2.1", "",
])
def test_names_that_are_none(open_acmems, keys, name):
    refused(open_acmems, csr(keys["ec"], name), 415)


def test_a_nul_in_cn(open_acmems, keys):
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www.example.org\x00.evil.example")]))
    body = builder.sign(keys["ec"], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    refused(open_acmems, body)


def test_a_name_can_not_forge_a_log_line(open_acmems, keys):
    refused(open_acmems, csr(keys["ec"], subject="x\n2026-01-01T00:00:00Z error forged: line"))
    assert not any(line.startswith("2026-01-01T00:00:00Z") for line in open_acmems.log().splitlines())


def test_no_names(open_acmems, keys):
    refused(open_acmems, csr(keys["ec"]))


def test_more_names_than_any_ca_takes(config, start, keys):
    acmems = start(config(auth=OPEN, mgmt='max-size = "64k";'))
    refused(acmems, csr(keys["ec"], *(f"n{i}.example.org" for i in range(1000))))


def test_a_name_of_another_owner_behind_ours(acmems, keys):
    refused(acmems, csr(keys["ec"], "www.example.org", "www.example.com"), 403)
    refused(acmems, csr(keys["ec"], "www.example.org.example.com"), 403)


def test_a_signature_of_another_key(open_acmems, keys):
    mine = base64.b64decode(b"".join(csr(keys["ec"], "a.example.org").splitlines()[1:-1]))
    other = base64.b64decode(b"".join(csr(ec.generate_private_key(ec.SECP256R1()), "a.example.org").splitlines()[1:-1]))
    # the other's signature is at the end of its DER, of nearly always the same length
    forged = mine[:-64] + other[-64:]
    refused(open_acmems, b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(forged) +
            b"-----END CERTIFICATE REQUEST-----\n")


def test_a_weak_digest(open_acmems, tmp_path):
    for digest in ("-md5", "-sha1"):
        body = rig.make_csr(tmp_path, "www.example.org", key=rig.make_key(tmp_path, "rsa.key", "rsa2048"),
                            arguments=[digest])
        answer = open_acmems.sign(body)
        assert answer.status in (415, 200, 503), answer.text


def test_things_that_are_no_csr(open_acmems, keys):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www.example.org")])
    now = datetime.datetime(2026, 1, 1)
    certificate = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(keys["ec"].public_key()) \
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9000)) \
        .sign(keys["ec"], hashes.SHA256())
    good = csr(keys["ec"], "www.example.org")
    pem = serialization.Encoding.PEM
    secret = keys["ec"].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for body in (certificate.public_bytes(pem), secret, good + secret, secret + good, good + good, b"\x00" * 4000,
                 b"-----BEGIN CERTIFICATE REQUEST-----\n" * 100, good.replace(b"REQUEST", b"REQUEST\x00"),
                 good.replace(b"-----END", b"\x00-----END"), b"csr=" + good):
        refused(open_acmems, body)
    assert base64.b64encode(b"x") and secret.splitlines()[1].decode() not in open_acmems.log()


def test_every_byte_changed_once(open_acmems, keys):
    """A prefix, a flipped bit: never a crash, never a certificate for what was not signed."""
    good = base64.b64decode(b"".join(csr(keys["ec"], "www.example.org").splitlines()[1:-1]))
    chance = random.Random(7)
    for at in range(0, len(good), 3):
        body = bytearray(good)
        body[at] ^= 1 << chance.randrange(8)
        if at % 2:
            body = body[:at]
        pem = b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(bytes(body)) + \
            b"-----END CERTIFICATE REQUEST-----\n"
        assert open_acmems.sign(pem).status == 415, (at, pem)
    assert open_acmems.alive()


def test_garbage_on_the_wire(open_acmems):
    chance = random.Random(11)
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", open_acmems.port)) as sock:
            start = chance.choice([b"", b"POST /sign HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n", b"\x16\x03\x01\x02\x00"])
            try:
                sock.sendall(start + os.urandom(chance.randrange(400)) + b"\r\n\r\n")
            except OSError:
                pass
    assert open_acmems.request("GET", "/").status == 200


@pytest.mark.parametrize("path", ["/sign/", "//sign", "/sign%00", "/SIGN", "/./sign", "/sign;x", "/%73ign", "*",
                                  "http://elsewhere.example/sign"])
def test_other_spellings_of_the_path(open_acmems, path):
    with socket.create_connection(("127.0.0.1", open_acmems.port), timeout=rig.PATIENCE) as sock:
        sock.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx".encode())
        head = sock.recv(65536).split(b"\r\n", 1)[0]
    assert head.split(b" ")[1] in (b"400", b"404", b"415"), head
