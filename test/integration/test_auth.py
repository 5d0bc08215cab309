# SPDX-License-Identifier: ISC
"""Who may have what."""

import pytest

import rig

SECRET = "n048aX0G2Gc8zAvUfcbz8fFIpRwi1D"
BLOCKS = f"""
{{ name = "elsewhere"; ip = [ "192.0.2.0/24", "2001:db8::/32" ]; domains = [ "*" ]; }},
{{ name = "mapped"; ip = "127.0.0.2"; domains = [ "two.example.org" ]; }},
{{ name = "secret"; ip = [ "127.0.0.0/8" ]; hmac: {{ digest = "sha256"; key = "{SECRET}"; }}; domains = [ "s?.example.org" ]; }},
{{ name = "secret512"; hmac: {{ digest = "sha512"; key = "{SECRET}"; }}; domains = [ "t.example.org" ]; }},
{{ name = "open"; all = true; domains = [ "*.lab.example.org" ]; }}
"""


@pytest.fixture
def guarded(config, start):
    return start(config(auth=BLOCKS)).ready()


def test_first_block_that_fits_wins(guarded, tmp_path):
    guarded.signed(rig.make_csr(tmp_path, "a.b.lab.example.org"))
    assert '"open"' in guarded.log() or " open" in guarded.log()


def test_every_name_has_to_fit(guarded, tmp_path):
    assert guarded.sign(rig.make_csr(tmp_path, "a.lab.example.org", "www.example.org")).status == 403


def test_address(guarded, tmp_path):
    assert guarded.sign(rig.make_csr(tmp_path, "two.example.org")).status == 403


def test_secret(guarded, tmp_path):
    csr = rig.make_csr(tmp_path, "s1.example.org")
    guarded.signed(csr, rig.hmac_header(SECRET, csr))
    assert guarded.sign(csr).status == 403
    assert guarded.sign(csr, rig.hmac_header("wrong", csr)).status == 403
    other = rig.make_csr(tmp_path, "s2.example.org")
    assert guarded.sign(other, rig.hmac_header(SECRET, csr)).status == 403
    assert guarded.sign(csr, rig.hmac_header(SECRET, csr, "sha512")).status == 403
    assert SECRET not in guarded.log()


@pytest.mark.parametrize("form", [
    "hmac name=sha256, hash={0}", "hmac name=sha256,hash={0}", "hmac name=sha256 hash={0}", "HMAC NAME=SHA256, HASH={1}",
    "hmac name=sha2-256, hash={0}", "hmac hash={0}, name=sha256", "hmac  name=SHA2-256 ,  hash={0}",
])
@pytest.mark.parametrize("header", ["Authentication", "Authorization"])
def test_header_forms(guarded, tmp_path, form, header):
    csr = rig.make_csr(tmp_path, "s3.example.org")
    value = rig.hmac_header(SECRET, csr)["Authentication"].split("hash=")[1]
    guarded.signed(csr, {header: form.format(value, value.upper())})


def test_other_digest(guarded, tmp_path):
    csr = rig.make_csr(tmp_path, "t.example.org")
    guarded.signed(csr, rig.hmac_header(SECRET, csr, "sha512"))


@pytest.mark.parametrize("value", ["", "hmac", "hmac name=sha256", "hmac hash=00", "basic Zm9vOmJhcg==",
                                   "hmac name=sha256, hash=" + "0" * 63, "hmac name=sha256, hash=" + "g" * 64,
                                   "hmac name=sha256, hash=" + "0" * 6000, "hmac " + "a=b," * 500])
def test_malformed_headers_are_a_no(guarded, tmp_path, value):
    answer = guarded.sign(rig.make_csr(tmp_path, "s4.example.org"), {"Authentication": value})
    # another scheme is no mistake, and hex digits are counted where the digest is known
    other = value in ("", "basic Zm9vOmJhcg==") or "hash=" in value and "name=" in value
    assert answer.status == (403 if other else 400)
    assert other or "is not \"hmac name=DIGEST, hash=HEX\"" in answer.text


def test_a_malformed_header_is_nothing_to_other_blocks(config, start, tmp_path):
    acmems = start(config(auth=f'''
      {{ name = "secret"; hmac: {{ key = "{SECRET}"; }}; domains = [ "*" ]; }},
      {{ name = "home"; ip = [ "127.0.0.0/8" ]; domains = [ "*.home.example" ]; }}''')).ready()
    acmems.signed(rig.make_csr(tmp_path, "a.home.example"), {"Authentication": "hmac nonsense"})
    acmems.announce("not allowed", "hmac name=DIGEST")
    assert acmems.sign(rig.make_csr(tmp_path, "a.example.org"), {"Authentication": "hmac nonsense"}).status == 400
