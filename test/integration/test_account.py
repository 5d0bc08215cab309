# SPDX-License-Identifier: ISC
"""The account: taken over, registered by consent, found again, kept while the CA is away."""

import json
import shutil
import stat

import pytest

import rig


def account_dir(acmems, tmp_path):
    return tmp_path / "account"


def test_state_files(acmems, tmp_path):
    acmems.signed(rig.make_csr(tmp_path, "state.example.org"))
    folder = tmp_path / "account"
    assert stat.S_IMODE((folder / "account.pem").stat().st_mode) == 0o600
    assert b"BEGIN PRIVATE KEY" in (folder / "account.pem").read_bytes()
    registration = json.loads((folder / "registration.json").read_text())
    assert registration["uri"].startswith("https://")


@pytest.mark.parametrize("kind", ["rsa2048", "rsa4096", "ec"])
def test_a_directory_of_the_python_acmems_is_taken_over(config, start, pebble, tmp_path, kind):
    first = start(config()).ready()
    first.signed(rig.make_csr(tmp_path, "before.example.org"))
    first.stop()
    # the same account with a key as Python writes it
    shutil.rmtree(tmp_path / "account")
    (tmp_path / "account").mkdir()
    key = rig.make_key(tmp_path, "traditional.pem", kind)
    pkcs8 = rig.run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key).stdout
    (tmp_path / "account/account.pem").write_bytes(pkcs8)
    second = start(config()).ready()
    second.announce("its mode is 0600 now")
    second.signed(rig.make_csr(tmp_path, f"{kind}.example.org"))
    uri = json.loads((tmp_path / "account/registration.json").read_text())["uri"]
    assert (tmp_path / "account/account.pem").read_bytes() == pkcs8
    second.stop()
    # registration.json as the Python ACMEMS leaves it; no request is needed to believe it
    (tmp_path / "account/registration.json").write_text(json.dumps({"body": {"status": "valid", "contact": []}, "uri": uri}))
    new_accounts = pebble.count("POST /sign-me-up")
    third = start(config()).ready()
    third.signed(rig.make_csr(tmp_path, f"{kind}-again.example.org"))
    assert pebble.count("POST /sign-me-up") == new_accounts


def test_a_lost_registration_is_found_again(config, start, tmp_path):
    first = start(config()).ready()
    first.signed(rig.make_csr(tmp_path, "lost.example.org"))
    uri = json.loads((tmp_path / "account/registration.json").read_text())["uri"]
    first.stop()
    (tmp_path / "account/registration.json").unlink()
    second = start(config()).ready()
    second.signed(rig.make_csr(tmp_path, "found.example.org"))
    assert json.loads((tmp_path / "account/registration.json").read_text())["uri"] == uri


def test_terms_need_consent(config, start, tmp_path):
    acmems = start(config(terms="false"))
    acmems.announce("terms")
    rig.wait_for(lambda: "terms" in acmems.log(), "refusal")
    answer = rig.wait_for(lambda: (a := acmems.sign(rig.make_csr(tmp_path, "x.example.org"))).status and a, "answer")
    assert answer.status in (500, 503)
    assert "accept-terms-of-service" in acmems.log()
    assert "data:text/plain" in acmems.log()


def test_terms_accepted_by_url(config, start, tmp_path):
    acmems = start(config(terms='[ "data:text/plain,Do%20what%20thou%20wilt" ]')).ready()
    acmems.signed(rig.make_csr(tmp_path, "terms.example.org"))


def test_external_account_binding(config, start, make_pebble, tmp_path):
    ca = make_pebble(eab={"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"})
    eab = 'eab: { kid = "kid-1"; key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"; };'
    acmems = start(config(ca=ca, account=eab)).ready()
    acmems.signed(rig.make_csr(tmp_path, "eab.example.org"))


def test_the_ca_is_down_at_start_and_comes_back(config, start, make_pebble, tmp_path):
    ca = make_pebble()
    port, tls, folder, resolver_port = ca.port, ca.tls, ca.folder, None
    ca.stop()
    acmems = start(config(ca=ca))
    acmems.announce("unreachable|cannot|refused|connect")
    csr = rig.make_csr(tmp_path, "down.example.org")
    answer = acmems.sign(csr)
    assert answer.status == 503
    assert 1 <= int(answer.headers["retry-after"]) <= 400
    assert acmems.request("GET", "/").status == 200
    make_pebble(port=port, tls=tls)
    acmems.signed(csr)


def test_a_ca_that_forgot_the_account_gets_it_again(config, start, make_pebble, tmp_path):
    ca = make_pebble()
    acmems = start(config(ca=ca)).ready()
    acmems.announce("account")
    acmems.signed(rig.make_csr(tmp_path, "one.example.org"))
    ca.stop()
    make_pebble(port=ca.port, tls=ca.tls)
    acmems.signed(rig.make_csr(tmp_path, "two.example.org"))


def test_an_empty_key_is_not_overwritten(config, start, tmp_path):
    import subprocess
    (tmp_path / "account").mkdir()
    (tmp_path / "account/account.pem").write_bytes(b"")
    path = tmp_path / "empty.conf"
    path.write_text(config())
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-c", path, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode != 0
    assert "account.pem" in result.stderr and "empty" in result.stderr
    assert (tmp_path / "account/account.pem").read_bytes() == b""
