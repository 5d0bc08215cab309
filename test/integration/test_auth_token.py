# SPDX-License-Identifier: ISC
"""Tokens, made and sent as the man page says."""

import hashlib
import subprocess

import pytest

import rig
from script_rig import example

PAGE = "acmems-auth-token.7"


def shell(folder, text):
    """A literal block of the page, typed as it stands."""
    return subprocess.run(["sh", "-euc", text], cwd=folder, check=True, capture_output=True, text=True).stdout


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def line(name, token, *more):
    return " ".join([name, hashlib.sha256(token.encode()).hexdigest(), *more]) + "\n"


@pytest.fixture
def tokens(tmp_path):
    """Writes the file of tokens."""
    path = tmp_path / "tokens"

    def write(text, mode=0o600):
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def guarded(config, start, tokens):
    """Starts a daemon that knows these tokens."""

    def make(text):
        return start(config(auth=f'{{ name = "hosts"; token = "{tokens(text)}"; domains = [ "*.example.org" ]; }},'
                                 '{ name = "lab"; ip = [ "127.0.0.0/8" ]; domains = [ "*.lab.example.org" ]; }')).ready()

    return make


def test_the_examples_of_the_page(guarded, tmp_path):
    name, digest = shell(tmp_path, example(PAGE, "openssl rand")).split()
    assert name == "www1" and (tmp_path / "token").stat().st_mode & 0o077 == 0
    daemon = guarded(example(PAGE, "until").replace("www1 DIGEST", f"www1 {digest}").replace("DIGEST", "0" * 64))
    (tmp_path / "www.csr").write_bytes(rig.make_csr(tmp_path, "www.example.org", "www1.example.org"))
    for command in ("curl -fsS", "wget -qO"):
        shell(tmp_path, example(PAGE, command).replace("acmems:1313", f"127.0.0.1:{daemon.port}"))
        assert b"BEGIN CERTIFICATE" in (tmp_path / "www.pem").read_bytes()
        (tmp_path / "www.pem").unlink()
    assert 'has shown the token "www1"' in daemon.log()
    assert (tmp_path / "token").read_text().strip() not in daemon.log()


def test_who_is_refused_and_why(guarded, tmp_path):
    good, old, slip = (letter * 40 for letter in "gos")
    daemon = guarded(line("good", good, "-", "www.example.org") + line("old", old, "2026-01-01T00:00:00Z")
                     + line("slip", slip + "\n"))
    daemon.signed(rig.make_csr(tmp_path, "www.example.org"), bearer(good))
    answers = set()
    for token, name, why in ((good, "mail.example.org", 'token "good" is not for "mail.example.org"'),
                             (old, "www.example.org", 'token "old" expired 2026-01-01T00:00:00Z'),
                             (slip, "www.example.org", "a line end"), ("n" * 40, "www.example.org", "unknown token"),
                             ("short", "www.example.org", "the token has 5 characters"),
                             (good, "www.example.com", "fits none of its domains")):
        answer = daemon.sign(rig.make_csr(tmp_path, name), bearer(token))
        assert answer.status == 403
        answers.add(answer.text)
        rig.wait_for(lambda: why in daemon.log(), why)
    assert len(answers) == 1, "a client learns why"
    for token in (good, old, slip):
        assert token not in daemon.log()


def test_malformed_headers(guarded, tmp_path):
    daemon = guarded("# nobody yet\n")
    csr = rig.make_csr(tmp_path, "www.example.org")
    for value in ("Bearer", "Bearer a b", "Bearer " + "a" * 513, "Bearer {}"):
        answer = daemon.sign(csr, {"Authorization": value})
        assert answer.status == 400 and "Bearer TOKEN" in answer.text
    # another scheme is no mistake, and the other block may let it in all the same
    assert daemon.sign(csr, {"Authorization": "Basic Zm9vOmJhcg=="}).status == 403
    daemon.signed(rig.make_csr(tmp_path, "a.lab.example.org"), {"Authorization": "Bearer a b"})


def test_a_file_that_went_bad_leaves_the_tokens(guarded, tokens, tmp_path):
    token = "t" * 40
    daemon = guarded(line("www1", token))
    daemon.announce("the tokens stay as they were", "reload", "tokens-file")
    tokens(line("www1", token) + "www2 typo\n")
    rig.wait_for(lambda: 'tokens": line 2: ' in daemon.log(), "the fault is told")
    rig.reload(daemon)
    daemon.signed(rig.make_csr(tmp_path, "www.example.org"), bearer(token))
    tokens("# nobody\n")
    rig.wait_for(lambda: "there are 0 tokens now" in daemon.log(), "the file is read again")
    assert daemon.sign(rig.make_csr(tmp_path, "www.example.org"), bearer(token)).status == 403


@pytest.mark.parametrize("text, mode, said", [
    ("www1 typo\n", 0o600, "line 1: behind the name"), ("# fine\n", 0o644, "0644"), ("", 0o600, "is empty"), (None, 0, "No such file"),
])
def test_faults_are_found_with_the_configuration(config, tokens, tmp_path, text, mode, said):
    path = tmp_path / "none" if text is None else tokens(text, mode)
    (tmp_path / "bad.conf").write_text(config(auth=f'{{ name = "hosts"; token = "{path}"; domains = [ "*" ]; }}'))
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", tmp_path / "bad.conf", "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True)
    assert result.returncode == 78
    assert said in result.stderr and "bad.conf:" in result.stderr, result.stderr
