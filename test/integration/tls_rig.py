# SPDX-License-Identifier: ISC
"""CAs and certificates for the tests of TLS, and clients that speak it."""

import datetime
import http.client
import json
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

import rig


class Authority:
    """A CA of our own, with openssl."""

    def __init__(self, folder, name="Test CA"):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.cert, self.key = folder / "ca.pem", folder / "ca.key"
        self.count = 0
        rig.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.cert,
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign,cRLSign")

    def issue(self, subject="/CN=localhost", names="DNS:localhost,IP:127.0.0.1", days="2", usage=None):
        """A certificate and its key."""
        self.count += 1
        base = self.folder / f"leaf{self.count}"
        cert, key, csr, ext = (base.with_suffix(end) for end in (".pem", ".key", ".csr", ".ext"))
        lines = [f"subjectAltName={names}"] if names else []
        lines += [f"extendedKeyUsage={usage}"] if usage else []
        ext.write_text("\n".join(lines + ["basicConstraints=CA:FALSE"]) + "\n")
        rig.run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", subject, "-keyout", key, "-out", csr)
        rig.run("openssl", "x509", "-req", "-in", csr, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial",
                "-days", days, "-extfile", ext, "-out", cert)
        return cert, key


def context(ca=None, client=None):
    made = ssl.create_default_context(cafile=ca.cert) if ca else ssl._create_unverified_context()
    if client:
        made.load_cert_chain(*client)
    return made


def request(port, method, path, body=None, headers=None, context=None):
    connection = http.client.HTTPSConnection("localhost", port, timeout=rig.PATIENCE, context=context)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return rig.Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def sign(port, csr, context, headers=None):
    """Signs, waiting for the account if the daemon asks for it."""
    def attempt():
        answer = request(port, "POST", "/sign", csr, headers, context)
        return None if answer.status == 503 else answer
    return rig.wait_for(attempt, "signed")


def revoke(authority, *certs):
    """The CA's list of revoked certificates, PEM."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    ca = x509.load_pem_x509_certificate(authority.cert.read_bytes())
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.subject).last_update(
        now - datetime.timedelta(hours=1)).next_update(now + datetime.timedelta(days=1))
    for cert in certs:
        serial = x509.load_pem_x509_certificate(cert.read_bytes()).serial_number
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build())
    key = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def group(certificate, key, client_ca=None, listen=None, client_crl=None):
    """The group `tls` of the configuration."""
    text = f'certificate = "{certificate}"; key = "{key}";'
    if client_ca:
        text += f' client-ca = "{client_ca}";'
    if client_crl:
        text += f' client-crl = "{client_crl}";'
    if listen is not None:
        text += f" listen = {json.dumps(listen)};"
    return f"tls: {{ {text} }};"
