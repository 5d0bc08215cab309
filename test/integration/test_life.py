# SPDX-License-Identifier: ISC
"""Reload, drain, clients that leave, and what the process holds."""

import pathlib
import re
import signal
import socket
import threading

import rig
import tls_rig

NEW_AUTH = '{ name = "new"; ip = [ "127.0.0.1" ]; domains = [ "*.example.net" ]; }'


def test_reload_takes_the_new_file(config, start, tmp_path):
    port = rig.Ports.take()
    acmems = start(config(port=port)).ready()
    csr = rig.make_csr(tmp_path, "www.example.net")
    assert acmems.sign(csr).status == 403
    acmems.config.write_text(config(port=port, auth=NEW_AUTH))
    acmems.signal(signal.SIGHUP)
    rig.wait_for(lambda: acmems.sign(csr).status != 403, "the new rules")
    acmems.signed(csr)
    assert acmems.sign(rig.make_csr(tmp_path, "www.example.org")).status == 403


def test_a_broken_file_changes_nothing(config, start, tmp_path):
    port = rig.Ports.take()
    acmems = start(config(port=port)).ready()
    acmems.announce(r"acmems\.conf:\d+", "reload")
    acmems.config.write_text(config(port=port, auth=NEW_AUTH).replace("domains", "domians"))
    acmems.signal(signal.SIGHUP)
    rig.wait_for(lambda: "domians" in acmems.log(), "refusal")
    assert re.search(r"acmems\.conf:\d+: .*domians", acmems.log())
    acmems.signed(rig.make_csr(tmp_path, "www.example.org"))


def test_an_instance_that_can_not_start_changes_nothing(config, start, tmp_path, http_port):
    port = rig.Ports.take()
    acmems = start(config(port=port)).ready()
    acmems.announce("reload", "in use", "listen")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        validator = f'http: {{ type = "http01"; listen = [ "127.0.0.1:{http_port}", "127.0.0.1:{busy}" ]; }};'
        acmems.config.write_text(config(port=port, validator=validator))
        acmems.signal(signal.SIGHUP)
        rig.wait_for(lambda: str(busy) in acmems.log() and "in use" in acmems.log(), "refusal")
    acmems.signed(rig.make_csr(tmp_path, "www.example.org"))


def test_requests_under_way_survive_a_reload(config, start, make_pebble, tmp_path):
    ca = make_pebble(sleep=3)
    port = rig.Ports.take()
    acmems = start(config(ca=ca, port=port)).ready()
    csr = rig.make_csr(tmp_path, "survive.example.org")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(acmems.sign(csr)))
    thread.start()
    rig.wait_for(lambda: ca.count("POST /chalZ/") >= 1, "challenge under way")
    acmems.config.write_text(config(ca=ca, port=port, auth=NEW_AUTH))
    rig.reload(acmems)
    assert acmems.sign(csr).status == 403, "the new rules"
    assert not answers
    thread.join(rig.PATIENCE)
    assert answers[0].status == 200, answers[0].text


def test_sigterm_drains(config, start, make_pebble, tmp_path):
    ca = make_pebble(sleep=3)
    acmems = start(config(ca=ca)).ready()
    csr = rig.make_csr(tmp_path, "drain.example.org")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(acmems.sign(csr)))
    thread.start()
    rig.wait_for(lambda: ca.count("POST /chalZ/") >= 1, "challenge under way")
    acmems.signal(signal.SIGTERM)
    rig.wait_for(lambda: not acmems.up(), "listeners shut")
    thread.join(rig.PATIENCE)
    assert answers[0].status == 200, answers[0].text
    assert acmems.wait() == 0


def test_a_client_that_leaves_finds_its_result_later(config, start, make_pebble, tmp_path):
    ca = make_pebble(sleep=2)
    acmems = start(config(ca=ca)).ready()
    csr = rig.make_csr(tmp_path, "gone.example.org")
    with socket.create_connection(("127.0.0.1", acmems.port)) as sock:
        sock.sendall(b"POST /sign HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(csr) + csr)
        rig.wait_for(lambda: ca.orders() == 1, "order")
    folder = rig.cache_folder(tmp_path / "storage", csr)
    rig.wait_for((folder / "cert.pem").exists, "kept")
    assert acmems.sign(csr).status == 200
    assert ca.orders() == 1


def test_one_thread_and_no_descriptor_leaks(acmems, tmp_path):
    csr = rig.make_csr(tmp_path, "fds.example.org")
    acmems.signed(csr)
    bad = rig.make_csr(tmp_path, "www.example.com")
    before = acmems.fds()
    for i in range(340):
        assert acmems.sign(csr).status == 200
        assert acmems.sign(bad).status == 403
        assert acmems.sign(b"nonsense").status == 415
    rig.wait_for(lambda: acmems.fds() <= before, "descriptors given back")
    assert acmems.threads() == 1


def test_one_thread_while_issuing(acmems, tmp_path):
    most = 0
    for i in range(5):
        acmems.signed(rig.make_csr(tmp_path, f"thread{i}.example.org"))
        most = max(most, acmems.threads())
    assert most == 1


def everything(config, folder, port):
    """A configuration with whatever keeps files, keys, queues and listeners."""
    server, clients = (tls_rig.Authority(folder / name, name) for name in ("server", "clients"))
    crl, tokens = folder / "crl.pem", folder / "tokens"
    crl.write_bytes(tls_rig.revoke(clients))
    tokens.write_text("".join(f"n{i} {i:064x} - *.example.org\n" for i in range(100)))
    tokens.chmod(0o600)
    group = tls_rig.group(*server.issue(), client_ca=clients.cert, client_crl=crl,
                          listen=[f"127.0.0.1:{rig.Ports.take()}"])
    methods = ['ip = [ "127.0.0.0/8" ]', f'token = "{tokens}"', 'hmac: { key = "secret"; }', 'exec = [ "/bin/true" ]',
               f'tls: {{ san = [ "*" ]; fingerprint = [ "{"00" * 32}" ]; }}']
    auth = ", ".join(f'{{ name = "{i}"; {method}; domains = [ "*.example.org" ]; }}' for i, method in enumerate(methods))
    return config(port=port, auth=auth, mgmt=group + ' trusted-proxies = [ "192.0.2.1" ];') + """notify: {
        web: { type = "webhook"; url = "http://127.0.0.1:9/"; }; run: { type = "exec"; command = [ "/bin/true" ]; };
        mail: { type = "mail"; server = "smtp://127.0.0.1:9"; from = "a@example.org"; to = [ "b@example.org" ]; };
    };
"""


def test_two_hundred_reloads_leave_nothing(config, start, tmp_path):
    """No memory, no descriptor, no process; whether they are taken or refused, early or late."""
    port = rig.Ports.take()
    good = everything(config, tmp_path, port)
    late = re.sub(r'(certificate = .* listen = \[)"[^"]*"', r'\1"192.0.2.77:1"', good)
    assert late != good
    acmems = start(good).ready()
    acmems.announce("reload", "notify")
    acmems.signed(rig.make_csr(tmp_path, "www.example.org"))

    def ends():
        return len(re.findall("takes over from|reload refused", acmems.log()))

    def reload(text, times):
        acmems.config.write_text(text)
        for _ in range(times):
            before = ends()
            acmems.signal(signal.SIGHUP)
            rig.wait_for(lambda: ends() > before, "it is taken or refused")

    def used():
        children = pathlib.Path(f"/proc/{acmems.pid}/task/{acmems.pid}/children").read_text()
        return acmems.fds() if not children else None
    texts = good, good.replace("trusted-proxies", "trusted-proxy"), late
    for text in texts:
        reload(text, 5)
    fds, memory = used(), acmems.status_kb("RssAnon")
    for text in texts:
        reload(text, 70)
    reload(good, 1)
    rig.wait_for(lambda: used() is not None and used() <= fds, "all descriptors are given back")
    # a sanitizer keeps what is freed, and looks for leaks itself
    assert rig.SANITIZED or acmems.status_kb("RssAnon") - memory < 300
    assert acmems.log().count("takes over from") == 76 and acmems.log().count("reload refused") == 150
