# SPDX-License-Identifier: ISC
"""dns-01 by an acme-dns server."""

import concurrent.futures
import json
import re
import shlex
import stat

import dns_rig
import dns_web
import pytest
import rig
from script_rig import example

PAGE = "acmems-validator-dns01-acmedns.7"


@pytest.fixture
def world(tmp_path, start):
    made = dns_web.World(tmp_path, start, "example.test", "auth.test")
    yield made
    made.stop()


def module(world, web, options="", accounts=None):
    path = world.folder / "acmedns.json"
    if accounts is not None:
        path.write_text(json.dumps(accounts))
        path.chmod(0o600)
    return f'type = "dns01-acmedns"; server = "{web.url}"; accounts = "{path}"; {options}'


def test_wildcard_and_apex(world):
    with dns_web.AcmeDns(world, "auth.test") as web:
        account = web.register()
        world.set_cname("_acme-challenge.example.test", account["fulldomain"])
        acmems = world.acmems(module(world, web, accounts={"example.test": account}))
        chain = acmems.signed(world.csr("example.test", "*.example.test"))
        assert "DNS:*.example.test" in rig.leaf(chain)
        assert web.paths() == ["/update"] * 2


def test_orders_at_once_push_nothing_out(world):
    """Five orders of two values each, where the server keeps two."""
    with dns_web.AcmeDns(world, "auth.test") as web:
        account = web.register()
        world.set_cname("_acme-challenge.example.test", account["fulldomain"])
        acmems = world.acmems(module(world, web, accounts={"example.test": account}))
        csrs = [world.csr("example.test", "*.example.test", tag=tag) for tag in range(5)]
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(acmems.sign, csrs))
        assert [answer.status for answer in answers] == [200] * 5, [answer.text for answer in answers]


def test_lost_answers_push_nothing_out(world):
    """An update that is done twice leaves no room for the other value, so that one comes again."""
    with dns_web.AcmeDns(world, "auth.test") as web:
        account = web.register()
        world.set_cname("_acme-challenge.example.test", account["fulldomain"])
        web.faults += [None, "lose", None, "lose"]
        acmems = world.acmems(module(world, web, accounts={"example.test": account}))
        acmems.signed(world.csr("example.test", "*.example.test"))
        values = [body["txt"] for _, body in web.requests]
        assert len(values) == 6 and len(set(values[-2:])) == 2, values


def test_the_cname_is_missing_or_wrong(world):
    with dns_web.AcmeDns(world, "auth.test") as web:
        account = web.register()
        acmems = world.acmems(module(world, web, accounts={"www.example.test": account, "ftp.example.test": account}))
        acmems.announce("IN CNAME")
        world.set_cname("_acme-challenge.ftp.example.test", "wrong.auth.test")
        answer = acmems.sign(world.csr("www.example.test"))
        assert answer.status == 421
        line = f"there is no CNAME yet; set: _acme-challenge.www.example.test. IN CNAME {account['fulldomain']}."
        rig.wait_for(lambda: dns_rig.messages(acmems, line), "what to set")
        assert acmems.sign(world.csr("ftp.example.test", tag="ftp")).status == 421
        rig.wait_for(lambda: dns_rig.messages(acmems, "leads to wrong.auth.test instead"), "what is wrong")
        assert not web.requests
        world.set_cname("_acme-challenge.www.example.test", account["fulldomain"])
        # a resolver may remember for a moment that it was not there
        csr = world.csr("www.example.test", tag="again")
        rig.wait_for(lambda: acmems.sign(csr).status == 200, "signed")


def test_registration(world, tmp_path):
    with dns_web.AcmeDns(world, "auth.test") as web:
        acmems = world.acmems(module(world, web, 'register = true; allow-from = [ "127.0.0.0/8" ];'))
        acmems.announce("IN CNAME", "registered")
        assert acmems.sign(world.csr("www.example.test")).status == 421
        path = tmp_path / "acmedns.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        account = json.loads(path.read_text())["www.example.test"]
        assert set(account) >= {"username", "password", "fulldomain", "subdomain", "allowfrom"}
        assert account["allowfrom"] == ["127.0.0.0/8"]
        assert account["password"] not in acmems.log()
        line = f"now set: _acme-challenge.www.example.test. IN CNAME {account['fulldomain']}."
        rig.wait_for(lambda: dns_rig.messages(acmems, line), "what to set")
        world.set_cname("_acme-challenge.www.example.test", account["fulldomain"])
        csr = world.csr("www.example.test", tag="again")
        rig.wait_for(lambda: acmems.sign(csr).status == 200, "signed")
        assert web.paths() == ["/register", "/update"]


def test_an_account_that_is_not_known_there(world):
    with dns_web.AcmeDns(world, "auth.test") as web:
        account = web.register()
        world.set_cname("_acme-challenge.www.example.test", account["fulldomain"])
        acmems = world.acmems(module(world, web, accounts={"www.example.test": dict(account, password="other")}))
        acmems.announce("status 401", "no account")
        assert acmems.sign(world.csr("www.example.test")).status == 500
        rig.wait_for(lambda: dns_rig.messages(acmems, 'update at .*status 401, ".*forbidden'), "reason")
        assert acmems.sign(world.csr("other.example.test", tag="other")).status == 500
        rig.wait_for(lambda: dns_rig.messages(acmems, "no account at acme-dns"), "reason")


def test_a_server_that_fails_at_first(world):
    with dns_web.AcmeDns(world, "auth.test") as web:
        account = web.register()
        world.set_cname("_acme-challenge.www.example.test", account["fulldomain"])
        web.faults += [500, "lose"]
        # an older spelling of the members
        old = {"Username": account["username"], "Password": account["password"],
               "FullDomain": account["fulldomain"], "SubDomain": account["subdomain"]}
        world.acmems(module(world, web, accounts={"www.example.test": old})).signed(world.csr("www.example.test"))
        assert web.paths() == ["/update"] * 3


def test_dns_account_01(world, tmp_path):
    """Each account of the CA has a CNAME of its own, which is told when it is missing."""
    with dns_web.AcmeDns(world, "auth.test") as web:
        account = web.register()
        acmems = world.acmems(module(world, web, 'challenge = "dns-account-01";', {"www.example.test": account}))
        acmems.announce("IN CNAME")
        answer = acmems.sign(world.csr("www.example.test"))
        assert answer.status == 421
        name = re.search(r"set: (_[a-z2-7]{16}\._acme-challenge\.www\.example\.test)\. IN CNAME", answer.text).group(1)
        world.set_cname(name, account["fulldomain"])
        acmems.signed(world.csr("www.example.test"))


@pytest.mark.parametrize("kind", ["bind", "knot"])
def test_as_the_manual_says(tmp_path, start, kind):
    """The page's configuration, what the first order says, and the page's ways to set the CNAME."""
    world = dns_web.World(tmp_path, start, "example.org", "auth.example.net", knot=kind == "knot")
    try:
        with dns_web.AcmeDns(world, "auth.example.net") as web:
            text = re.fullmatch(r"validator: \{\n  dns: \{\n(.*)  \};\n\};\n", example(PAGE, "validator:"), flags=re.S).group(1)
            path = tmp_path / "acmedns.json"
            acmems = world.acmems(text.replace("https://auth.example.net", web.url).replace(
                "/var/lib/acmems/acmedns.json", str(path)))
            acmems.announce("registered")
            answer = acmems.sign(world.csr("www.example.org"))
            assert answer.status == 421
            target = json.loads(path.read_text())["www.example.org"]["fulldomain"]

            def here(marker):
                return example(PAGE, marker).replace("https://auth.example.net", web.url).replace(
                    "8e5700ea-a4bf-41c7-8a77-e990661dcc6a.auth.example.net", target)

            assert " ".join(here("now set:").split()) in " ".join(answer.text.split()), answer.text
            if kind == "bind":
                world.zones[0].extra += here("  CNAME  ")
                world.restart_bind()
            else:
                for line in here("knotc").replace("\\\n", "").splitlines():
                    rig.run("knotc", "-s", tmp_path / "knot/knot.sock", *shlex.split(line)[1:])
            acmems.signed(world.csr("www.example.org"))
            assert web.paths() == ["/register", "/update"]
    finally:
        world.stop()
