# SPDX-License-Identifier: ISC
"""Certificates that are kept, near their end, and fetched by nobody."""

import datetime
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import rig
from script_rig import script

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, tzinfo=None)
DAY = datetime.timedelta(days=1)


def keep(folder, name, days_left):
    """An entry whose certificate has lived for 80 days."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([])
    san = x509.SubjectAlternativeName([x509.DNSName(name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).add_extension(san, False).sign(key, hashes.SHA256())
    cert = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(NOW - 80 * DAY)
            .not_valid_after(NOW + days_left * DAY).add_extension(san, False).sign(key, hashes.SHA256()))
    csr = csr.public_bytes(serialization.Encoding.PEM)
    place = rig.cache_folder(folder / "storage", csr)
    place.mkdir(parents=True)
    (place / "csr.pem").write_bytes(csr)
    (place / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))


def test_told_of_once(config, start, tmp_path):
    keep(tmp_path, "fresh.example.org", 30)
    keep(tmp_path, "gone.example.org", -30)
    keep(tmp_path, "forgotten.example.org", 5.5)
    keep(tmp_path, "rekeyed.example.org", 5)
    keep(tmp_path, "rekeyed.example.org", 60)
    path = script(tmp_path, "on-event", f"#!/bin/sh\n{{ cat; echo; }} >> {tmp_path}/events\n")
    conf = config(mgmt=f'state-dir = "{tmp_path}/state";') + \
        f'notify: {{ pager: {{ type = "exec"; command = [ "{path}" ]; events = [ "expiring" ]; }}; }};\n'
    mark = tmp_path / "state/expiring-file"
    daemon = start(conf)
    rig.wait_for(mark.exists, "looked through")
    rig.wait_for(lambda: "expiring delivered" in daemon.log(), "told")
    daemon.finish()
    before = mark.stat().st_ino
    start(conf)
    # made anew, after all that was found has been told
    rig.wait_for(lambda: mark.stat().st_ino != before, "looked through again")
    told = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert [event["event"] for event in told] == ["expiring"]
    ends = (NOW + 5.5 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert told[0]["fields"] == {"names": "forgotten.example.org", "not-after": ends, "days-left": "5", "storage": "file"}
    assert told[0]["severity"] == "warning"
