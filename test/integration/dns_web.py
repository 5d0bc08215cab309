# SPDX-License-Identifier: ISC
"""Web servers that publish TXT records, written from their protocols, and the name servers behind them."""

import base64
import hashlib
import json
import re
import secrets
import socketserver
import subprocess
import threading

import dns.message
import dns.query
import dns.rdataclass
import dns.rdatatype
import dns_rig
import rig
import web_rig

ALL = '{ name = "test"; all = true; domains = [ "*" ]; }'


class Resolver:
    """Asks one name server, follows CNAMEs, and keeps nothing: BIND keeps everything for a second at least."""

    def __init__(self, server):
        self.server, self.port = server, rig.Ports.take()
        resolver = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self):
                wire, sock = self.request
                sock.sendto(resolver._reply(wire), self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(self):
                while head := self.rfile.read(2):
                    reply = resolver._reply(self.rfile.read(int.from_bytes(head, "big")))
                    self.wfile.write(len(reply).to_bytes(2, "big") + reply)

        self.servers = [kind(("127.0.0.1", self.port), handler) for kind, handler in
                        ((socketserver.ThreadingUDPServer, Datagram), (socketserver.ThreadingTCPServer, Stream))]
        self.threads = []
        for one in self.servers:
            one.daemon_threads = True
            one.handle_error = lambda *arguments: None
            self.threads.append(threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05}))
            self.threads[-1].start()

    def _answer(self, question):
        reply = dns.message.make_response(question, recursion_available=True)
        name, kind = question.question[0].name, question.question[0].rdtype
        for _ in range(8):
            answer = dns.query.udp(dns.message.make_query(name, kind), "127.0.0.1", 2, self.server)
            reply.answer += answer.answer
            reply.authority = answer.authority
            reply.set_rcode(answer.rcode())
            cname = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
            if not cname or kind == dns.rdatatype.CNAME:
                break
            name = cname[0].target
        return reply

    def _reply(self, wire):
        return self._answer(dns.message.from_wire(wire)).to_wire()

    def stop(self):
        for one, thread in zip(self.servers, self.threads):
            one.shutdown()
            thread.join()
            one.server_close()


class World:
    """BIND or Knot with zones of ours, a resolver, and a CA that has a resolver of its own."""

    def __init__(self, folder, start, *zones, knot=False):
        self.folder, self.start = folder, start
        self.key = dns_rig.Key("acmems")
        self.zones = [dns_rig.Zone(name, {f"ns1.{name}.": "127.0.0.1"}, key=self.key) for name in zones]
        self.processes = []
        if knot:
            server = dns_rig.Knot(folder / "knot", "127.0.0.1", dns_rig.free_port("127.0.0.1"), self.zones)
        else:
            server = dns_rig.Bind(folder / "bind", rig.Ports.take(), self.zones)
        self.bind = self._add(server)
        self.resolver = self._add(Resolver(self.bind.port))
        (folder / "ca").mkdir()
        self.ca = self._add(rig.Pebble(folder / "ca", self.resolver, rig.Ports.take()))

    def _add(self, process):
        self.processes.append(process)
        return process

    def update(self, *lines):
        """Changes a zone; true if the server did it."""
        text = "".join(line + "\n" for line in (f"server 127.0.0.1 {self.bind.port}", *lines, "send"))
        return subprocess.run(["nsupdate", "-y", f"{self.key.algorithm}:{self.key.name}:{self.key.secret}"],
                              input=text, text=True, capture_output=True).returncode == 0

    def set_cname(self, name, target):
        """Only TXT may be changed by the key, so the zone is loaded anew."""
        zone = next(zone for zone in self.zones if name.endswith(zone.name))
        zone.extra += f"{name}. IN CNAME {target}.\n"
        self.restart_bind()

    def restart_bind(self):
        self.bind.stop()
        self.processes.remove(self.bind)
        for journal in (self.folder / "bind").glob("*.jnl"):
            journal.unlink()
        self.bind = self._add(dns_rig.Bind(self.folder / "bind", self.bind.port, self.zones))

    def acmems(self, validator):
        state = f'state-dir = "{self.folder}/state";' if "dns01-httpreq" in validator else ""
        (self.folder / "storage").mkdir(exist_ok=True)
        return self.start(f"""
log: {{ level = "debug"; }};
account: {{ ca: {{ directory = "{self.ca.directory}"; dir = "{self.folder}/account"; ca-file = "{self.ca.cert}";
  accept-terms-of-service = true; }}; }};
mgmt: {{ listen = [ "127.0.0.1:{rig.Ports.take()}" ]; }};
validator: {{ dns: {{ {validator} resolvers = [ "127.0.0.1:{self.resolver.port}" ];
  nameserver-port = {self.bind.port}; {state} }}; }};
storage: {{ file: {{ type = "file"; directory = "{self.folder}/storage"; }}; }};
auth: ( {ALL} );
""").ready()

    def csr(self, *names, tag=""):
        folder = self.folder / f"csr{tag}"
        folder.mkdir(exist_ok=True)
        return rig.make_csr(folder, *names)

    def texts(self):
        """All TXT records of all zones."""
        return [record for zone in self.zones for record in self.bind.transfer(zone) if " TXT " in record]

    def clean(self):
        rig.wait_for(lambda: not self.texts(), "no TXT record is left")

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


class HttpReq(web_rig.WebServer):
    """lego's httpreq: /present and /cleanup. `user` is "name:password"."""

    def __init__(self, world, user=None, tls=None):
        self.world, self.user = world, user
        super().__init__(tls)

    def answer(self, path, headers, body):
        want = "Basic " + base64.b64encode((self.user or "").encode()).decode()
        if self.user and headers["Authorization"] != want:
            return 401, "who are you?"
        if "keyAuth" in body:
            digest = hashlib.sha256(body["keyAuth"].encode()).digest()
            assert body["keyAuth"].startswith(body["token"] + ".")
            name = f"_acme-challenge.{body['domain']}."
            value = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        else:
            name, value = body["fqdn"], body["value"]
        verb = {"/dns/present": "update add {} 5 TXT {}", "/dns/cleanup": "update delete {} TXT {}"}.get(path)
        if not verb or not re.fullmatch(r"[A-Za-z0-9_-]{43}", value) or not name.endswith("."):
            return 404, "no such thing"
        return (200, "") if self.world.update(verb.format(name, value)) else (500, "nsupdate")


class AcmeDns(web_rig.WebServer):
    """acme-dns: /register and /update; it keeps the last two values of an account."""

    def __init__(self, world, zone, tls=None):
        self.world, self.zone, self.accounts = world, zone, {}
        super().__init__(tls)

    def register(self, allowfrom=()):
        subdomain = secrets.token_hex(8)
        account = {"username": secrets.token_hex(16), "password": secrets.token_urlsafe(30),
                   "fulldomain": f"{subdomain}.{self.zone}", "subdomain": subdomain, "allowfrom": list(allowfrom)}
        self.accounts[subdomain] = dict(account, values=[])
        return account

    def answer(self, path, headers, body):
        if path == "/register":
            return 201, json.dumps(self.register(body.get("allowfrom", [])))
        account = self.accounts.get(body.get("subdomain"))
        if path != "/update":
            return 404, "404 page not found"
        if not account or (headers["X-Api-User"], headers["X-Api-Key"]) != (account["username"], account["password"]):
            return 401, '{"error": "forbidden"}'
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", body["txt"]):
            return 400, '{"error": "bad_txt"}'
        account["values"] = (account["values"] + [body["txt"]])[-2:]
        lines = [f"update delete {account['fulldomain']}. TXT"]
        lines += [f"update add {account['fulldomain']}. 1 TXT {value}" for value in dict.fromkeys(account["values"])]
        return (200, json.dumps({"txt": body["txt"]})) if self.world.update(*lines) else (500, '{"error": "db_error"}')
