# SPDX-License-Identifier: ISC
"""A program of the operator's decides."""

import json

import pytest

import rig
from script_rig import example, script

LISTENS = 'ip = [ "127.0.0.0/8" ]; domains = [ "*.example.org", "example.org" ];'


@pytest.fixture
def judged(config, start, tmp_path):
    """Starts a daemon whose only block asks this script."""

    def make(text, options=""):
        path = script(tmp_path, "policy", text)
        return start(config(auth=f'{{ name = "office"; {LISTENS} exec: {{ command = [ "{path}", "an argument" ]; {options} }}; }}'))

    return make


def test_the_example_of_the_page(config, start, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 www.example.org\n127.0.0.1 *.w.example.org\n192.0.2.1 other.example.org\n")
    text = example("acmems-auth-exec.7", "grep -qxF").replace("/etc/acmems/hosts", str(hosts))
    path = script(tmp_path, "policy", text)
    daemon = start(config(auth=f'{{ name = "office"; {LISTENS} exec = [ "{path}", "office" ]; }}')).ready()
    daemon.signed(rig.make_csr(tmp_path, "www.example.org"))
    for names in (("other.example.org",), ("www.example.org", "other.example.org")):
        answer = daemon.sign(rig.make_csr(tmp_path, *names))
        assert answer.status == 403
        assert "policy" not in answer.text and "127.0.0.1" not in answer.text
    rig.wait_for(lambda: "127.0.0.1 is not other.example.org" in daemon.log(), "the reason is logged")


def test_it_sees_the_facts(judged, tmp_path):
    daemon = judged(f"#!/bin/sh\nprintf '%s|' \"$1\" \"$ACMEMS_NAMES\" \"$ACMEMS_PEER\" > {tmp_path}/seen\n"
                    f"cat > {tmp_path}/facts\nls /proc/self/fd > {tmp_path}/fds\n").ready()
    csr = rig.make_csr(tmp_path, "a.example.org", "b.example.org")
    daemon.signed(csr)
    assert (tmp_path / "seen").read_text() == "an argument|a.example.org b.example.org|127.0.0.1|"
    facts = json.loads((tmp_path / "facts").read_text())
    assert facts["block"] == "office" and facts["peer"] == "127.0.0.1"
    assert [name["name"] for name in facts["names"]] == ["a.example.org", "b.example.org"]
    assert facts["key"] == {"type": "ec", "bits": 256}
    assert facts["csr"].encode() == csr
    # those of ls: 0, 1, 2 and the folder it reads
    assert (tmp_path / "fds").read_text().split() == ["0", "1", "2", "3"]


@pytest.mark.parametrize("text, options, said", [
    ("#!/bin/sh\nexit 2\n", "", "ended with status 2"),
    ("#!/bin/sh\nkill -9 $$\n", "", "ended with status 137"),
    ("#!/bin/sh\nsleep 30\n", 'timeout = "200ms";', "ran longer than 200 ms"),
    ("#!/nonexistent\n", "", "cannot run"),
    ("no program\n", "", "it is no program"),
])
def test_who_could_not_find_out_lets_nobody_in(judged, tmp_path, text, options, said):
    daemon = judged(text, options).ready()
    daemon.announce("could not find out, which counts as no")
    assert daemon.sign(rig.make_csr(tmp_path, "www.example.org")).status == 403
    assert said in "\n".join(daemon.unannounced() or [daemon.log()])


def test_commands_are_checked_with_the_configuration(config, tmp_path):
    for command, said in (("policy", "absolute"), (f"{tmp_path}/none", "No such file"), (f"{tmp_path}/open", "changed by everybody"),
                          (f"{tmp_path}/plain", "Permission denied"), (str(tmp_path), "not a file")):
        script(tmp_path, "open", "#!/bin/sh\n", 0o777)
        script(tmp_path, "plain", "#!/bin/sh\n", 0o644)
        path = tmp_path / "bad.conf"
        path.write_text(config(auth=f'{{ name = "office"; {LISTENS} exec = "{command}"; }}'))
        result = rig.subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                                    capture_output=True, text=True)
        assert result.returncode == 78
        assert said in result.stderr and "bad.conf:" in result.stderr, result.stderr
