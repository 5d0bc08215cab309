# SPDX-License-Identifier: ISC
"""The process: signals beyond the first, log files, pid file, modules that come and go."""

import os
import shutil
import signal
import subprocess
import threading
import time

import rig


def test_a_second_signal_gives_up_what_is_under_way(config, start, make_pebble, tmp_path):
    ca = make_pebble(sleep=15)
    acmems = start(config(ca=ca)).ready()
    acmems.announce("given up", "stopping")
    csr = rig.make_csr(tmp_path, "giveup.example.org")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(acmems.sign(csr)))
    thread.start()
    rig.wait_for(lambda: ca.count("POST /chalZ/") >= 1, "challenge under way")
    acmems.signal(signal.SIGTERM)
    rig.wait_for(lambda: not acmems.up(), "listeners shut")
    assert acmems.alive()
    begin = time.monotonic()
    acmems.signal(signal.SIGTERM)
    assert acmems.wait() == 0
    assert time.monotonic() - begin < 10
    thread.join(rig.PATIENCE)
    assert answers[0].status == 503, answers[0].text


def test_drain_is_bounded(config, start, make_pebble, tmp_path):
    ca = make_pebble(sleep=15)
    acmems = start(config(ca=ca, mgmt='drain = "500ms";')).ready()
    acmems.announce("given up")
    csr = rig.make_csr(tmp_path, "bounded.example.org")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(acmems.sign(csr)))
    thread.start()
    rig.wait_for(lambda: ca.count("POST /chalZ/") >= 1, "challenge under way")
    acmems.signal(signal.SIGTERM)
    assert acmems.wait() == 0
    thread.join(rig.PATIENCE)
    assert answers[0].status == 503, answers[0].text


def test_a_log_file_that_was_moved_away(config, start, tmp_path):
    log = tmp_path / "file.log"
    acmems = start(config(log=f'target = "{log}";'))
    assert "started" in log.read_text()
    log.rename(tmp_path / "file.log.1")
    acmems.signal(signal.SIGUSR1)
    rig.wait_for(log.exists, "opened anew")
    rig.wait_for(lambda: "opened anew" in log.read_text(), "line in the new file")


def test_pid_file(config, start, tmp_path):
    pid_file = tmp_path / "acmems.pid"
    acmems = start(f'pid-file = "{pid_file}";' + config())
    rig.wait_for(pid_file.exists, "pid file")
    assert int(pid_file.read_text()) == acmems.pid
    acmems.stop()
    assert not pid_file.exists()


def own_modules(tmp_path):
    folder = tmp_path / "modules"
    folder.mkdir()
    for module in (rig.BUILD / "modules").glob("*.so"):
        if module.stem != "auth-all":
            shutil.copy(module, folder)
    return folder


def test_a_module_dropped_in_is_usable_after_a_reload(config, start, tmp_path):
    folder = own_modules(tmp_path)
    port = rig.Ports.take()
    acmems = start(config(port=port), arguments=["-v", "-m", folder]).ready()
    acmems.announce("reload")
    csr = rig.make_csr(tmp_path, "www.example.net")
    wanted = config(port=port, auth='{ name = "x"; all = true; domains = [ "*.example.net" ]; }')
    acmems.config.write_text(wanted)
    rig.reload(acmems)
    assert "auth-all.so" in acmems.log()
    assert acmems.sign(csr).status == 403
    shutil.copy(rig.BUILD / "modules/auth-all.so", folder)
    acmems.signal(signal.SIGHUP)
    rig.wait_for(lambda: acmems.sign(csr).status != 403, "the new rules")
    acmems.signed(csr)


def test_a_replaced_module_needs_a_restart_and_the_log_says_so(config, start, tmp_path):
    folder = own_modules(tmp_path)
    acmems = start(config(), arguments=["-v", "-m", folder]).ready()
    acmems.announce("auth-ip.so has changed")
    shutil.copy(folder / "auth-ip.so", folder / "new")
    os.rename(folder / "new", folder / "auth-ip.so")
    rig.reload(acmems)
    rig.wait_for(lambda: "restart acmems" in acmems.log(), "the advice")
    acmems.signed(rig.make_csr(tmp_path, "www.example.org"))


def test_systemd_is_told(config, start, tmp_path):
    import socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(rig.PATIENCE)
        acmems = start(config(), env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(4096).startswith(b"READY=1\n")
        acmems.signal(signal.SIGHUP)
        assert manager.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert manager.recv(4096).startswith(b"READY=1\n")
        acmems.stop()
        assert manager.recv(4096).startswith(b"STOPPING=1")


def test_two_can_not_share_an_address(config, start, tmp_path):
    first = start(config())
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-c", first.config, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode == 71
    assert str(first.port) in result.stderr and "in use" in result.stderr
    assert first.request("GET", "/").status == 200
