# SPDX-License-Identifier: ISC
"""The newcomer's script, and what is left when it ends: nothing."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess

import pytest

import rig


class Quickstart:
    """etc/quickstart.sh --keep in a build folder that is there already."""

    def __init__(self, folder):
        self.log = folder / "quickstart.log"
        tmp = folder / "tmp"
        tmp.mkdir()
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                [rig.ROOT / "etc/quickstart.sh", "--keep"], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                env=dict(os.environ, ACMEMS_BUILD=str(rig.BUILD), TMPDIR=str(tmp)),
                # pytest may have been started where these are ignored, which a shell can not take back
                preexec_fn=lambda: [signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGHUP)])
        rig.wait_for(lambda: "Still running" in self.text() or self.popen.poll() is not None, "quickstart", 120)
        assert self.popen.poll() is None, self.text()
        self.url = re.search(r"Still running: (\S+)", self.text())[1]
        self.folder = pathlib.Path(re.search(r"files: ([^;]+);", self.text())[1])
        self.children = [int(pid) for pid in rig.run("ps", "-o", "pid=", "--ppid", self.popen.pid).stdout.split()]

    def text(self):
        return self.log.read_text()

    @staticmethod
    def alive(pid):
        return os.path.exists(f"/proc/{pid}/exe")

    def left(self):
        return [pid for pid in self.children if self.alive(pid)] + list(self.folder.parent.iterdir())

    def kill(self):
        for pid in [self.popen.pid, *self.children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def quickstart(tmp_path):
    run = Quickstart(tmp_path)
    yield run
    if run.popen.poll() is None or run.left():
        run.kill()


@pytest.mark.parametrize("end", ["Enter", "SIGHUP", "SIGINT", "SIGTERM"])
def test_shows_a_certificate_and_leaves_nothing(quickstart, end):
    assert "DNS:www.example.org" in quickstart.text()
    assert len(quickstart.children) == 3, quickstart.children
    assert b"This is acmems" in rig.run("curl", "-fsS", quickstart.url).stdout
    if end == "Enter":
        quickstart.popen.communicate(b"\n")
        assert quickstart.popen.returncode == 0
    else:
        quickstart.popen.send_signal(signal.Signals[end])
        assert quickstart.popen.wait(rig.PATIENCE) == 128 + signal.Signals[end]
        quickstart.popen.stdin.close()
    assert not quickstart.left()
