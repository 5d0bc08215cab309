# SPDX-License-Identifier: ISC
"""dns-persist-01: the record is set once, by the zone's owner, and looked at before the CA is told to."""

import base64
import hashlib
import http.server
import json
import pathlib
import re
import shlex
import ssl
import subprocess
import threading
import time

import dns_rig
import pytest
import rig

ALL = '{ name = "test"; all = true; domains = [ "*" ]; }'
ISSUER = "pebble.letsencrypt.org"
NS = {"ns1.example.org.": "127.0.0.1"}


def example(first):
    """That of the man page's examples whose first line begins so, without prompts and continued lines."""
    text = (rig.ROOT / "man/acmems-validator-dns-persist01.7").read_text()
    blocks = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", text, flags=re.S | re.M)
    block = next(block for block in blocks if block.startswith(first))
    return re.sub(r"^[$>] ", "", block.replace(" \\e\n    ", " "), flags=re.M)


class World:
    """BIND or Knot with the zone, a resolver before it, and a CA that asks the resolver."""

    def __init__(self, folder, knot=False):
        self.folder = folder
        self.processes = []
        key = dns_rig.Key("owner")
        self.zone = dns_rig.Zone("example.org", NS, key=key, minimum=3600,
                                 extra="_validation-persist.alias IN CNAME records.far.example.org.")
        try:
            port = dns_rig.free_port("127.0.0.1")
            self.bind = self.keep(dns_rig.Knot(folder / "knot", "127.0.0.1", port, [self.zone]) if knot else
                                  dns_rig.Bind(folder / "bind", port, [self.zone]))
            here = (self.bind.address, self.bind.port)
            # a usual resolver before us, one that keeps nothing before the CA
            self.resolver = self.keep(dns_rig.Recursor(folder / "cache", {"example.org": here}, cache=True))
            theirs = self.keep(dns_rig.Recursor(folder / "theirs", {"example.org": here}))
            (folder / "ca").mkdir()
            self.ca = self.keep(rig.Pebble(folder / "ca", theirs, rig.Ports.take()))
        except BaseException:
            self.stop()
            raise

    def keep(self, process):
        self.processes.append(process)
        return process

    def validator(self, options=""):
        return (f'dns: {{ type = "dns-persist01"; resolvers = [ "127.0.0.1:{self.resolver.port}" ]; '
                f'nameserver-port = {self.bind.port}; {options} }};')

    def update(self, *lines):
        """As the zone's owner does it."""
        key = self.zone.key
        text = "\n".join([f"server 127.0.0.1 {self.bind.port}", *lines, "send", ""])
        rig.run("nsupdate", "-y", f"{key.algorithm}:{key.name}:{key.secret}", input=text.encode())

    def set(self, name, *values):
        self.update(f"del {name} TXT", *(f'add {name} 60 TXT "{value}"' for value in values))

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def acmems(world, config, start):
    daemon = start(config(ca=world.ca, auth=ALL, validator=world.validator())).ready()
    daemon.announce("validation-persist")
    return daemon


def state_folder(config):
    return pathlib.Path(re.search(r'\bdir = "([^"]+)"', config.read_text()).group(1))


def account_url(acmems):
    file = state_folder(acmems.config) / "registration.json"
    rig.wait_for(file.exists, "the account is registered")
    return json.loads(file.read_text())["uri"]


def print_persist(config, name):
    return subprocess.run([rig.BUILD / "daemon/acmems", "-c", config, "-P", name], capture_output=True, text=True,
                          timeout=rig.PATIENCE)


def printed(acmems, name):
    result = print_persist(acmems.config, name)
    assert result.returncode == 0 and not result.stderr, result
    return result.stdout


def test_the_printed_record_is_enough(world, acmems, tmp_path):
    """Nothing is there; what the message and -P say is set; and from then on certificates come."""
    csr = rig.make_csr(tmp_path, "www.example.org", "*.example.org", "example.org")
    answer = acmems.sign(csr)
    assert answer.status == 421, answer.text
    assert "there is no TXT record at _validation-persist." in answer.text
    wanted = re.search(r'has to set: (\S+) IN TXT (".*")', answer.text).groups()
    lines = [printed(acmems, name) for name in ("WWW.example.org", "*.example.org")]
    assert lines[0] == (f'_validation-persist.www.example.org. IN TXT '
                        f'"{ISSUER}; accounturi={account_url(acmems)}"\n')
    assert " ".join((wanted[0], "IN TXT", wanted[1])) + "\n" in [*lines, printed(acmems, "example.org")]
    world.update(*(f"add {line.replace(' IN TXT', ' 60 IN TXT').strip()}" for line in lines))
    before = world.bind.transfer(world.zone)
    for _ in range(2):
        chain = acmems.signed(csr)
        rig.verify(chain, world.ca.root(), tmp_path)
        assert "DNS:*.example.org" in rig.leaf(chain)
    assert world.bind.transfer(world.zone) == before


@pytest.mark.parametrize("knot", [False, True], ids=["bind", "knot"])
def test_as_the_manual_says(tmp_path, config, start, knot):
    """The page's configuration, its record, and its ways to set it."""
    world = World(tmp_path, knot)
    try:
        page = re.sub(r"ip = [^;]*;", "all = true;", example("validator:"))
        group, auth = re.fullmatch(r"validator: \{\n(.*)\};\nauth: \(\n(.*)\);\n", page, flags=re.S).groups()
        options = f'"dns-persist01"; resolvers = [ "127.0.0.1:{world.resolver.port}" ]; nameserver-port = {world.bind.port};'
        acmems = start(config(ca=world.ca, auth=auth, validator=group.replace('"dns-persist01";', options))).ready()
        url = account_url(acmems)

        def here(text):
            return text.replace("letsencrypt.org; ", f"{ISSUER}; ").replace(
                "https://acme-v02.api.letsencrypt.org/acme/acct/123", url)

        command, record = here(example("$ acmems -P")).splitlines()
        assert printed(acmems, command.split()[-1]) == record + "\n"
        if knot:
            for line in here(example("$ knotc")).splitlines():
                rig.run("knotc", "-s", tmp_path / "knot/knot.sock", *shlex.split(line)[1:])
        else:
            key = tmp_path / "admin.key"
            key.write_text(world.zone.key.bind())
            command, *lines = here(example("$ nsupdate")).splitlines()
            assert command.split()[1] == "-k"
            rig.run("nsupdate", "-k", key,
                    input="\n".join([f"server 127.0.0.1 {world.bind.port}", *lines, ""]).encode())
        assert any(record.split(" IN TXT ")[1] in line for line in world.bind.transfer(world.zone))
        acmems.signed(rig.make_csr(tmp_path, "mail.example.org"))
    finally:
        world.stop()


def test_every_fault_is_told(world, acmems, tmp_path):
    name, url = "_validation-persist.www.example.org", account_url(acmems)
    right = f"{ISSUER}; accounturi={url}"
    past = int(time.time()) - 86400
    for value, words in (
            (f"other.example; accounturi={url}", f'is for "other.example", not for {ISSUER}'),
            (ISSUER, "names no accounturi"),
            (f"{ISSUER}; accounturi={url}9", f"is for another account, {url}9"),
            (f"{right}; persistUntil={past}", "has expired on "),
            (f"{right}; persistUntil=tomorrow", "is malformed at"),
            (f"{right};", "is malformed at"),
    ):
        world.set(name, value)
        answer = acmems.sign(rig.make_csr(tmp_path, "www.example.org"))
        assert answer.status == 421 and f"the record at {name} {words}" in answer.text, answer.text
        assert f'has to set: {name}. IN TXT "{right}"' in answer.text, answer.text
    world.set(name, right)
    answer = acmems.sign(rig.make_csr(tmp_path, "*.www.example.org"))
    assert answer.status == 421 and "has no policy=wildcard" in answer.text, answer.text
    # the CA was told of none of these
    assert world.ca.count("DNS-PERSIST-01") == 0
    world.set(name, "v=spf1 -all", f"other.example; accounturi={url}", f"{right}; persistUntil={past + 2 * 86400}")
    acmems.signed(rig.make_csr(tmp_path, "www.example.org"))


def test_the_record_may_be_elsewhere(world, acmems, tmp_path):
    world.set("records.far.example.org", f"{ISSUER}; accounturi={account_url(acmems)}")
    acmems.signed(rig.make_csr(tmp_path, "alias.example.org"))


def test_who_is_asked(world, config, start, tmp_path):
    """Nobody: then the CA finds out. A server that is given. And one that is down."""
    nobody = start(config(ca=world.ca, auth=ALL, validator=world.validator('propagation = "none";'))).ready()
    nobody.announce("DNS-PERSIST-01")
    answer = nobody.sign(rig.make_csr(tmp_path, "missing.example.org"))
    assert answer.status == 421 and "DNS-PERSIST-01 challenge: DNS lookup for" in answer.text, answer.text
    world.set("_validation-persist.www.example.org", f"{ISSUER}; accounturi={account_url(nobody)}")
    nobody.signed(rig.make_csr(tmp_path, "www.example.org"))
    given = start(config(ca=world.ca, auth=ALL, validator=world.validator(
        f'propagation = [ "127.0.0.1:{world.bind.port}" ]; timeout = "2s";'))).ready()
    given.announce("no answer|cannot ask|Connection refused")
    world.set("_validation-persist.www.example.org", f"{ISSUER}; accounturi={account_url(given)}")
    given.signed(rig.make_csr(tmp_path, "www.example.org"))
    world.bind.stop()
    answer = given.sign(rig.make_csr(tmp_path, "www.example.org", key=rig.make_key(tmp_path, "other.key")))
    assert answer.status in (503, 504), answer.text


def test_print_says_what_is_missing(world, config, tmp_path):
    path = tmp_path / "print.conf"
    path.write_text(config(ca=world.ca, auth=ALL, validator=world.validator()))
    result = print_persist(path, "www.example.org")
    assert result.returncode == 66 and "it is not registered" in result.stderr, result
    assert not result.stdout
    assert print_persist(path, "192.0.2.1").returncode == 64
    assert print_persist(tmp_path / "nowhere", "www.example.org").returncode == 78
    state_folder(path).mkdir()
    (state_folder(path) / "registration.json").write_text('{"uri": "https://ca.example/1", "body": {}}')
    assert print_persist(path, "www.example.org").stdout == \
        f'_validation-persist.www.example.org. IN TXT "{ISSUER}; accounturi=https://ca.example/1"\n'
    world.ca.stop()
    result = print_persist(path, "www.example.org")
    assert result.returncode == 69 and "directory https://" in result.stderr, result


def thumbprint(key):
    der = rig.run("openssl", "ec", "-in", key, "-pubout", "-outform", "DER").stdout
    x, y = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (der[-64:-32], der[-32:]))
    jwk = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).decode().rstrip("=")


def test_print_knows_accounts_by_hash(tmp_path):
    """Draft 02, which pebble does not know: the directory of a CA on paper."""
    tls = rig.make_tls(tmp_path)
    url, state = "https://ca.example/acct/1", tmp_path / "state"
    state.mkdir()
    (state / "registration.json").write_text(json.dumps({"uri": url, "body": {}}))
    rig.make_key(state, "account.pem")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            base = "https://ca.example"
            body = json.dumps({"newNonce": base, "newAccount": base, "newOrder": base, "meta": {
                "issuerDomainNames": ["CA.example", "other.example"], "caaIdentities": ["caa.example"],
                "accountHashPrefix": "https://ca.example/hash/"}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        conf = tmp_path / "hash.conf"
        conf.write_text(f"""account: {{ ca: {{ directory = "https://localhost:{server.server_port}/"; dir = "{state}";
ca-file = "{tls[0]}"; accept-terms-of-service = true; }}; }};
mgmt: {{ listen = [ "127.0.0.1:1" ]; }};
validator: {{ dns: {{ type = "dns-persist01"; }}; }}; storage: {{ none: {{ type = "none"; }}; }};
auth: ( {ALL} );
""")
        result = print_persist(conf, "*.example.org")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    name = b"example.org"
    digest = hashlib.sha256(bytes([len(name)]) + name + thumbprint(state / "account.pem").encode() + url.encode()).digest()
    value = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert result.stdout == (f'_validation-persist.example.org. IN TXT "ca.example; accounturi=https://ca.example/hash/'
                             f'sha-256/{value}; policy=wildcard"\n'), result
