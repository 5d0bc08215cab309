# SPDX-License-Identifier: ISC
"""Where records have to be and who has to show them, in zones as operators have them: delegated, led elsewhere, with
servers that lag, are down or were never told of the zone. By dns-persist-01, which only looks."""

import json
import re

import dns_rig
import pytest
import rig

ALL = '{ name = "test"; all = true; domains = [ "*" ]; }'
ISSUER = "pebble.letsencrypt.org"
BIND, KNOT, NOBODY = "127.0.0.1", "127.0.0.2", "127.0.0.3"


class World:
    """BIND has the zones above, Knot those below, both at one port. The records name the account, so the daemon has to
    be registered before the zones are made."""

    def __init__(self, folder, make_config, start):
        self.folder = folder
        self.processes = []
        self.port = dns_rig.free_port(BIND, KNOT, NOBODY)
        try:
            self._start(folder, make_config, start)
        except BaseException:
            self.stop()
            raise

    def _start(self, folder, make_config, start):
        resolver = self.keep(dns_rig.Recursor(folder / "theirs", self._zones()))
        (folder / "ca").mkdir()
        self.ca = self.keep(rig.Pebble(folder / "ca", resolver, rig.Ports.take()))
        ours = self.keep(dns_rig.Recursor(folder / "ours", self._zones()))
        self.acmems = start(make_config(ca=self.ca, auth=ALL, validator=(
            f'dns: {{ type = "dns-persist01"; resolvers = [ "127.0.0.1:{ours.port}" ]; '
            f'nameserver-port = {self.port}; timeout = "3s"; }};'))).ready()
        file = folder / "account/registration.json"
        rig.wait_for(file.exists, "the account is registered")
        self.record = f'60 IN TXT "{ISSUER}; accounturi={json.loads(file.read_text())["uri"]}"'
        self._serve(folder)

    @staticmethod
    def _names():
        return {"example.org": BIND, "two.example.org": BIND, "a.b.example.org": KNOT,
                "_validation-persist.exact.example.org": KNOT, "example.net": KNOT}

    def _zones(self):
        return {name: (address, self.port) for name, address in self._names().items()}

    def _serve(self, folder):
        record = self.record
        here = {"ns1.example.org.": BIND}
        self.keep(dns_rig.Bind(folder / "bind", self.port, [
            dns_rig.Zone("example.org", here, extra=f"""_validation-persist {record}
_validation-persist.x.empty.between {record}
a.b NS ns.a.b
ns.a.b A {KNOT}
_validation-persist.exact NS ns2
ns2 A {KNOT}
_validation-persist.far CNAME one.example.net.
one CNAME _validation-persist
_validation-persist.circle CNAME circle
circle CNAME _validation-persist.circle
www.sub CNAME www"""),
            # the second server has a copy of its own, and never heard of this
            dns_rig.Zone("two.example.org", {"ns1.example.org.": BIND, "ns2.two.example.org.": KNOT},
                         extra=f"_validation-persist {record}"),
        ]))
        self.keep(dns_rig.Knot(folder / "knot", KNOT, self.port, [
            dns_rig.Zone("a.b.example.org", {"ns.a.b.example.org.": KNOT},
                         extra=f"_validation-persist.www {record}"),
            dns_rig.Zone("_validation-persist.exact.example.org", {"ns2.example.org.": KNOT}, extra=f"@ {record}"),
            dns_rig.Zone("example.net", {"ns.example.net.": KNOT}, extra=f"one CNAME two\ntwo {record}"),
            dns_rig.Zone("two.example.org", {"ns2.two.example.org.": KNOT}),
        ]))

    def keep(self, process):
        self.processes.append(process)
        return process

    def csr(self, *names):
        return rig.make_csr(self.folder, *names)

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


@pytest.fixture
def world(tmp_path, config, start):
    made = World(tmp_path, config, start)
    yield made
    made.stop()


def test_places(world):
    """The zone itself; below an empty name; a delegated zone; a delegated name; CNAMEs into another zone."""
    for name in ("example.org", "x.empty.between.example.org", "www.a.b.example.org", "exact.example.org",
                 "far.example.org"):
        assert f"DNS:{name}" in rig.leaf(world.acmems.signed(world.csr(name)))
    log = world.acmems.log()
    for owner, zone in (("_validation-persist.example.org.", "example.org."),
                        ("_validation-persist.www.a.b.example.org.", "a.b.example.org."),
                        ("_validation-persist.exact.example.org.", "_validation-persist.exact.example.org."),
                        ("two.example.net.", "example.net.")):
        assert re.search(rf" {re.escape(owner)} lies in zone {re.escape(zone)}\n", log), owner


def test_circles(world):
    world.acmems.announce("lead in a circle")
    answer = world.acmems.sign(world.csr("circle.example.org"))
    assert answer.status == 421, answer.text
    assert "the CNAMEs of _validation-persist.circle.example.org. lead in a circle" in answer.text, answer.text


def test_a_server_that_lags(world):
    world.acmems.announce("name servers")
    answer = world.acmems.sign(world.csr("two.example.org"))
    assert answer.status == 421, answer.text
    assert (f"is not seen at 1 of 2 name servers: ns2.two.example.org. ({KNOT}:{world.port}) "
            "says that there is no such name") in answer.text, answer.text


def test_a_server_that_is_down(world):
    world.acmems.announce("name servers")
    world.processes.pop().stop()
    answer = world.acmems.sign(world.csr("two.example.org"))
    assert answer.status == 504, answer.text
    assert re.search(rf"at 1 of 2 name servers: ns2\.two\.example\.org\. \({KNOT}:{world.port}\) .*refused",
                     world.acmems.log()), world.acmems.log()


def test_a_server_that_was_never_told(world, tmp_path):
    world.acmems.announce("name servers")
    world.processes.pop().stop()
    world.keep(dns_rig.Knot(tmp_path / "other", KNOT, world.port, [dns_rig.Zone("other.example", {"ns.": KNOT})]))
    answer = world.acmems.sign(world.csr("two.example.org"))
    assert answer.status == 504, answer.text
    assert f"({KNOT}:{world.port}) it answers REFUSED" in world.acmems.log()
