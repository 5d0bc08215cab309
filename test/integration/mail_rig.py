# SPDX-License-Identifier: ISC
"""A real SMTP server on a free port, whose mood the test decides.

It is aiosmtpd because Debian 12's OpenSMTPD (6.8.0p2) can not sign as a TLS server with OpenSSL 3, and is tied to one
spool and one socket of the machine.
"""

import email
import email.policy
import ssl
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

import rig


class Mailbox:
    """What has come; moods: take, refuse (451 after the data), stall (no answer while `gate` is shut)."""

    def __init__(self):
        self.mails = []
        self.raw = []
        self.recipients = []
        self.mood = "take"
        self.dislikes = None  # text of mails that it refuses, whatever its mood
        self.attempts = 0
        self.lock = threading.Lock()

    async def handle_DATA(self, server, session, envelope):
        import asyncio
        self.attempts += 1
        while self.mood == "stall":
            await asyncio.sleep(0.02)
        if self.mood == "refuse":
            return "451 4.3.0 not now"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        if self.dislikes and self.dislikes in mail.get_content():
            return "554 5.7.1 looks like spam"
        with self.lock:
            self.raw.append(envelope.content)
            self.recipients.append(envelope.rcpt_tos)
            self.mails.append(mail)
        return "250 2.0.0 taken"

    def count(self):
        return len(self.mails)

    def bodies(self):
        return [mail.get_content() for mail in self.mails]


class MailServer:
    def __init__(self, folder=None, tls=None, user=None, password=None, implicit=False):
        self.box = Mailbox()
        self.port = rig.Ports.take()
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)

        def authenticate(server, session, envelope, mechanism, data):
            good = data.login == (user or "").encode() and data.password == (password or "").encode()
            return AuthResult(success=good)

        options = {}
        if context and not implicit:
            options = {"tls_context": context, "require_starttls": True}
        if user:
            options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": not implicit}
        # its own name would be asked of the DNS for each connection, which may take seconds
        self.controller = Controller(self.box, hostname="127.0.0.1", port=self.port, ready_timeout=20,
                                     server_hostname="mail.example.org",
                                     ssl_context=context if implicit else None, **options)
        self.controller.start()

    def stop(self):
        self.box.mood = "take"
        self.controller.stop()
