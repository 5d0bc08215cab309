# SPDX-License-Identifier: ISC
"""dns-01 by a web server that speaks the protocol of lego's httpreq."""

import re
import sys
import threading

import dns_rig
import dns_web
import pytest
import rig
from script_rig import example


@pytest.fixture
def world(tmp_path, start):
    made = dns_web.World(tmp_path, start, "example.test", "elsewhere.test")
    yield made
    try:
        made.clean()
    finally:
        made.stop()


def module(web, options=""):
    return f'type = "dns01-httpreq"; endpoint = "{web.url}/dns"; {options}'


def test_wildcard_and_apex(world):
    with dns_web.HttpReq(world) as web:
        acmems = world.acmems(module(web))
        chain = acmems.signed(world.csr("example.test", "*.example.test", "www.example.test"))
        assert "DNS:*.example.test" in rig.leaf(chain)
        world.clean()
        assert sorted(web.paths()) == ["/dns/cleanup"] * 3 + ["/dns/present"] * 3
        sent = {body["fqdn"] for _, body in web.requests}
        assert sent == {"_acme-challenge.example.test.", "_acme-challenge.www.example.test."}


def test_dns_account_01(world):
    with dns_web.HttpReq(world) as web:
        world.acmems(module(web, 'challenge = "dns-account-01";')).signed(world.csr("www.example.test"))
        world.clean()
        assert all(re.fullmatch(r"_[a-z2-7]{16}\._acme-challenge\.www\.example\.test\.", body["fqdn"])
                   for _, body in web.requests)


def test_cname_into_another_zone(world):
    world.set_cname("_acme-challenge.www.example.test", "x.elsewhere.test")
    with dns_web.HttpReq(world) as web:
        world.acmems(module(web)).signed(world.csr("www.example.test"))
        world.clean()
        assert {body["fqdn"] for _, body in web.requests} == {"x.elsewhere.test."}


def test_raw_over_tls_with_password(world, tmp_path):
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    password.chmod(0o600)
    (tmp_path / "web").mkdir()
    tls = rig.make_tls(tmp_path / "web")
    with dns_web.HttpReq(world, user="me:open sesame", tls=tls) as web:
        options = f'mode = "raw"; username = "me"; password-file = "{password}"; ca-file = "{tls[0]}";'
        world.acmems(module(web, options)).signed(world.csr("example.test", "*.example.test"))
        world.clean()
        assert all(set(body) == {"domain", "token", "keyAuth"} for _, body in web.requests)


def test_wrong_password(world, tmp_path):
    password = tmp_path / "password"
    password.write_text("xyzzy\n")
    password.chmod(0o600)
    with dns_web.HttpReq(world, user="me:right") as web:
        acmems = world.acmems(module(web, f'username = "me"; password-file = "{password}";'))
        acmems.announce("status 401")
        answer = acmems.sign(world.csr("www.example.test"))
        assert answer.status == 500
        rig.wait_for(lambda: dns_rig.messages(acmems, 'present of the server at .*status 401, "who are you'), "reason")
        assert "xyzzy" not in acmems.log()


def test_a_server_that_fails_at_first(world):
    """Refuses, loses the answer, is well; and when cleaning up the same."""
    with dns_web.HttpReq(world) as web:
        web.faults += [503, "lose", None, "lose", 500]
        world.acmems(module(web)).signed(world.csr("www.example.test"))
        rig.wait_for(lambda: web.paths().count("/dns/cleanup") == 3, "cleaned up at the third try")
        assert web.paths() == ["/dns/present"] * 3 + ["/dns/cleanup"] * 3
        world.clean()


def test_a_server_that_is_gone(world):
    with dns_web.HttpReq(world) as web:
        options = module(web, 'timeout = "2s";')
    acmems = world.acmems(options)
    acmems.announce("connection", "refused", "connect")
    answer = acmems.sign(world.csr("www.example.test"))
    assert answer.status in (503, 504), answer.text
    rig.wait_for(lambda: dns_rig.messages(acmems, "present of the server at .*tries, the last"), "reason in the log")


def test_a_record_that_never_appears(world):
    with dns_web.HttpReq(world) as web:
        web.answer = lambda path, headers, body: (200, "")
        acmems = world.acmems(module(web, 'timeout = "2s";'))
        acmems.announce("127.0.0.1")
        answer = acmems.sign(world.csr("www.example.test"))
        assert answer.status == 504, answer.text
        rig.wait_for(lambda: "/dns/cleanup" in web.paths(), "cleaned up all the same")


def test_stopped_in_the_middle(world):
    """What the server has been told is taken back."""
    with dns_web.HttpReq(world) as web:
        web.faults += ["lose", "stall"]
        acmems = world.acmems(module(web))
        acmems.announce("stall|given up|cancel|stopp|end")
        client = threading.Thread(target=lambda: acmems.sign(world.csr("www.example.test")), daemon=True)
        client.start()
        rig.wait_for(lambda: len(web.requests) >= 2, "the server has the record")
        acmems.signal(15)
        rig.wait_for(lambda: "stopping" in acmems.log(), "it stops")
        acmems.signal(15)
        rig.wait_for(lambda: "/dns/cleanup" in web.paths(), "taken back")
        acmems.wait()
        client.join(rig.PATIENCE)
        world.clean()


def test_leftovers_of_a_crash_are_removed_at_the_next_start(world):
    with dns_web.HttpReq(world) as web:
        acmems = world.acmems(module(web, 'propagation = [ "127.0.0.2:9" ];'))
        client = threading.Thread(target=lambda: pytest.raises(OSError, acmems.sign, world.csr("www.example.test")))
        client.start()
        rig.wait_for(world.texts, "published")
        acmems.crash()
        client.join()
        assert world.texts()
        again = rig.Acmems(world.folder, acmems.config.read_text())
        try:
            world.clean()
            assert web.paths() == ["/dns/present", "/dns/cleanup"]
        finally:
            assert again.stop() == 0
        assert not list((world.folder / "state").iterdir())


@pytest.mark.parametrize("kind", ["bind", "knot"])
def test_the_server_of_the_man_page(tmp_path, start, kind):
    """As it stands there for BIND, and with the change for Knot."""
    text, knot = (example("acmems-validator-dns01-httpreq.7", marker) for marker in ("import http.server", "knsupdate"))
    world = dns_web.World(tmp_path, start, "example.org", knot=kind == "knot")
    key = tmp_path / "acmems.key"
    key.write_text(world.key.bind())
    if kind == "knot":
        key.write_text(f"{world.key.algorithm}:{world.key.name}:{world.key.secret}\n")
        begin, end = (re.escape(line) for line in (knot.splitlines()[0].strip(), knot.splitlines()[-1].strip()))
        text, count = re.subn(rf"^ *{begin}.*?{end}\n", lambda match: knot, text, flags=re.M | re.S)
        assert count == 1
    port = rig.Ports.take()
    text = re.sub(r"/etc/(bind|knot)/acmems\.key", str(key), text).replace("8053", str(port))
    text = text.replace("server 127.0.0.1\\n", f"server 127.0.0.1 {world.bind.port}\\n")
    (tmp_path / "server.py").write_text(text)
    server = rig.Process([sys.executable, tmp_path / "server.py"], tmp_path / "server.log")
    try:
        options = f'type = "dns01-httpreq"; endpoint = "http://127.0.0.1:{port}/acme";'
        world.acmems(options).signed(world.csr("example.org", "*.example.org"))
        world.clean()
    finally:
        server.stop()
        world.stop()
