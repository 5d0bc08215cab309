# SPDX-License-Identifier: ISC
"""Fixtures: a CA, its resolver, and daemons that are checked when they end (log gate)."""

import pathlib
import sys

import pytest
from _pytest.runner import runtestprotocol

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import rig  # noqa: E402


def pytest_report_header():
    return [f"acmems: {rig.BUILD}{' with sanitizers' if rig.SANITIZED else ''}", f"pebble: {rig.pebble_version()}"]


def pytest_make_parametrize_id(val):
    """Names of tests that fit on a line, and hold no control characters."""
    if isinstance(val, (str, bytes)) and len(val) > 40:
        return f"{val[:30]!r}... ({len(val)})"
    return None


TRIES_MAX = 4


def run_test(item, nextitem):
    """Runs a test and its fixtures; its reports, and whether it had a CA that was dead all the time (rig.Pebble)."""
    before = rig.Pebble.deadlocks
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    failed = any(report.failed for report in reports)
    if failed:
        for ca in [ca for ca in rig.Pebble.running if ca.is_deadlocked()]:
            ca.renew()
    return reports, failed and rig.Pebble.deadlocks > before


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """A test that fails is run again if it was the CA that came to a deadlock, and only then."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports, dead = run_test(item, nextitem)
    for _ in range(1, TRIES_MAX):
        if not dead:
            break
        print(f"\n{item.nodeid}: pebble has come to a deadlock; once more", file=sys.__stderr__)
        item._initrequest()
        reports, dead = run_test(item, nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.fixture(scope="session")
def resolver(tmp_path_factory):
    process = rig.Resolver(tmp_path_factory.mktemp("resolver"))
    yield process
    process.stop()


@pytest.fixture(scope="session")
def http_port():
    """Where the CA looks for http-01 answers."""
    return rig.Ports.take()


@pytest.fixture(scope="session")
def pebble(tmp_path_factory, resolver, http_port):
    """The CA that most tests share: no sleeps, no rejected nonces, no reuse."""
    process = rig.Pebble(tmp_path_factory.mktemp("pebble"), resolver, http_port)
    yield process
    process.stop()


@pytest.fixture
def make_pebble(tmp_path, resolver, http_port):
    """CAs with other habits."""
    started = []

    def make(**options):
        folder = tmp_path / f"pebble{len(started)}"
        folder.mkdir()
        started.append(rig.Pebble(folder, resolver, http_port, **options))
        return started[-1]

    yield make
    for process in started:
        process.stop()


AUTH = '{ name = "test"; ip = [ "127.0.0.0/8" ]; domains = [ "*.example.org", "example.org" ]; }'


@pytest.fixture
def config(tmp_path, pebble, http_port):
    """Makes a configuration; keyword arguments replace or add parts."""

    def make(ca=None, auth=AUTH, mgmt="", account="", validator=None, storage=None, log="", terms="true",
             folder=tmp_path, port=None, directory=None):
        ca = ca or pebble
        (folder / "storage").mkdir(exist_ok=True)
        validator = validator or f'http: {{ type = "http01"; listen = [ "127.0.0.1:{http_port}" ]; }};'
        storage = storage or f'file: {{ type = "file"; directory = "{folder}/storage"; }};'
        return f"""
log: {{ level = "debug"; {log} }};
account: {{ ca: {{
  directory = "{directory or ca.directory}"; dir = "{folder}/account"; ca-file = "{ca.cert}";
  accept-terms-of-service = {terms}; {account} }}; }};
mgmt: {{ listen = [ "127.0.0.1:{port or rig.Ports.take()}" ]; {mgmt} }};
validator: {{ {validator} }};
storage: {{ {storage} }};
auth: ( {auth} );
"""

    return make


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    """Daemons end before the servers they talk to, in whatever order a test names its fixtures."""
    for process in getattr(item, "daemons", []):
        process.stop()


@pytest.fixture
def start(request, tmp_path):
    """Starts daemons; at the end each must stop cleanly with nothing unannounced in its log."""
    started = request.node.daemons = []

    def make(config, **options):
        folder = tmp_path / f"acmems{len(started)}"
        folder.mkdir()
        started.append(rig.Acmems(folder, config, **options))
        return started[-1]

    yield make
    for process in started:
        process.finish()


@pytest.fixture
def acmems(config, start):
    """A daemon with the usual configuration, its account registered."""
    return start(config()).ready()
