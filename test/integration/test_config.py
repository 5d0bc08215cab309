# SPDX-License-Identifier: ISC
"""The command line, and what it says about configurations that are wrong."""

import re
import subprocess

import pytest

import rig


def acmems(*arguments):
    return subprocess.run([rig.BUILD / "daemon/acmems", *map(str, arguments)], capture_output=True, text=True,
                          timeout=rig.PATIENCE)


def check(config, folder):
    path = folder / "checked.conf"
    path.write_text(config)
    return acmems("-t", "-c", path, "-m", rig.BUILD / "modules")


def test_a_good_file(config, tmp_path):
    result = check(config(), tmp_path)
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "account").exists()


@pytest.mark.parametrize("old, new, words", [
    ("listen =", "lisen =", r'"lisen".*"listen"'),
    ('level = "debug"', 'level = "lowd"', "lowd"),
    ('type = "http01"', 'type = "http1"', "http1"),
    ('type = "file"', 'type = "../file"', "file"),
    ('directory = "https:', 'directory = "gopher:', "https"),
    ("accept-terms-of-service = true", "accept-terms-of-service = yes", "true"),
    ('ip = [ "127.0.0.0/8" ]', 'ip = [ "127.0.0.1/8" ]', "127.0.0.1/8"),
    ('ip = [ "127.0.0.0/8" ]', 'ip = [ "localhost" ]', "localhost"),
    ('ip = [ "127.0.0.0/8" ]', "ip = 5", "ip"),
    ("mgmt: {", "mgmt: { max-size = 5000000000;", "5000000000"),
    ("mgmt: {", 'mgmt: { max-size = "16x";', "16x"),
    ("mgmt: {", 'mgmt: { timeout = "soon";', "soon"),
    ("mgmt: {", 'mgmt: { default-validator = "htpp";', '"http"'),
    ('name = "test";', "", "name"),
    ("auth: (", "auth: ( 5,", "group"),
    ("mgmt: {", 'notify: { log: { type = "syslog"; digest = "1h"; }; }; mgmt: {',
     'notify "log": "digest" is not for notify-syslog'),
    ("};", "}", ""),
    ("};", "}; };", ""),
])
def test_mistakes_are_named_with_file_and_line(config, tmp_path, old, new, words):
    good = config()
    assert old in good
    result = check(good.replace(old, new, 1), tmp_path)
    if old == "};" and new == "}":
        # libconfig lets a semicolon be left out
        assert result.returncode in (0, 78)
        return
    assert result.returncode == 78, result.stdout + result.stderr
    assert re.search(r"checked\.conf:\d+: ", result.stderr + result.stdout), result.stderr
    assert re.search(words, result.stderr + result.stdout), result.stderr


def test_every_mistake_is_named_at_once(config, tmp_path):
    wrong = config().replace("listen =", "lisen =", 1).replace('"127.0.0.0/8"', '"nonsense"').replace("domains", "domians")
    text = check(wrong, tmp_path).stderr
    assert "lisen" in text and "domians" in text


def test_a_missing_file(tmp_path):
    result = acmems("-t", "-c", tmp_path / "none.conf")
    assert result.returncode in (66, 78)
    assert "none.conf" in result.stderr


def test_list_and_describe():
    result = acmems("-l", "-m", rig.BUILD / "modules")
    assert result.returncode == 0
    for kind, name in (("validator", "http01"), ("auth", "ip"), ("auth", "hmac"), ("auth", "all"), ("storage", "none"),
                       ("storage", "file")):
        assert re.search(rf"{kind}\s+{name}\s+\S+\s+\S+", result.stdout), result.stdout
    result = acmems("-D", "storage-file", "-m", rig.BUILD / "modules")
    assert result.returncode == 0
    assert "renew-within" in result.stdout and "14d" in result.stdout
    described = acmems("-D", "notify-mail", "-m", rig.BUILD / "modules").stdout
    own, common = described.split("\nOptions of every notifier:\n")
    assert "\n  from: " in own and "at-most" not in own
    assert "  at-most: number, 1 to 1000000; default 60\n" in common
    described = acmems("-D", "ip", "-m", rig.BUILD / "modules").stdout
    assert "  domains: list" in described.split("\nOptions of every auth block:\n")[1]
    described = acmems("-D", "storage-none", "-m", rig.BUILD / "modules").stdout
    assert "  warn-within: duration" in described.split("\nOptions of every storage:\n")[1]
    assert "\nOperations: get, put, list, remove\n" in described
    for name, operations in (("storage-file", "get, put, list, remove, peek, next"), ("notify-mail", "send, send_several"),
                             ("auth-exec", "check"), ("http01", "present, cleanup")):
        described = acmems("-D", name, "-m", rig.BUILD / "modules").stdout
        assert f"\nOperations: {operations}\n" in described, described
    assert "\nSolves: http-01\n" in acmems("-D", "http01", "-m", rig.BUILD / "modules").stdout
    assert "\nSolves: what its options choose\n" in acmems("-D", "dns01-exec", "-m", rig.BUILD / "modules").stdout
    assert acmems("-D", "nonsense", "-m", rig.BUILD / "modules").returncode != 0


@pytest.mark.parametrize("group, option", [
    ("log", "level: one of"), ("mgmt", "tls: group\n"), ("mgmt", "  client-ca: text"),
    ("account", "accept-terms-of-service: list"), ("storage", "warn-within: duration"),
    ("notify", "events: list"), ("auth", "domains: list")])
def test_the_daemons_own_options_are_described(group, option):
    result = acmems("-D", group, "-m", rig.BUILD / "modules")
    assert result.returncode == 0, result.stderr
    assert f"\n  {option}" in result.stdout, result.stdout


def test_a_broken_module_is_named(tmp_path):
    (tmp_path / "auth-broken.so").write_text("not a module")
    (tmp_path / "auth-open.so").write_bytes((rig.BUILD / "modules/auth-all.so").read_bytes())
    (tmp_path / "auth-open.so").chmod(0o666)
    result = acmems("-l", "-m", tmp_path)
    text = result.stdout + result.stderr
    assert "auth-broken.so" in text and "auth-open.so" in text


def test_version_help_usage():
    result = acmems("-V")
    assert result.returncode == 0 and re.match(r"acmems \d+\.\d+", result.stdout)
    result = acmems("-h")
    assert result.returncode == 0
    for flag in ("--config", "--modules", "--test", "--list-modules", "--describe", "--daemon", "--verbose", "--version",
                 "--help"):
        assert flag in result.stdout
    assert acmems("--nonsense").returncode == 64
    assert acmems("surplus").returncode == 64


def test_detach(config, tmp_path):
    import os
    import signal
    port = rig.Ports.take()
    path = tmp_path / "detach.conf"
    path.write_text(config(port=port, log=f'target = "{tmp_path}/acmems.log";'))
    result = acmems("-d", "-c", path, "-m", rig.BUILD / "modules")
    assert result.returncode == 0, result.stderr
    found = rig.run("ss", "-Hltnp", f"sport = :{port}").stdout.decode()
    pid = int(re.search(r"pid=(\d+)", found).group(1))
    try:
        assert "127.0.0.1" in found
    finally:
        os.kill(pid, signal.SIGTERM)
    rig.wait_for(lambda: not os.path.exists(f"/proc/{pid}") or
                 "Z" in open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0], "ended")


def test_detach_says_what_is_wrong_on_the_terminal(config, tmp_path):
    path = tmp_path / "detach.conf"
    path.write_text(config().replace("listen =", "lisen =", 1))
    result = acmems("-d", "-c", path, "-m", rig.BUILD / "modules")
    assert result.returncode == 78
    assert "lisen" in result.stderr
