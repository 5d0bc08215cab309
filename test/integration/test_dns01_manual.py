# SPDX-License-Identifier: ISC
"""What the man page of dns01-rfc2136 shows for BIND and Knot, done word by word: only addresses, ports, folders and
owners are those of the test."""

import os

import dns_rig
import pytest
import rig
from script_rig import example

PAGE = "acmems-validator-dns01-rfc2136.7"
ZONE = "example.org"
HERE = "127.0.0.1"


class Page:
    """The page's blocks with the test's own paths and owners."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        for part in ("etc", "conf", "zones", "state", "ca", "storage"):
            (folder / part).mkdir()
        zone = dns_rig.Zone(ZONE, {f"ns1.{ZONE}.": HERE})
        (folder / "zones" / f"{ZONE}.zone").write_text(zone.text())

    def block(self, marker):
        text = example(PAGE, marker)
        for theirs, ours in (("/etc/acmems/", f"{self.folder}/etc/"), ("/etc/bind/", f"{self.folder}/conf/"),
                             ("/etc/knot/", f"{self.folder}/conf/"), ("/var/lib/bind/", f"{self.folder}/zones/"),
                             ("/var/lib/knot/", f"{self.folder}/zones/"), ("chown _acmems", f"chown {os.getuid()}"),
                             ("-g bind", f"-g {os.getgid()}"), ("-g knot", f"-g {os.getgid()}"),
                             ("192.0.2.53", f"{HERE}:{self.port}")):
            text = text.replace(theirs, ours)
        return text

    def commands(self, marker):
        rig.run("sh", "-euc", self.block(marker), env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"))

    def bind(self):
        self.commands("tsig-keygen")
        text = self.block("update-policy")
        path = self.folder / "conf" / "named.conf"
        path.write_text(text)
        rig.run("named-checkconf", path)
        return dns_rig.Bind(self.folder / "bind", self.port, [], views=text)

    def knot(self):
        self.commands("keymgr")
        return dns_rig.KnotByHand(self.folder / "knot", self.port, self.block("update-owner"))

    def configuration(self, ca, resolver):
        validator = self.block('type = "dns01-rfc2136"').replace(
            'type = "dns01-rfc2136";', f'type = "dns01-rfc2136"; state-dir = "{self.folder}/state"; '
            f'nameserver-port = {self.port}; resolvers = [ "{HERE}:{resolver.port}" ];')
        return f"""
log: {{ level = "debug"; }};
account: {{ ca: {{ directory = "{ca.directory}"; dir = "{self.folder}/account"; ca-file = "{ca.cert}";
  accept-terms-of-service = true; }}; }};
mgmt: {{ listen = [ "{HERE}:{rig.Ports.take()}" ]; }};
{validator}
storage: {{ file: {{ type = "file"; directory = "{self.folder}/storage"; }}; }};
auth: ( {{ name = "test"; all = true; domains = [ "*" ]; }} );
"""


@pytest.mark.parametrize("server", ["bind", "knot"])
def test_examples_of_the_page(tmp_path, start, server):
    page = Page(tmp_path, dns_rig.free_port(HERE))
    processes = []
    try:
        processes.append(getattr(page, server)())
        resolvers = [dns_rig.Recursor(tmp_path / name, {ZONE: (HERE, page.port)}) for name in ("ours", "theirs")]
        processes += resolvers
        processes.append(rig.Pebble(tmp_path / "ca", resolvers[1], rig.Ports.take()))
        acmems = start(page.configuration(processes[-1], resolvers[0]))

        chain = acmems.signed(rig.make_csr(tmp_path, ZONE, f"*.{ZONE}", f"www.{ZONE}"))
        assert f"DNS:*.{ZONE}" in rig.leaf(chain)
        for name in (f"_acme-challenge.{ZONE}", f"_acme-challenge.www.{ZONE}"):
            rig.wait_for(lambda name=name: not processes[0].ask(name, "txt"), f"{name} is gone")

        # the policy is as narrow as the page says
        acmems.announce("mail.example.org")
        assert acmems.sign(rig.make_csr(tmp_path, f"mail.{ZONE}")).status >= 500
        assert dns_rig.messages(acmems, "REFUSED" if server == "bind" else "BADKEY")
        assert (tmp_path / "etc/tsig.key").stat().st_mode & 0o777 == 0o600
    finally:
        for process in reversed(processes):
            process.stop()
