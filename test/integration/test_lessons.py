# SPDX-License-Identifier: ISC
"""What the Python ACMEMS got wrong: never again, and each a test."""

import re
import subprocess

import pytest

import rig


def refused(config, folder):
    """What -t says about a configuration that is wrong."""
    path = folder / "wrong.conf"
    path.write_text(config)
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True)
    assert result.returncode == 78, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.mark.parametrize("auth, words", [
    ('{ name = "x"; ip = [ "127.0.0.1" ]; domians = [ "*" ]; domains = [ "*" ]; }', "domians"),
    ('{ name = "x"; domains = [ "*.example.org" ]; }', "method"),
    ('{ name = "x"; all = true; }', "domains"),
    ('{ name = "x"; all = true; domains = [ ]; }', "domains"),
    ('{ name = "x"; all = false; domains = [ "*" ]; }', "all"),
    ('{ name = "x"; all = true; domains = [ "[a-z].example.org" ]; }', r"\["),
    ('{ name = "x"; all = true; domains = [ "*" ]; storage = "fil"; }', '"file"'),
    ('{ name = "x"; all = true; domains = [ "*" ]; validator = "htp"; }', '"http"'),
])
def test_nothing_fails_open(config, tmp_path, auth, words):
    text = refused(config(auth=auth), tmp_path)
    assert re.search(r"wrong\.conf:\d+: ", text), text
    assert re.search(words, text), text


@pytest.mark.parametrize("san, shown", [
    ("DNS:www.example.org,IP:192.0.2.1", "192.0.2.1"),
    ("DNS:www.example.org,email:root@example.org", "root@example.org"),
    ("DNS:www.example.org,URI:https://example.org/", "https://example.org/"),
    ("DNS:www.example.org,otherName:1.2.3.4;UTF8:root", ""),
    ("DNS:www.example.org,dirName:dir", ""),
])
def test_every_name_of_every_kind_is_judged(config, start, tmp_path, san, shown):
    acmems = start(config(auth='{ name = "all"; all = true; domains = [ "*" ]; }'))
    conf = tmp_path / "openssl.cnf"
    conf.write_text(f"[req]\ndistinguished_name=dn\nreq_extensions=ext\n[dn]\n[ext]\nsubjectAltName={san}\n"
                    "[dir]\nCN=somebody\n")
    key = rig.make_key(tmp_path)
    csr = rig.run("openssl", "req", "-new", "-key", key, "-subj", "/", "-config", conf).stdout
    answer = acmems.sign(csr)
    assert answer.status == 415, answer.text
    assert shown in answer.text


def test_names_in_cn_are_judged_too(acmems, tmp_path):
    csr = rig.make_csr(tmp_path, "www.example.org", subject="/CN=www.example.com")
    assert acmems.sign(csr).status == 403


def test_a_csr_without_cn_is_fine(acmems, tmp_path):
    acmems.signed(rig.make_csr(tmp_path, "no-cn.example.org", subject="/"))


def test_a_csr_with_cn_only_is_fine(acmems, tmp_path):
    csr = rig.make_csr(tmp_path, subject="/CN=cn-only.example.org")
    answer = acmems.sign(csr)
    # pebble ignores CN: what counts is that the name was judged and an order was made for it
    assert answer.status in (200, 415, 421, 502), answer.text
    assert "cn-only.example.org" in acmems.log()


def test_the_self_signature_is_checked(acmems, tmp_path):
    import base64
    csr = rig.make_csr(tmp_path, "www.example.org")
    body = bytearray(base64.b64decode(b"".join(csr.splitlines()[1:-1])))
    body[-3] ^= 1
    forged = b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(bytes(body)) + \
        b"-----END CERTIFICATE REQUEST-----\n"
    answer = acmems.sign(forged)
    assert answer.status == 415
    assert "signature" in answer.text


def test_capitals_are_the_same_name(acmems, tmp_path):
    chain = acmems.signed(rig.make_csr(tmp_path, "WWW.Capital.Example.ORG"))
    assert "www.capital.example.org" in rig.leaf(chain).lower()


def test_max_size_16k_means_16384_bytes(config, start):
    acmems = start(config(mgmt='max-size = "16k";'))
    assert acmems.sign(b"x" * 16384).status == 415
    assert acmems.sign(b"x" * 16385).status == 413


def test_two_storages_need_a_default(config, tmp_path):
    storage = f'one: {{ type = "none"; }}; two: {{ type = "file"; directory = "{tmp_path}/storage"; }};'
    text = refused(config(storage=storage), tmp_path)
    assert "default-storage" in text


def test_the_default_storage_is_used_when_there_are_two(config, start, tmp_path):
    storage = f'one: {{ type = "none"; }}; two: {{ type = "file"; directory = "{tmp_path}/storage"; }};'
    acmems = start(config(storage=storage, mgmt='default-storage = "two";')).ready()
    csr = rig.make_csr(tmp_path, "www.example.org")
    first = acmems.signed(csr)
    assert (rig.cache_folder(tmp_path / "storage", csr) / "cert.pem").exists()
    assert acmems.signed(csr) == first


def test_an_empty_list_of_listeners_is_no_listener(config, start, http_port):
    acmems = start(config(validator='http: { type = "http01"; listen = [ ]; };'))
    listening = rig.run("ss", "-Hltnp").stdout.decode()
    mine = [line for line in listening.splitlines() if f"pid={acmems.pid}," in line]
    assert len(mine) == 1, mine


def test_wildcards_are_compared_as_text(config, start, tmp_path):
    auth = '{ name = "w"; all = true; domains = [ "*.example.org" ]; wildcards = false; }'
    acmems = start(config(auth=auth))
    assert acmems.sign(rig.make_csr(tmp_path, "*.example.org")).status == 403


def test_tokens_are_gone_afterwards(acmems, http_port, tmp_path):
    acmems.signed(rig.make_csr(tmp_path, "token.example.org"))
    tokens = set(re.findall(r"/\.well-known/acme-challenge/([\w-]{20,})", acmems.log())) or \
        set(re.findall(r"token[ =\"]+([\w-]{20,})", acmems.log()))
    assert tokens, "the log at debug names the tokens"
    for token in tokens:
        answer = acmems.request("GET", f"/.well-known/acme-challenge/{token}", port=http_port)
        assert answer.status == 404


def test_valid_authorizations_are_not_answered(config, start, make_pebble, tmp_path):
    ca = make_pebble(reuse=100)
    acmems = start(config(ca=ca, storage='none: { type = "none"; };')).ready()
    acmems.signed(rig.make_csr(tmp_path, "again.example.org"))
    challenges = ca.count("POST /chalZ/")
    acmems.signed(rig.make_csr(tmp_path, "again.example.org", key=rig.make_key(tmp_path, "second.key")))
    assert ca.count("POST /chalZ/") == challenges
