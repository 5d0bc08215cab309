# SPDX-License-Identifier: ISC
"""What is told, whoever is told of it."""

import base64
import json
import ssl
import urllib.request

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

import rig
from script_rig import script


@pytest.fixture
def notifying(config, tmp_path):
    """A configuration whose events become lines of a file."""

    def make(options="", **parts):
        path = script(tmp_path, "on-event", f"#!/bin/sh\n{{ cat; echo; }} >> {tmp_path}/events\n")
        notify = f'notify: {{ pager: {{ type = "exec"; command = [ "{path}" ]; {options} }}; }};\n'
        return config(mgmt=f'state-dir = "{tmp_path}/state";', **parts) + notify

    return make


def told(folder, name=None):
    path = folder / "events"
    lines = path.read_text().splitlines() if path.exists() else []
    # the last line may be half written
    events = [json.loads(line) for line in lines if line.endswith("}")]
    return [event for event in events if name in (None, event["event"])]


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def deactivate(pebble, folder):
    """What an operator can do elsewhere, or whoever has got hold of the key."""
    trust = ssl.create_default_context(cafile=pebble.cert)
    headers = {"User-Agent": "acmems-test", "Content-Type": "application/jose+json"}

    def ask(url, data=None):
        return urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers), context=trust)

    uri = json.loads((folder / "account/registration.json").read_text())["uri"]
    key = serialization.load_pem_private_key((folder / "account/account.pem").read_bytes(), None)
    payload = b64(b'{"status":"deactivated"}')
    for _ in range(50):
        nonce = ask(f"https://localhost:{pebble.port}/nonce-plz").headers["Replay-Nonce"]
        protected = b64(json.dumps({"alg": "ES256", "kid": uri, "nonce": nonce, "url": uri}).encode())
        r, s = utils.decode_dss_signature(key.sign(f"{protected}.{payload}".encode(), ec.ECDSA(hashes.SHA256())))
        signature = b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        try:
            body = ask(uri, json.dumps({"protected": protected, "payload": payload, "signature": signature}).encode()).read()
        except urllib.error.HTTPError as error:
            assert b"badNonce" in error.read()
            continue
        assert json.loads(body)["status"] == "deactivated"
        return
    raise AssertionError("the CA takes no nonce")


def test_a_deactivated_account(notifying, start, pebble, tmp_path):
    daemon = start(notifying()).ready()
    daemon.signed(rig.make_csr(tmp_path, "before.example.org"))
    rig.wait_for(lambda: told(tmp_path, "account"), "registered")
    deactivate(pebble, tmp_path)
    daemon.announce("deactivated", "not issued")
    answer = daemon.sign(rig.make_csr(tmp_path, "after.example.org"))
    # the operator's business, and not the fault of the names
    assert answer.status == 500, answer.text
    event = rig.wait_for(lambda: told(tmp_path, "account")[1:], "deactivated")[0]
    assert event["fields"]["what"] == "deactivated" and event["fields"]["account"] == "ca"
    assert event["severity"] == "error" and "a new key is needed" in event["fields"]["detail"]
    orders = pebble.count("POST /order-plz")
    assert daemon.sign(rig.make_csr(tmp_path, "again.example.org")).status == 500
    assert pebble.count("POST /order-plz") == orders
    failed = rig.wait_for(lambda: told(tmp_path, "failed")[1:], "both failures")
    assert all("a new key is needed" in event["fields"]["detail"] for event in failed)
