# SPDX-License-Identifier: ISC
"""The client side of the contract: five lines of shell, as they are written there."""

import hashlib
import re
import subprocess

import rig


def shell(script, folder, **env):
    import os
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True,
                          env=dict(os.environ, **env))


PREPARE = """
openssl ecparam -name prime256v1 -genkey -noout -out www.key
openssl req -new -key www.key -subj / -addext "subjectAltName=DNS:www.example.org" -out www.csr
"""


def check(folder, pebble):
    chain = (folder / "www.pem").read_bytes()
    assert chain.startswith(b"-----BEGIN CERTIFICATE-----\n")
    assert chain.count(b"BEGIN CERTIFICATE") >= 2
    rig.verify(chain, pebble.root(), folder)
    assert "DNS:www.example.org" in rig.leaf(chain)
    key = rig.run("openssl", "pkey", "-in", folder / "www.key", "-pubout").stdout
    assert rig.run("openssl", "x509", "-noout", "-pubkey", input=chain).stdout == key


def test_curl(acmems, pebble, tmp_path):
    script = PREPARE + f"curl -fsS --retry 5 --data-binary @www.csr http://127.0.0.1:{acmems.port}/sign > www.pem"
    result = shell(script, tmp_path)
    assert result.returncode == 0, result.stderr
    check(tmp_path, pebble)


def test_wget(acmems, pebble, tmp_path):
    acmems.signed(rig.make_csr(tmp_path, "first.example.org"))
    script = PREPARE + f"wget -qO www.pem --post-file=www.csr http://127.0.0.1:{acmems.port}/sign"
    result = shell(script, tmp_path)
    assert result.returncode == 0, result.stderr
    check(tmp_path, pebble)


HMAC_AUTH = """{ name = "secret"; ip = [ "127.0.0.1" ];
  hmac: { digest = "sha256"; key = "A1YP67armNf3cBrecyJHdb035"; }; domains = [ "www.example.org" ]; }"""


def test_wget_with_secret_as_clients_of_the_python_acmems_do(config, start, pebble, tmp_path):
    acmems = start(config(auth=HMAC_AUTH)).ready()
    csr = rig.make_csr(tmp_path, "www.example.org")
    acmems.signed(csr, rig.hmac_header("A1YP67armNf3cBrecyJHdb035", csr))
    script = PREPARE + r"""
    wget --post-file=www.csr --header="`openssl dgst -sha256 -hmac "$KEY" www.csr |
      sed -e 's/HMAC-\(.*\)(.*)= *\(.*\)/Authentication: hmac name=\L\1\E, hash=\2/'`" http://127.0.0.1:PORT/sign > www.pem -O -
    """.replace("PORT", str(acmems.port))
    result = shell(script, tmp_path, KEY="A1YP67armNf3cBrecyJHdb035")
    assert result.returncode == 0, result.stderr
    check(tmp_path, pebble)
    refused = shell(script, tmp_path, KEY="something else")
    assert refused.returncode != 0
    assert "403" in refused.stderr


def test_answer_is_the_chain_with_its_type(acmems, tmp_path):
    csr = rig.make_csr(tmp_path, "type.example.org")
    acmems.signed(csr)
    answer = acmems.sign(csr)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pem-certificate-chain"
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_etag_and_304(acmems, tmp_path):
    csr = rig.make_csr(tmp_path, "etag.example.org")
    acmems.signed(csr)
    answer = acmems.sign(csr)
    der = rig.run("openssl", "x509", "-outform", "DER", input=answer.body).stdout
    etag = answer.headers["etag"]
    assert etag == f'"{hashlib.sha256(der).hexdigest()}"'
    for value in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        again = acmems.sign(csr, {"If-None-Match": value})
        assert (again.status, again.body) == (304, b""), value
        assert again.headers["etag"] == etag
    assert acmems.sign(csr, {"If-None-Match": '"other"'}).status == 200


def test_curl_fetches_only_what_is_new(acmems, tmp_path):
    acmems.signed(rig.make_csr(tmp_path, "first.example.org"))
    script = PREPARE + f"""
    get() {{ curl -fsS --etag-compare etag --etag-save etag --data-binary @www.csr \
        -w '%{{http_code}}\\n' -o www.pem.new http://127.0.0.1:{acmems.port}/sign; }}
    get; mv www.pem.new www.pem; get; [ ! -s www.pem.new ]
    """
    result = shell(script, tmp_path)
    assert result.stdout.split() == ["200", "304"], result.stderr


def test_many_names_and_a_big_key(acmems, pebble, tmp_path):
    names = [f"n{i}.many.example.org" for i in range(20)]
    csr = rig.make_csr(tmp_path, *names, key=rig.make_key(tmp_path, "rsa.key", "rsa4096"))
    chain = acmems.signed(csr)
    rig.verify(chain, pebble.root(), tmp_path)
    assert set(re.findall(r"DNS:([^,\s]+)", rig.leaf(chain))) == set(names)


def test_get_says_how_to_use_it(acmems):
    answer = acmems.request("GET", "/")
    assert answer.status == 200
    assert "curl" in answer.text and "wget" in answer.text and "--data-binary" in answer.text
