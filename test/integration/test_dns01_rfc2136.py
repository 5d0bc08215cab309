# SPDX-License-Identifier: ISC
"""dns-01 by dynamic updates, against BIND and Knot. After every test each zone is as it was before."""

import concurrent.futures
import signal
import socket
import time

import dns_rig
import pytest
import rig

ALL = '{ name = "test"; all = true; domains = [ "*" ]; }'

both = pytest.mark.parametrize("kind,address", [("bind", "127.0.0.1"), ("knot", "127.0.0.2")])


class World:
    """Name servers with zones, a resolver of ours, a CA with a resolver of its own."""

    def __init__(self, folder, start):
        self.folder, self.start = folder, start
        self.port = dns_rig.free_port("127.0.0.1", "127.0.0.2", "127.0.0.3")
        self.key = dns_rig.Key("acmems")
        self.processes, self.zones, self.routes = [], [], {}
        self.announced = []

    def zone(self, name, server="127.0.0.1", others=(), **options):
        servers = {f"ns1.{name}.": server} | {f"ns{i}.{name}.": other for i, other in enumerate(others, 2)}
        options.setdefault("key", self.key)
        return dns_rig.Zone(name, servers, **options)

    def _serve(self, process, zones):
        self.processes.append(process)
        for zone in zones:
            if not zone.transfer_from:
                self.routes[zone.name] = (process.address, process.port)
                self.zones.append((process, zone, process.transfer(zone)))
                assert not zone.key or self.zones[-1][2], f"{zone.name} can be transferred"
        return process

    def bind(self, *zones, port=None, **options):
        name = f"bind{len(self.processes)}"
        return self._serve(dns_rig.Bind(self.folder / name, port or self.port, zones, **options), zones)

    def knot(self, *zones, address="127.0.0.2", clock=0):
        name = f"knot{len(self.processes)}"
        return self._serve(dns_rig.Knot(self.folder / name, address, self.port, zones, clock=clock), zones)

    def lossy(self, server, **options):
        self.processes.append(dns_rig.Lossy("127.0.0.1", rig.Ports.take(), (server.address, server.port), **options))
        return self.processes[-1]

    def ready(self, ca_routes=None, **options):
        """Resolvers and CA, once all zones are there. `ca_routes`: where the CA looks for zones instead."""
        self.resolver = dns_rig.Recursor(self.folder / "resolver", self.routes, cache=True)
        self.processes.append(self.resolver)
        ca_resolver = dns_rig.Recursor(self.folder / "ca-resolver", self.routes | (ca_routes or {}))
        self.processes.append(ca_resolver)
        (self.folder / "ca").mkdir()
        self.ca = rig.Pebble(self.folder / "ca", ca_resolver, rig.Ports.take(), **options)
        self.processes.append(self.ca)
        return self

    def acmems(self, options="", server=None, key=None, propagation='"authoritative"', mgmt="", resolver=None):
        """The daemon; `server` None: the primary's address from the SOA."""
        server = f"server = [ {server} ];" if server else ""
        storage = self.folder / "storage"
        storage.mkdir(exist_ok=True)
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        text = f"""
log: {{ level = "debug"; }};
account: {{ ca: {{ directory = "{self.ca.directory}"; dir = "{self.folder}/account"; ca-file = "{self.ca.cert}";
  accept-terms-of-service = true; }}; }};
mgmt: {{ listen = [ "127.0.0.1:{rig.Ports.take()}" ]; {mgmt} }};
validator: {{ dns: {{ type = "dns01-rfc2136"; {server} {(key or self.key).option() if key != "" else ""}
  resolvers = [ {at(resolver or self.resolver)} ]; nameserver-port = {self.port}; propagation = [ {propagation} ];
  state-dir = "{state}"; ttl = 5; {options} }}; }};
storage: {{ file: {{ type = "file"; directory = "{storage}"; }}; }};
auth: ( {ALL} );
"""
        return self.start(text)

    def csr(self, *names, tag=""):
        folder = self.folder / f"csr{tag}"
        folder.mkdir(exist_ok=True)
        return rig.make_csr(folder, *names)

    def check(self):
        """Every zone as before. Clean-up follows the answer, so wait for it."""
        for process, zone, before in self.zones:
            assert process.alive(), process.log()
            rig.wait_for(lambda: process.transfer(zone) == before, f"zone {zone.name} as before", 20)

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


@pytest.fixture
def world(tmp_path, start):
    made = World(tmp_path, start)
    yield made
    try:
        made.check()
    finally:
        made.stop()


def challenge_values(server, name):
    return server.ask(f"_acme-challenge.{name}", "txt")


def at(server):
    return f'"[{server.address}]:{server.port}"' if ":" in server.address else f'"{server.address}:{server.port}"'


@both
def test_wildcard_and_apex(world, kind, address):
    """Two values side by side, and a third at that name that is somebody else's and stays. All have one TTL."""
    zone = world.zone("example.test", server=address, extra='_acme-challenge 5 IN TXT "of somebody else"')
    server = getattr(world, kind)(zone)
    acmems = world.ready().acmems(server=at(server))
    chain = acmems.signed(world.csr("example.test", "*.example.test", "www.example.test"))
    assert "DNS:*.example.test" in rig.leaf(chain) and "DNS:example.test" in rig.leaf(chain)
    assert any("somebody else" in record for record in server.transfer(zone))


@pytest.mark.parametrize("algorithm", ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384",
                                       "hmac-sha512"])
@both
def test_algorithms(world, kind, address, algorithm):
    world.key = dns_rig.Key("other.key.name", algorithm)
    server = getattr(world, kind)(world.zone("example.test", server=address))
    world.ready().acmems(server=at(server), propagation='"none"').signed(world.csr("www.example.test"))


def test_key_file_of_bind(world):
    server = world.bind(world.zone("example.test"))
    path = world.folder / "tsig.key"
    path.write_text(world.key.bind())
    path.chmod(0o600)
    acmems = world.ready().acmems(f'tsig: {{ key-file = "{path}"; }};', server=at(server), key="")
    acmems.signed(world.csr("www.example.test"))


def test_primary_is_found_by_the_soa(world):
    """No server given: the SOA's primary takes the update."""
    world.bind(world.zone("example.test"))
    acmems = world.ready().acmems()
    acmems.signed(world.csr("www.example.test"))


def test_servers_with_ipv6_addresses_only(world):
    """Found by the SOA and by the NS records; and given."""
    try:
        world.port = dns_rig.free_port("::1")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    server = world.knot(world.zone("example.test", server="::1"), address="::1")
    world.ready().acmems().signed(world.csr("www.example.test", "*.example.test"))
    acmems = world.acmems(server=at(server), propagation=at(server))
    acmems.signed(world.csr("mail.example.test"))


def test_zone_deep_below(world):
    server = world.bind(world.zone("b.co.test"), world.zone("co.test"))
    acmems = world.ready().acmems(server=at(server))
    acmems.signed(world.csr("a.b.co.test", "x.y.z.b.co.test", "*.b.co.test"))


def test_delegated_sub_zone_on_another_server(world):
    """The server of the zone above is asked for nothing. (As with lego #2502.)"""
    delegation = "sub IN NS ns1.sub.example.test.\nns1.sub IN A 127.0.0.2"
    world.bind(world.zone("example.test", extra=delegation))
    world.knot(world.zone("sub.example.test", server="127.0.0.2"))
    acmems = world.ready().acmems()
    acmems.signed(world.csr("www.sub.example.test", "www.example.test", "*.sub.example.test"))


def test_cname_into_another_zone_on_another_server(world):
    """(As with cert-manager #1778.)"""
    alias = "_acme-challenge.www IN CNAME www.challenges.test."
    world.bind(world.zone("example.test", extra=alias))
    other = world.knot(world.zone("challenges.test", server="127.0.0.2"))
    acmems = world.ready().acmems()
    acmems.signed(world.csr("www.example.test"))
    assert "www.challenges.test" in acmems.log()
    assert other.alive()


def test_primary_that_answers_no_question(world):
    """Updates go to a hidden primary that refuses questions and does not know the name they are for; its secondary
    and the resolvers are asked. (As with certbot #8572.)"""
    hidden = dns_rig.Zone("challenges.test", {"ns2.challenges.test.": "127.0.0.2"}, key=world.key, hidden=True,
                          notify=("127.0.0.2", world.port))
    seen = dns_rig.Zone("challenges.test", {}, key=world.key, transfer_from=("127.0.0.1", world.port))
    server = world.bind(hidden)
    public = world.knot(seen, world.zone("example.test", server="127.0.0.2",
                                         extra="_acme-challenge IN CNAME all.challenges.test."))
    world.routes["challenges.test"] = (public.address, public.port)
    rig.wait_for(lambda: public.ask("ns2.challenges.test", "a"), "first transfer")
    assert not server.ask("ns2.challenges.test", "a")
    acmems = world.ready().acmems(server=at(server))
    acmems.signed(world.csr("example.test", "*.example.test"))


def test_cname_into_a_zone_below(world):
    """Only a zone for challenges can be written, below the zone of the names, on the same server. (As with simple-acme
    #729.)"""
    below = "_acme-challenge.example.test"
    server = world.bind(world.zone("example.test", refuse=True, extra=f"_acme-challenge.app IN CNAME app.{below}.\n"
                                                                      f"_acme-challenge IN NS ns1.example.test."),
                        dns_rig.Zone(below, {"ns1.example.test.": "127.0.0.1"}, key=world.key))
    acmems = world.ready().acmems(server=at(server))
    acmems.signed(world.csr("app.example.test", "*.app.example.test"))


def test_wildcard_cname(world):
    """It leads challenges elsewhere, too, and the message says so; a record at the very name keeps it."""
    server = world.bind(world.zone("example.test", extra='* IN CNAME lb.elsewhere.test.\n'
                                                         '_acme-challenge.kept 5 IN TXT "here"'))
    world.knot(world.zone("elsewhere.test", server="127.0.0.2"))
    acmems = world.ready().acmems(server=at(server))
    acmems.announce("www.example.test")
    assert acmems.sign(world.csr("www.example.test")).status >= 500
    assert dns_rig.messages(acmems, r"the CNAME of _acme-challenge\.www\.example\.test leads to lb\.elsewhere\.test\.: "
                                    r".*the primary server of zone elsewhere\.test\. \(NOTAUTH\)"), acmems.log()
    acmems.signed(world.csr("kept.example.test"))


def test_chain_of_cnames_and_a_loop(world):
    alias = ("_acme-challenge.www IN CNAME a.hop.test.\n_acme-challenge.bad IN CNAME b.hop.test.")
    world.bind(world.zone("example.test", extra=alias),
               world.zone("hop.test", extra="a IN CNAME c.hop.test.\nb IN CNAME d.hop.test.\nd IN CNAME b.hop.test."))
    acmems = world.ready().acmems()
    acmems.signed(world.csr("www.example.test"))
    answer = acmems.sign(world.csr("bad.example.test"))
    assert answer.status == 421
    assert dns_rig.messages(acmems, r"(?i)cname.*(loop|circle|round)|(loop|circle).*cname")


def test_the_very_name_is_a_zone(world):
    """(As with cert-manager #3453.)"""
    delegation = "_acme-challenge.www IN NS ns1.challenge.test."
    world.bind(world.zone("example.test", extra=delegation))
    zone = dns_rig.Zone("_acme-challenge.www.example.test", {"ns1.challenge.test.": "127.0.0.2"}, key=world.key)
    world.knot(zone, world.zone("challenge.test", server="127.0.0.2"))
    acmems = world.ready().acmems()
    acmems.signed(world.csr("www.example.test"))


def test_secondary_is_waited_for(world):
    secondary = dns_rig.Zone("example.test", {}, key=world.key, transfer_from=("127.0.0.1", world.port))
    server = world.bind(world.zone("example.test", others=["127.0.0.2"], notify=("127.0.0.2", world.port)))
    knot = world.knot(secondary)
    rig.wait_for(lambda: knot.ask("ns1.example.test", "a"), "first transfer")
    acmems = world.ready().acmems(server=at(server))
    acmems.signed(world.csr("www.example.test", "*.example.test"))


def test_secondary_that_lags_is_named(world):
    secondary = dns_rig.Zone("example.test", {}, key=world.key, transfer_from=("127.0.0.1", world.port))
    server = world.bind(world.zone("example.test", others=["127.0.0.2"]))
    knot = world.knot(secondary)
    rig.wait_for(lambda: knot.ask("ns1.example.test", "a"), "first transfer")
    acmems = world.ready().acmems('timeout = "4s";', server=at(server))
    acmems.announce("www.example.test")
    answer = acmems.sign(world.csr("www.example.test"))
    assert answer.status in (500, 502, 503, 504)
    assert dns_rig.messages(acmems, r"127\.0\.0\.2.*") and dns_rig.messages(acmems, r"ns2\.example\.test")
    # and so is one of those that are given
    acmems = world.acmems('timeout = "2s";', server=at(server), propagation=f"{at(server)}, {at(knot)}")
    acmems.announce("www.example.test")
    assert acmems.sign(world.csr("www.example.test")).status == 504
    assert dns_rig.messages(acmems, rf"not seen at 1 of 2 name servers: 127\.0\.0\.2:{world.port} "
                                    "says that there is no such name")
    assert world.ca.count("Pulled a task from the Tasks queue") == 0    # the CA was never told


def test_name_server_that_is_dead(world):
    """It may be back, with the zone as it was, just when the CA asks: waited for to the end, and named. What the page
    has for one that stays away helps."""
    server = world.bind(world.zone("example.test", others=["127.0.0.3"]))
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.3", world.port))
        acmems = world.ready().acmems('timeout = "4s";', server=at(server))
        acmems.announce("www.example.test")
        assert acmems.sign(world.csr("www.example.test")).status == 504
        dead = rf"not seen at 1 of 2 name servers: ns2\.example\.test\. \(127\.0\.0\.3:{world.port}\) no answer"
        assert dns_rig.messages(acmems, dead), acmems.log()
        assert world.ca.count("Pulled a task from the Tasks queue") == 0    # the CA was never told
        world.acmems(server=at(server), propagation=at(server)).signed(world.csr("www.example.test"))


def test_name_servers_that_lie(world):
    """Nonsense, trickles and traps in answers: each is named at the end, and none keeps the daemon busy."""
    server = world.bind(world.zone("example.test"))
    liars = [dns_rig.Liar("127.0.0.3", rig.Ports.take(), kind) for kind in ("garbage", "trickle", "chain")]
    world.processes += liars
    acmems = world.ready().acmems('timeout = "6s";', server=at(server), propagation=", ".join(at(liar) for liar in liars))
    acmems.announce("www.example.test")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        before = rig.cpu_seconds(acmems.pid)
        pending = pool.submit(acmems.sign, world.csr("www.example.test"))
        rig.wait_for(lambda: all(liar.asked for liar in liars), "all are asked")
        assert acmems.request("GET", "/").status == 200
        assert pending.result().status == 504
        assert rig.cpu_seconds(acmems.pid) - before < 1
    assert dns_rig.messages(acmems, "not seen at 3 of 3 name servers: " + "; ".join(
        rf"127\.0\.0\.3:{liar.port} {words}" for liar, words in zip(liars, (
            "its answer over TCP makes no sense.*", "no answer over UDP and TCP", "its answer over TCP makes no sense.*"))))


def test_what_resolvers_remember_does_not_matter(world):
    """A resolver has cached that the name is not there, for an hour."""
    server = world.bind(world.zone("example.test"))
    world.ready()
    rig.run("dig", "-p", world.resolver.port, "@127.0.0.1", "_acme-challenge.www.example.test", "txt")
    acmems = world.acmems(server=at(server))
    acmems.signed(world.csr("www.example.test"))
    acmems.signed(world.csr("www.example.test", "mail.example.test"))


@pytest.mark.parametrize("what", ["secret", "name"])
@both
def test_wrong_key(world, kind, address, what):
    server = getattr(world, kind)(world.zone("example.test", server=address))
    wrong = dns_rig.Key("acmems" if what == "secret" else "nobody")
    acmems = world.ready().acmems(server=at(server), key=wrong)
    acmems.announce("www.example.test")
    answer = acmems.sign(world.csr("www.example.test"))
    assert answer.status >= 500
    assert wrong.secret not in acmems.log()
    assert dns_rig.messages(acmems, "BADSIG" if what == "secret" else "BADKEY")


@pytest.mark.parametrize("clock", [600, -600])
@both
def test_wrong_clock(world, kind, address, clock):
    """The server's time is taken for a second try, and a warning names the difference."""
    server = getattr(world, kind)(world.zone("example.test", server=address), clock=clock)
    acmems = world.ready().acmems(server=at(server))
    acmems.announce("clock")
    acmems.signed(world.csr("www.example.test"))
    found = dns_rig.messages(acmems, r"clock is (599|600|601) s " + ("ahead" if clock > 0 else "behind"))
    assert len(found) == 1


@both
def test_refused_zone(world, kind, address):
    """Knot's word for it is another."""
    server = getattr(world, kind)(world.zone("example.test", server=address, refuse=True))
    acmems = world.ready().acmems(server=at(server))
    acmems.announce("www.example.test")
    assert acmems.sign(world.csr("www.example.test")).status >= 500
    assert dns_rig.messages(acmems, "REFUSED" if kind == "bind" else "BADKEY")
    # nothing was applied, so nothing is to be taken away, now or ever
    assert not any(path.read_text() for path in (world.folder / "state").iterdir())
    assert not dns_rig.messages(acmems, "could not be taken away")


@both
def test_zone_that_the_server_has_not(world, kind, address):
    server = getattr(world, kind)(world.zone("example.test", server=address))
    other = "127.0.0.2" if kind == "bind" else "127.0.0.3"
    world.knot(world.zone("other.test", server=other), address=other)
    acmems = world.ready().acmems(server=at(server))
    acmems.announce("www.other.test")
    assert acmems.sign(world.csr("www.other.test")).status >= 500
    assert dns_rig.messages(acmems, r"it is not the primary server of zone other\.test\. \(NOTAUTH\)"), acmems.log()


def test_server_down_and_the_second_takes_over(world):
    server = world.bind(world.zone("example.test"))
    nobody = rig.Ports.take()
    world.ready()
    acmems = world.acmems('timeout = "20s";', server=f'"127.0.0.1:{nobody}", "localhost:{server.port}"')
    acmems.signed(world.csr("www.example.test"))
    alone = world.acmems('timeout = "3s";', server=f'"127.0.0.1:{nobody}"')
    alone.announce("www2.example.test")
    assert alone.sign(world.csr("www2.example.test")).status >= 500
    assert dns_rig.messages(alone, str(nobody))


def test_server_that_is_silent_and_the_second_takes_over(world):
    """The first takes everything, over TCP too, and says nothing: the second has its turn long before the time is up."""
    server = world.bind(world.zone("example.test"))
    with socket.create_server(("127.0.0.3", world.port)), socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.3", world.port))
        acmems = world.ready().acmems(server=f'"127.0.0.3:{world.port}", {at(server)}')
        begun = time.monotonic()
        acmems.signed(world.csr("www.example.test"))
        assert time.monotonic() - begun < 30
    world.check()


def test_servfail(world):
    """A zone that cannot be loaded: its server answers SERVFAIL."""
    zone = world.zone("broken.test", extra="this is no record at all", key=None)
    process = dns_rig.Bind(world.folder / "broken", world.port, [zone])
    world.processes.append(process)
    world.routes["broken.test"] = ("127.0.0.1", world.port)
    acmems = world.ready().acmems('timeout = "4s";', server=at(process))
    acmems.announce("www.broken.test")
    assert acmems.sign(world.csr("www.broken.test")).status >= 500
    assert dns_rig.messages(acmems, "SERVFAIL")


def test_servfail_of_an_update(world):
    """Where the journal has to be is a folder: BIND answers the update with SERVFAIL."""
    server = world.bind(world.zone("example.test"))
    (world.folder / "bind0" / "example.test.zone.jnl").mkdir()
    acmems = world.ready().acmems('timeout = "4s";', server=at(server))
    acmems.announce("www.example.test")
    assert acmems.sign(world.csr("www.example.test")).status >= 500
    assert dns_rig.messages(acmems, r"failed to change zone example\.test\. \(SERVFAIL\).*: its log says why")


@both
def test_truncated_answers(world, kind, address):
    server = getattr(world, kind)(world.zone("example.test", server=address))
    between = world.lossy(server, cut=True)
    world.ready()
    acmems = world.acmems(f'zone = "example.test";', server=at(between), propagation=at(between))
    acmems.signed(world.csr("www.example.test"))
    assert between.connections > 0
    assert server.alive()


@both
def test_lost_packets(world, kind, address):
    """A tenth of all datagrams is lost, in both directions, to name server and resolver."""
    server = getattr(world, kind)(world.zone("example.test", server=address))
    between = world.lossy(server, lose=0.1)
    world.ready()
    before = world.lossy(world.resolver, lose=0.1)
    acmems = world.acmems('timeout = "60s";', server=at(between), propagation=at(between), resolver=before)
    names = [f"lost{i}.example.test" for i in range(20)]
    bodies = [world.csr(name, tag=name) for name in names]
    acmems.signed(world.csr("first.example.test"))
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(acmems.sign, bodies))
    assert [answer.status for answer in answers] == [200] * len(bodies), acmems.log()[-3000:]
    assert between.lost > 0 and before.lost > 0
    assert server.alive()


def test_a_hundred_wildcards_at_once(world):
    server = world.bind(world.zone("example.test"))
    acmems = world.ready().acmems(server=at(server))
    acmems.signed(world.csr("first.example.test"))
    world.check()
    before = acmems.fds()
    bodies = [world.csr(f"*.w{i}.example.test", f"w{i}.example.test", "*.example.test", tag=str(i)) for i in range(100)]
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(acmems.sign, bodies))
    assert [answer.status for answer in answers] == [200] * 100
    world.check()
    rig.wait_for(lambda: acmems.fds() <= before, "no more open files than before")


def test_failed_order_leaves_nothing(world):
    """The CA looks elsewhere and finds nothing; and one of two names can not be published."""
    circle = "_acme-challenge.circle IN CNAME a\na IN CNAME _acme-challenge.circle"
    server = world.bind(world.zone("example.test", extra=circle))
    elsewhere = dns_rig.Knot(world.folder / "elsewhere", "127.0.0.3", world.port,
                             [dns_rig.Zone("example.test", {"ns1.example.test.": "127.0.0.3"})])
    world.processes.append(elsewhere)
    acmems = world.ready(ca_routes={"example.test": ("127.0.0.3", world.port)}).acmems(server=at(server))
    acmems.announce("example.test")
    for names in (["www.example.test", "*.example.test"], ["mail.example.test", "circle.example.test"]):
        answer = acmems.sign(world.csr(*names))
        assert answer.status == 421, answer.text
        assert dns_rig.messages(acmems, rf"_acme-challenge\.{names[0]}: add"), acmems.log()
        world.check()


def test_stopped_meanwhile(world):
    """SIGTERM while the CA has yet to look: the value is gone when the daemon is."""
    server = world.bind(world.zone("example.test"))
    acmems = world.ready(sleep=15).acmems(server=at(server), mgmt='drain = "1s";')
    acmems.announce("given up", "stopp")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(acmems.sign, world.csr("www.example.test"))
        rig.wait_for(lambda: challenge_values(server, "www.example.test"), "published")
        acmems.signal(signal.SIGTERM)
        acmems.wait()
        pending.exception()
    assert not challenge_values(server, "www.example.test")


def test_leftovers_of_a_crash_are_removed_at_the_next_start(world):
    server = world.bind(world.zone("example.test"))
    world.ready(sleep=15)
    acmems = world.acmems(server=at(server))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(acmems.sign, world.csr("www.example.test"))
        rig.wait_for(lambda: challenge_values(server, "www.example.test"), "published")
        acmems.crash()
        pending.exception()
    assert challenge_values(server, "www.example.test")
    again = rig.Acmems(world.folder, acmems.config.read_text())
    try:
        rig.wait_for(lambda: not challenge_values(server, "www.example.test"), "removed")
    finally:
        assert again.stop() == 0


def test_stopped_while_the_server_is_silent(world):
    """The daemon does not wait for it for ever, and the value is taken away at the next start."""
    server = world.bind(world.zone("example.test"))
    acmems = world.ready(sleep=15).acmems(server=at(server), mgmt='drain = "1s";')
    acmems.announce("given up", "stopp", "could not be taken away", "left")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(acmems.sign, world.csr("www.example.test"))
        rig.wait_for(lambda: challenge_values(server, "www.example.test"), "published")
        server.signal(signal.SIGSTOP)
        acmems.signal(signal.SIGTERM)
        acmems.wait()
        pending.exception()
    server.signal(signal.SIGCONT)
    again = rig.Acmems(world.folder, acmems.config.read_text())
    try:
        rig.wait_for(lambda: not challenge_values(server, "www.example.test"), "removed")
    finally:
        assert again.stop() == 0


def test_dns_account_01(world):
    server = world.bind(world.zone("example.test"))
    acmems = world.ready().acmems('challenge = "dns-account-01";', server=at(server))
    acmems.signed(world.csr("www.example.test"))
    assert dns_rig.messages(acmems, r"_[a-z2-7]{16}\._acme-challenge\.www\.example\.test")


