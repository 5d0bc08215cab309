# SPDX-License-Identifier: ISC
"""Events as web servers, chats and the system's logger get them."""

import json
import re
import socket
import subprocess
import time

import pytest
import rig
import web_rig

MEMBERS = ["id", "event", "severity", "time", "first", "count", "summary", "fields"]


class Receiver(web_rig.WebServer):
    def answer(self, path, headers, body):
        return 200, "thank you"

    def events(self, name=None):
        return [body for _, body in self.requests if name in (None, body["event"])]


class Logger:
    """/dev/log of the test."""

    def __init__(self, path):
        self.path, self.lines = path, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def read(self):
        try:
            while True:
                self.lines.append(self.socket.recv(65536))
        except BlockingIOError:
            return self.lines

    def stop(self):
        self.socket.close()
        self.path.unlink()


@pytest.fixture
def receiver():
    with Receiver() as web:
        yield web


@pytest.fixture
def logger(tmp_path):
    made = Logger(tmp_path / "log.sock")
    yield made
    made.stop()


@pytest.fixture
def notifying(config, tmp_path):
    """A configuration with these notify instances, all of them the default."""

    def make(**instances):
        (tmp_path / "state").mkdir(exist_ok=True)
        names = ", ".join(f'"{name}"' for name in instances)
        groups = " ".join(f"{name}: {{ {options} }};" for name, options in instances.items())
        text = config(mgmt=f'default-notify = [ {names} ]; state-dir = "{tmp_path}/state";')
        return text + f"\nnotify: {{ {groups} }};\n"

    return make


def webhook(web, options=""):
    return f'type = "webhook"; url = "{web.url}/hook"; {options}'


def of_the_page(begin):
    """An example of the man page, by its first line."""
    page = (rig.ROOT / "man/acmems-notify-webhook.7").read_text()
    return re.search(rf"\.Bd [^\n]*\n({begin}.*?)\n\.Ed", page, re.S).group(1).replace("\\e", "\\")


def secret(folder, text, name="secret"):
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def strange_csr(folder):
    """A subject that would leave its quotes, its line and its header if anybody let it."""
    return rig.make_csr(folder, "www.example.net", subject='/O=x"}, {"y\r\nX-Evil: 1\n<0>forged/CN=www.example.net')


def test_signed_event(receiver, start, notifying, tmp_path):
    acmems = start(notifying(hook=webhook(receiver, f'secret-file = "{secret(tmp_path, "s3cret")}";'))).ready()
    acmems.signed(rig.make_csr(tmp_path, "www.example.org"))
    rig.wait_for(lambda: receiver.events("issued"), "the event")
    event = receiver.events("issued")[0]
    assert list(event) == MEMBERS
    assert event["fields"]["names"] == "www.example.org" and event["count"] == 1 and event["severity"] == "info"
    page = {}
    exec(of_the_page("import hashlib"), page)
    for _, headers, body in receiver.seen:
        assert page["genuine"](headers, body, b"s3cret")
        assert not page["genuine"](headers, body + b" ", b"s3cret")
        assert headers["X-Acmems-Id"] == json.loads(body)["id"]
    assert "s3cret" not in acmems.log()


def test_a_receiver_that_fails_stalls_and_recovers(receiver, start, notifying, tmp_path):
    receiver.faults += [503, "stall"]
    acmems = start(notifying(hook=webhook(receiver, 'timeout = "2s"; events = [ "issued" ];'))).ready()
    acmems.announce("hook")
    acmems.signed(rig.make_csr(tmp_path, "one.example.org"))
    rig.wait_for(lambda: receiver.seen, "the first try")
    begin = time.monotonic()
    acmems.signed(rig.make_csr(tmp_path, "two.example.org"))
    assert time.monotonic() - begin < 5, "signing waits for nobody"
    rig.wait_for(lambda: {"one.example.org", "two.example.org"} <=
                 {event["fields"]["names"] for event in receiver.events()[2:]}, "delivered at last", 60)
    first = [event["id"] for event in receiver.events() if event["fields"]["names"] == "one.example.org"]
    assert len(set(first)) == 1, "one event has one number"


def test_equal_events_are_one(receiver, start, notifying, tmp_path):
    """A client that is refused again and again makes a few messages, which count right."""
    acmems = start(notifying(hook=webhook(receiver, 'fold = "1s";'))).ready()
    csr = rig.make_csr(tmp_path, "www.example.net")
    for _ in range(100):
        assert acmems.sign(csr).status == 403
    rig.wait_for(lambda: sum(event["count"] for event in receiver.events("rejected")) == 100, "all are counted")
    assert len(receiver.events("rejected")) < 20
    ids = [event["id"] for event in receiver.events()]
    assert len(set(ids)) == len(ids)
    for event in receiver.events("rejected"):
        assert ("times since" in event["summary"]) == (event["count"] > 1)


def test_nothing_can_be_forged(receiver, logger, start, notifying, tmp_path):
    acmems = start(notifying(hook=webhook(receiver), log=f'type = "syslog"; socket = "{logger.path}";')).ready()
    acmems.sign(strange_csr(tmp_path), {"User-Agent": 'x"}\t{"y'})
    acmems.sign(rig.make_csr(tmp_path, "www.example.net", subject='/CN=a"}, {"b\n<0>forged'))
    acmems.sign(rig.make_csr(tmp_path, "not.example.net"))
    rig.wait_for(lambda: receiver.events("rejected") and logger.read(), "both have heard")
    for _, headers, body in receiver.seen:
        assert list(json.loads(body)) == MEMBERS
        assert "X-Evil" not in headers
    for line in logger.read():
        assert re.fullmatch(rb"<\d+>acmems\[\d+\]: event=[ -~]*", line), line
        assert b"<0>" not in line or b'"' in line.split(b"<0>")[0]


def test_audit_trail(logger, start, notifying, tmp_path):
    options = f'type = "syslog"; socket = "{logger.path}"; facility = "local3"; ident = "audit";'
    acmems = start(notifying(log=options)).ready()
    acmems.signed(rig.make_csr(tmp_path, "www.example.org"))
    acmems.sign(rig.make_csr(tmp_path, "www.example.net"))
    rig.wait_for(lambda: sum(b"event=issued" in line or b"event=rejected" in line for line in logger.read()) == 2, "both lines")
    issued = next(line for line in logger.lines if b"event=issued" in line).decode()
    assert issued.startswith("<158>audit[")
    assert re.search(r"event=issued id=\d+ time=\S+Z count=1 names=www\.example\.org ", issued)
    rejected = next(line for line in logger.lines if b"event=rejected" in line).decode()
    assert rejected.startswith("<156>audit[") and " peer=127.0.0.1 " in rejected


def test_all_formats(receiver, start, notifying, tmp_path):
    """Every format, and the template of the man page, of one event."""
    (tmp_path / "pagerduty.json").write_text(of_the_page(r'\{\n  "routing_key"'))
    token = f'token-file = "{secret(tmp_path, "tok")}"; events = [ "issued" ];'
    formats = ["json", "slack", "mattermost", "matrix", "teams", "ntfy", "gotify"]
    instances = {name: f'type = "webhook"; url = "{receiver.url}/{name}"; format = "{name}"; {token}' for name in formats}
    instances["ntfy"] += ' topic = "acme";'
    instances["page"] = f'type = "webhook"; url = "{receiver.url}/page"; template = "{tmp_path}/pagerduty.json"; {token}'
    start(notifying(**instances)).ready().signed(rig.make_csr(tmp_path, "www.example.org"))
    rig.wait_for(lambda: len(receiver.seen) == len(instances), "all have heard")
    bodies = {}
    for (path, body), (method, headers, _) in zip(receiver.requests, receiver.seen):
        name = path.split("/")[1]
        bodies[name] = body
        assert method == ("PUT" if name == "matrix" else "POST")
        assert headers.get("X-Gotify-Key" if name == "gotify" else "Authorization") in ("tok", "Bearer tok")
        assert "www.example.org" in json.dumps(body)
    assert list(bodies["json"]) == MEMBERS
    assert bodies["slack"]["mrkdwn"] is False
    assert bodies["mattermost"]["text"].startswith("```\n") and bodies["mattermost"]["text"].endswith("\n```")
    assert bodies["matrix"]["msgtype"] == "m.text" and bodies["matrix"]["m.mentions"] == {}
    assert bodies["teams"]["attachments"][0]["content"]["type"] == "AdaptiveCard"
    assert bodies["ntfy"]["topic"] == "acme" and bodies["ntfy"]["title"] == "acmems: issued"
    assert bodies["gotify"]["priority"] == 4
    assert bodies["page"]["event_action"] == "trigger" and bodies["page"]["payload"]["severity"] == "info"


def ask(text, folder, instance):
    path = folder / "acmems.conf"
    path.write_text(text)
    return subprocess.run([rig.BUILD / "daemon/acmems", "-c", path, "-m", rig.BUILD / "modules", "-N", instance],
                          capture_output=True, text=True, timeout=rig.PATIENCE)


def test_a_test_event(receiver, logger, notifying, tmp_path):
    """acmems -N sends one event and says what the receiver said."""
    text = notifying(hook=webhook(receiver, 'events = [ "failed" ];'), log=f'type = "syslog"; socket = "{logger.path}";',
                     program='type = "exec"; command = [ "/bin/echo", "understood" ];')
    result = ask(text, tmp_path, "hook")
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    assert result.stdout == 'acmems: notify "hook": delivered: status 200, "thank you"\n'
    event, = receiver.events()
    assert list(event) == MEMBERS and event["event"] == "test" and event["fields"] == {"instance": "hook"}
    assert ask(text, tmp_path, "log").stdout == 'acmems: notify "log": delivered\n'
    assert b"event=test" in logger.read()[0]
    assert "understood" in ask(text, tmp_path, "program").stdout
    result = ask(text, tmp_path, "hooks")
    assert result.returncode == 64 and '"hook", "log", "program"' in result.stderr
    receiver.faults += [403]
    result = ask(text, tmp_path, "hook")
    assert result.returncode == 69 and "status 403" in result.stderr and not result.stdout
