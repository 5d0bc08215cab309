# SPDX-License-Identifier: ISC
"""Programs that publish answers: each convention, with the scripts of the man page, real name servers and the CA."""

import functools
import http.server
import os
import re
import signal
import subprocess
import threading
import time

import pytest

import dns_rig
import rig
from script_rig import example, script

PAGE = "acmems-validator-dns01-exec.7"
KEY = dns_rig.Key("acmems")
ZONE = dns_rig.Zone("example.org", {"ns1.example.org.": "127.0.0.1"}, key=KEY,
                    extra="alias IN A 127.0.0.1\n_acme-challenge.alias IN CNAME alias.acme.example.org.\n")


class World:
    """A primary of example.org, a resolver that knows it, a CA that asks that one."""

    def __init__(self, folder, kind):
        self.folder = folder
        port = dns_rig.free_port("127.0.0.1")
        if kind == "knot":
            self.server = dns_rig.Knot(folder / "primary", "127.0.0.1", port, [ZONE])
        else:
            self.server = dns_rig.Bind(folder / "primary", port, [ZONE])
        # one for the daemon and one for the CA: an absence stays known until the second is over
        self.recursors = [dns_rig.Recursor(folder / name, {"example.org": ("127.0.0.1", port)}) for name in ("ours", "theirs")]
        self.pebble = rig.Pebble(folder, self.recursors[1], rig.Ports.take())
        self.before = self.server.transfer(ZONE)
        self.key_file = folder / "acmems.key"
        self.key_file.write_text(f"{KEY.algorithm}:{KEY.name}:{KEY.secret}\n" if kind == "knot" else KEY.bind())

    def fit(self, text):
        """A script of the page, with this world's names for things."""
        return text.replace("192.0.2.53 53", f"127.0.0.1 {self.server.port}").replace("/etc/acmems/acmems.key", str(self.key_file))

    def clean(self):
        return self.server.transfer(ZONE) == self.before

    def validator(self, options):
        return f"""dns: {{ type = "dns01-exec"; resolvers = [ "127.0.0.1:{self.recursors[0].port}" ];
                   nameserver-port = {self.server.port}; state-dir = "{self.folder}/state"; {options} }};"""

    def stop(self):
        for process in (self.pebble, *self.recursors, self.server):
            process.stop()


@pytest.fixture(scope="module")
def bind(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("bind"), "bind")
    yield world
    world.stop()


@pytest.fixture(scope="module")
def knot(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("knot"), "knot")
    yield world
    world.stop()


@pytest.fixture
def daemon(config, start):
    def make(world, options):
        return start(config(ca=world.pebble, validator=world.validator(options))).ready()

    return make


def check(daemon, world, folder, *names):
    """A certificate for these names, the zone as it was before."""
    chain = daemon.signed(rig.make_csr(folder, *names))
    text = rig.leaf(chain)
    assert all(f"DNS:{name}" in text for name in names)
    rig.wait_for(world.clean, "the zone is clean")


def lego_script(world):
    marker = "ZONE in the environment" if isinstance(world.server, dns_rig.Knot) else "# present|cleanup NAME. VALUE\n"
    return world.fit(example(PAGE, marker))


def test_lego_with_nsupdate(bind, daemon, tmp_path):
    path = script(tmp_path, "dns-update", lego_script(bind))
    acmems = daemon(bind, f'command = [ "{path}" ]; at-most = 8;')
    check(acmems, bind, tmp_path, "www.example.org", "example.org", "*.example.org")
    # where the CNAME leads is what the program is told
    check(acmems, bind, tmp_path, "alias.example.org")


def test_lego_with_dns_account_01(bind, daemon, tmp_path):
    text = lego_script(bind).replace("case $1 in", f"echo $2 >> {tmp_path}/names\ncase $1 in", 1)
    path = script(tmp_path, "dns-update", text)
    acmems = daemon(bind, f'command = [ "{path}" ]; challenge = "dns-account-01";')
    check(acmems, bind, tmp_path, "account.example.org")
    names = set((tmp_path / "names").read_text().split())
    assert len(names) == 1 and re.fullmatch(r"_[a-z2-7]{16}\._acme-challenge\.account\.example\.org\.", names.pop())


def test_lego_with_knsupdate(knot, daemon, tmp_path):
    path = script(tmp_path, "dns-update", lego_script(knot))
    acmems = daemon(knot, f'command = [ "{path}" ]; environment = [ "ZONE=example.org." ];')
    check(acmems, knot, tmp_path, "www.example.org", "*.example.org", "example.org")


def test_dehydrated(bind, daemon, tmp_path):
    path = script(tmp_path, "hook.sh", bind.fit(example(PAGE, "# deploy_challenge|clean_challenge DOMAIN TOKEN VALUE")))
    acmems = daemon(bind, f'command = [ "{path}" ]; convention = "dehydrated";')
    check(acmems, bind, tmp_path, "d.example.org", "*.d.example.org")


def test_dehydrated_with_its_own_dispatch(bind, daemon, tmp_path):
    """Most hooks are functions that the first argument names, in bash; unknown ones are not called."""
    path = script(tmp_path, "hook.sh", f"""#!/usr/bin/env bash
set -euo pipefail
change() {{
    printf 'server 127.0.0.1 {bind.server.port}\\nupdate %s\\nsend\\n' "$1" | nsupdate -k {bind.key_file}
}}
deploy_challenge() {{
    local DOMAIN="${{1}}" TOKEN_FILENAME="${{2}}" TOKEN_VALUE="${{3}}"
    change "add _acme-challenge.${{DOMAIN}}. 5 IN TXT \\"${{TOKEN_VALUE}}\\""
}}
clean_challenge() {{
    local DOMAIN="${{1}}" TOKEN_FILENAME="${{2}}" TOKEN_VALUE="${{3}}"
    change "delete _acme-challenge.${{DOMAIN}}. TXT \\"${{TOKEN_VALUE}}\\""
}}
HANDLER="$1"; shift
if [[ "${{HANDLER}}" =~ ^(deploy_challenge|clean_challenge)$ ]]; then
    "$HANDLER" "$@"
fi
""")
    acmems = daemon(bind, f'command = [ "{path}" ]; convention = "dehydrated";')
    check(acmems, bind, tmp_path, "e.example.org")


def test_certbot(bind, daemon, tmp_path):
    auth = script(tmp_path, "auth.sh", bind.fit(example(PAGE, "# auth.sh")) + "echo record 17\n")
    clean = script(tmp_path, "cleanup.sh", bind.fit(example(PAGE, "# cleanup.sh")) +
                   f'env | grep CERTBOT | sort > {tmp_path}/seen\n')
    acmems = daemon(bind, f'command = [ "{auth}" ]; cleanup-command = [ "{clean}" ]; convention = "certbot";')
    check(acmems, bind, tmp_path, "*.c.example.org")
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    validation = seen.pop("CERTBOT_VALIDATION")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", validation)
    assert seen == {"CERTBOT_DOMAIN": "c.example.org", "CERTBOT_IDENTIFIER": "c.example.org",
                    "CERTBOT_ALL_DOMAINS": "c.example.org", "CERTBOT_ALL_IDENTIFIERS": "c.example.org",
                    "CERTBOT_REMAINING_CHALLENGES": "0", "CERTBOT_AUTH_OUTPUT": "record 17"}


def test_lego_raw(bind, daemon, tmp_path):
    """The program gets what the CA gave, and makes the value itself."""
    path = script(tmp_path, "raw", f"""#!/bin/sh
set -eu
[ "$2" = -- ]
value=$(printf %s "$5" | openssl dgst -sha256 -binary | basenc --base64url | tr -d =)
case $5 in "$4".*) ;; *) exit 3 ;; esac
[ "$1" = present ] && verb=add || verb=delete
printf 'server 127.0.0.1 {bind.server.port}\\nupdate %s _acme-challenge.%s. 5 TXT "%s"\\nsend\\n' $verb "$3" "$value" |
    sed '/delete/s/ 5 TXT/ TXT/' | nsupdate -k {bind.key_file}
""")
    acmems = daemon(bind, f'command = [ "{path}" ]; convention = "lego-raw";')
    check(acmems, bind, tmp_path, "raw.example.org", "*.raw.example.org")


@pytest.mark.parametrize("kind", ["bind", "knot"])
def test_zones_of_the_page(tmp_path, kind):
    """With the page's configuration of the name server its program can do what it has to, and nothing else."""
    port = dns_rig.free_port("127.0.0.1")
    block = example(PAGE, "update-policy" if kind == "bind" else "update-type").replace("secret: SECRET", f"secret: {KEY.secret}")
    (tmp_path / "server").mkdir()
    (tmp_path / "server/example.org.zone").write_text(ZONE.text())
    key = tmp_path / "acmems.key"
    if kind == "bind":
        key.write_text(KEY.bind())
        server = dns_rig.Bind(tmp_path / "server", port, [], views=KEY.bind() + block)
        text = example(PAGE, "# present|cleanup NAME. VALUE\n")
    else:
        key.write_text(f"{KEY.algorithm}:{KEY.name}:{KEY.secret}\n")
        server = dns_rig.KnotByHand(tmp_path / "server", port, block)
        text = example(PAGE, "ZONE in the environment")
    try:
        text = text.replace("192.0.2.53 53", f"127.0.0.1 {port}").replace("/etc/acmems/acmems.key", str(key))
        path = script(tmp_path, "dns-update", text)
        address = script(tmp_path, "dns-address", text.replace(' TXT \\"$3\\"', " A $3"))
        env = dict(os.environ, ZONE="example.org.")
        name = "_acme-challenge.example.org."
        rig.run(path, "present", name, "value", env=env)
        assert server.ask(name, "txt") == ['"value"']
        rig.run(path, "cleanup", name, "value", env=env)
        assert not server.ask(name, "txt")
        assert subprocess.run([address, "present", "www.example.org.", "127.0.0.1"], env=env, capture_output=True).returncode
        assert not server.ask("www.example.org.", "a")
    finally:
        server.stop()


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.mark.parametrize("convention", ["dehydrated", "certbot"])
def test_files_of_http_01(config, start, tmp_path, http_port, convention):
    root = tmp_path / "www"
    folder = root / ".well-known/acme-challenge"
    folder.mkdir(parents=True)
    place = example(PAGE, "DOMAIN TOKEN CONTENT").replace("/var/www", str(root))
    options = f'command = [ "{script(tmp_path, "place-file", place)}" ];'
    if convention == "certbot":
        auth = script(tmp_path, "auth", f'#!/bin/sh\nprintf %s "$CERTBOT_VALIDATION" > "{folder}/$CERTBOT_TOKEN"\n'
                      f'umask > {tmp_path}/umask\n')
        clean = script(tmp_path, "clean", f'#!/bin/sh\nrm "{folder}/$CERTBOT_TOKEN"\n')
        options = f'command = [ "{auth}" ]; cleanup-command = [ "{clean}" ];'
    server = http.server.ThreadingHTTPServer(("127.0.0.1", http_port), functools.partial(Files, directory=root))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        daemon = start(config(validator=f'files: {{ type = "dns01-exec"; challenge = "http-01"; '
                                        f'state-dir = "{tmp_path}/state"; convention = "{convention}"; {options} }};')).ready()
        daemon.signed(rig.make_csr(tmp_path, "files.example.org"))
        rig.wait_for(lambda: not list(folder.iterdir()), "the file is gone")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def states(*which):
    return subprocess.run(["ps", "-o", "stat=", *map(str, which)], capture_output=True, text=True).stdout.split()


def alive(*which):
    """Whoever adopts the children of a program that is gone may leave them as zombies."""
    return [state for state in states(*which) if not state.startswith("Z")]


def test_a_program_that_fails_says_why(bind, daemon, tmp_path):
    path = script(tmp_path, "dns-update", "#!/bin/sh\n[ $1 = cleanup ] && exit\necho the provider is down >&2\nexit 7\n")
    acmems = daemon(bind, f'command = [ "{path}" ];')
    acmems.announce("the provider is down")
    answer = acmems.sign(rig.make_csr(tmp_path, "f.example.org"))
    # what it prints may be a secret
    assert answer.status == 500 and "provider" not in answer.text
    assert dns_rig.messages(acmems, "f.example.org: .*ended with status 7: the provider is down")
    assert dns_rig.messages(acmems, r"dns-update\[\d+\]: the provider is down")


def test_a_record_that_is_not_there_is_noticed_before_the_ca_is_told(bind, daemon, tmp_path):
    """The program says that all is well, and the client goes away before the two minutes are over."""
    path = script(tmp_path, "dns-update", f"#!/bin/sh\necho $1 >> {tmp_path}/calls\n")
    acmems = daemon(bind, f'command = [ "{path}" ];')
    validations = bind.pebble.count("Pulled a task from the Tasks queue")
    acmems.announce("g.example.org", "stopping")
    with pytest.raises(OSError):
        acmems.sign(rig.make_csr(tmp_path, "g.example.org"), timeout=2)
    assert bind.pebble.count("Pulled a task from the Tasks queue") == validations
    acmems.signal(signal.SIGTERM)
    acmems.signal(signal.SIGINT)
    acmems.wait()
    assert (tmp_path / "calls").read_text().split() == ["present", "cleanup"]


def test_out_of_time_nothing_is_left_running(bind, daemon, tmp_path):
    path = script(tmp_path, "dns-update", f"#!/bin/sh\n[ $1 = cleanup ] && exit\necho $$ > {tmp_path}/pid\nsleep 300 & sleep 300\n")
    acmems = daemon(bind, f'command = [ "{path}" ]; timeout = "500ms";')
    acmems.announce("ran longer than 500 ms")
    fds = acmems.fds()
    answer = acmems.sign(rig.make_csr(tmp_path, "h.example.org"))
    assert answer.status == 504 and "ran longer than 500 ms" in answer.text
    group = (tmp_path / "pid").read_text().strip()
    members = subprocess.run(["pgrep", "-g", group], capture_output=True, text=True).stdout.split()
    assert not members or not alive("-p", ",".join(members))
    assert not states("--ppid", acmems.pid)
    rig.wait_for(lambda: acmems.fds() <= fds, "no descriptor is left")


def test_programs_wait_for_each_other(bind, daemon, tmp_path):
    """As it is, one at a time, so that a program that changes a file needs no lock."""
    text = lego_script(bind).replace("#!/bin/sh\n", f"#!/bin/sh\nmkdir {tmp_path}/lock || exit 9\n", 1) + f"rmdir {tmp_path}/lock\n"
    path = script(tmp_path, "dns-update", text)
    acmems = daemon(bind, f'command = [ "{path}" ];')
    check(acmems, bind, tmp_path, *[f"n{i}.example.org" for i in range(8)])


def test_many_at_once(bind, daemon, tmp_path):
    path = script(tmp_path, "dns-update", lego_script(bind))
    acmems = daemon(bind, f'command = [ "{path}" ]; at-most = 16;')
    csrs = [rig.make_csr(tmp_path, f"m{i}.example.org", f"*.m{i}.example.org") for i in range(40)]
    acmems.signed(rig.make_csr(tmp_path, "first.example.org"))
    fds = acmems.fds()
    statuses = []
    threads = [threading.Thread(target=lambda csr=csr: statuses.append(acmems.sign(csr).status)) for csr in csrs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 40
    rig.wait_for(bind.clean, "the zone is clean")
    assert not states("--ppid", acmems.pid)
    # connections to the CA and to clients may stay open for a while
    rig.wait_for(lambda: acmems.fds() <= fds + 8, "no descriptor is left")


def test_a_reload_lets_programs_finish(bind, daemon, tmp_path):
    text = lego_script(bind).replace("case $1 in", f"echo $1 >> {tmp_path}/calls\n[ $1 = cleanup ] || sleep 1\ncase $1 in", 1)
    path = script(tmp_path, "dns-update", text)
    acmems = daemon(bind, f'command = [ "{path}" ];')
    csr = rig.make_csr(tmp_path, "reload.example.org")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(acmems.sign(csr)))
    thread.start()
    rig.wait_for((tmp_path / "calls").exists, "the program runs")
    rig.reload(acmems)
    thread.join()
    assert answers[0].status == 200, answers[0].text
    rig.wait_for(bind.clean, "the zone is clean")


def test_it_is_ended_with_the_daemon(bind, daemon, tmp_path):
    path = script(tmp_path, "dns-update", f"#!/bin/sh\n[ $1 = cleanup ] || echo $$ > {tmp_path}/pid\n"
                  f"echo $1 >> {tmp_path}/calls\n[ $1 = cleanup ] || exec sleep 300\n")
    acmems = daemon(bind, f'command = [ "{path}" ];')
    acmems.announce("stopping", "s.example.org", "given up")
    csr = rig.make_csr(tmp_path, "s.example.org")
    thread = threading.Thread(target=lambda: acmems.sign(csr))
    thread.start()
    rig.wait_for((tmp_path / "calls").exists, "the program runs")
    began = time.monotonic()
    acmems.signal(signal.SIGTERM)
    acmems.signal(signal.SIGINT)
    acmems.wait()
    thread.join()
    assert time.monotonic() - began < 10
    assert (tmp_path / "calls").read_text().split() == ["present", "cleanup"]
    pid = (tmp_path / "pid").read_text().strip()
    assert not alive("-p", pid)


def test_leftovers_of_a_crash_are_taken_away_at_the_next_start(bind, daemon, tmp_path):
    """The program has published; the daemon is killed while it asks a name server that nobody is."""
    path = script(tmp_path, "dns-update", lego_script(bind).replace("case $1 in", f"echo $1 >> {tmp_path}/calls\ncase $1 in", 1))
    nobody = 'propagation = [ "127.0.0.2:9" ];'
    acmems = daemon(bind, f'command = [ "{path}" ]; {nobody}')
    csr = rig.make_csr(tmp_path, "k.example.org")
    thread = threading.Thread(target=lambda: pytest.raises(OSError, acmems.sign, csr))
    thread.start()
    rig.wait_for(lambda: not bind.clean(), "published")
    acmems.crash()
    thread.join()
    assert not bind.clean()
    again = rig.Acmems(acmems.folder, acmems.config.read_text().replace(nobody, ""))
    try:
        rig.wait_for(bind.clean, "the zone is clean")
        assert (tmp_path / "calls").read_text().split() == ["present", "cleanup"]
        again.signed(csr)
        rig.wait_for(bind.clean, "the zone is clean")
    finally:
        assert again.stop() == 0
    assert not list((bind.folder / "state").iterdir())


def test_what_is_left_over_from_the_other_challenge_is_told(config, start, tmp_path):
    """The program of today can not take away what that of yesterday has published."""
    note = tmp_path / "state/dns01-exec-files.abcdef/1"
    note.parent.mkdir(parents=True, mode=0o700)
    note.write_bytes(b"\0".join([b"k.example.org", b"", b"token.thumb", b"value", b"_acme-challenge.k.example.org.", b"", b""]))
    path = script(tmp_path, "publish", "#!/bin/sh\n")
    acmems = start(config(validator=f'files: {{ type = "dns01-exec"; challenge = "http-01"; convention = "certbot"; '
                                    f'state-dir = "{tmp_path}/state"; command = [ "{path}" ]; '
                                    f'cleanup-command = [ "{path}" ]; }};'))
    acmems.announce("that was a TXT record")
    rig.wait_for(lambda: "k.example.org: that was a TXT record" in acmems.log(), "it is told")
    assert not note.parent.exists()


@pytest.mark.parametrize("options, said", [
    ('command = [ "relative" ];', "absolute path"),
    ('command = [ "/bin/sh" ]; environment = [ "no assignment" ];', "NAME=value"),
    ('command = [ "/bin/sh" ]; challenge = "http-01";', "http-01 needs"),
    ('command = [ "/bin/sh" ]; convention = "certbot"; challenge = "dns-account-01";', "dns-account-01 needs"),
    ('command = [ "/bin/sh" ]; propagation = [ "not a server" ];', "propagation"),
    ('command = [ ];', "must not be empty"),
    ('convention = "lego";', "command"),
    ('command = [ "/bin/sh" ]; convention = "acme.sh";', "lego-raw"),
])
def test_faults_are_found_with_the_configuration(config, tmp_path, options, said):
    path = tmp_path / "bad.conf"
    path.write_text(config(validator=f'dns: {{ type = "dns01-exec"; {options} }};'))
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True)
    assert result.returncode == 78
    assert said in result.stderr and "bad.conf:" in result.stderr, result.stderr
