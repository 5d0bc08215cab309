# SPDX-License-Identifier: ISC
"""Events handed to a program of the operator's."""

import json
import subprocess

import pytest

import rig
from script_rig import example, script


@pytest.fixture
def told(config, start, tmp_path):
    """Starts a daemon whose events go to this script."""

    def make(text, options=""):
        path = script(tmp_path, "on-event", text)
        notify = f'notify: {{ pager: {{ type = "exec"; command = [ "{path}", "an argument" ]; {options} }}; }};\n'
        return start(config(mgmt=f'state-dir = "{tmp_path}/state"; default-notify = [ "pager" ];') + notify).ready()

    return make


def events(folder):
    path = folder / "events"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def keeper(folder):
    return f"#!/bin/sh\n{{ cat; echo; }} >> {folder}/events\nenv | grep ^ACMEMS_ | sort > {folder}/env.$ACMEMS_EVENT\n"


def test_issued_and_rejected(told, tmp_path):
    daemon = told(keeper(tmp_path))
    daemon.signed(rig.make_csr(tmp_path, "www.example.org", "b.example.org"))
    assert daemon.sign(rig.make_csr(tmp_path, "www.example.net")).status == 403
    def both():
        found = {e["event"]: e for e in events(tmp_path)}
        return found if {"issued", "rejected"} <= found.keys() else None
    found = rig.wait_for(both, "issued and rejected")
    issued, rejected = found["issued"], found["rejected"]
    assert sorted(issued["fields"]["names"].split(", ")) == ["b.example.org", "www.example.org"]
    assert issued["severity"] == "info" and issued["count"] == 1 and issued["first"] == issued["time"]
    assert issued["fields"]["peer"] == "127.0.0.1" and issued["id"] != rejected["id"]
    assert rejected["fields"]["names"] == "www.example.net"
    environment = dict(line.split("=", 1) for line in (tmp_path / "env.issued").read_text().splitlines())
    assert environment["ACMEMS_EVENT"] == "issued" and environment["ACMEMS_ID"] == issued["id"]
    assert environment["ACMEMS_FIELD_NOT_AFTER"] == issued["fields"]["not-after"]
    assert environment["ACMEMS_SUMMARY"] == issued["summary"]


def test_a_program_that_fails_is_run_again(told, tmp_path):
    daemon = told(f"#!/bin/sh\n[ -e {tmp_path}/tried ] || {{ touch {tmp_path}/tried; echo no route; exit 1; }}\n{{ cat; echo; }} >> {tmp_path}/events\n")
    daemon.announce("no route")
    daemon.signed(rig.make_csr(tmp_path, "again.example.org"))
    # an account may have been told of before
    rig.wait_for(lambda: [e for e in events(tmp_path) if e["fields"].get("names") == "again.example.org"], "delivered")


def test_the_example_of_the_page(told, tmp_path):
    text = example("acmems-notify-exec.7", "logger -p").replace("/var/lib/acmems/issued.list", f"{tmp_path}/issued.list")
    daemon = told(text)
    daemon.signed(rig.make_csr(tmp_path, "list.example.org"))
    rig.wait_for(lambda: (tmp_path / "issued.list").exists() and "list.example.org until 20" in (tmp_path / "issued.list").read_text(),
                 "the list has it")


def test_on_trial(config, tmp_path):
    """acmems -N says what the program said."""
    for text, code, said in (("#!/bin/sh\nprintf 'paged Jo \\033[2J'\n", 0, "paged Jo"),
                             ("#!/bin/sh\nprintf 'no route \\033[2J\\302\\2331m'\nexit 3\n", None, "no route")):
        path = script(tmp_path, "on-event", text)
        conf = tmp_path / "acmems.conf"
        conf.write_text(config() + f'notify: {{ pager: {{ type = "exec"; command = [ "{path}" ]; }}; }};\n')
        result = subprocess.run([rig.BUILD / "daemon/acmems", "-N", "pager", "-c", conf, "-m", rig.BUILD / "modules"],
                                capture_output=True, text=True)
        assert (result.returncode == 0) == (code == 0)
        assert said in result.stdout + result.stderr
        assert "\x1b" not in result.stdout + result.stderr
