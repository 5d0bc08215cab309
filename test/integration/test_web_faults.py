# SPDX-License-Identifier: ISC
"""Options of the modules that talk to web servers, and of all notifiers, wrong in every way: the configuration
test names file, line and what is wrong."""

import re
import subprocess

import pytest
import rig

REQ = 'type = "dns01-httpreq"; endpoint = "https://dns.example.org"; '
DNS = 'type = "dns01-acmedns"; server = "https://auth.example.org"; accounts = "{folder}/accounts"; '
HOOK = 'type = "webhook"; url = "https://events.example.org"; '
LOG = 'type = "syslog"; '
FROM = 'type = "mail"; from = "a@example.org"; '
MAIL = FROM + 'to = "b@example.org"; '
EXEC = 'type = "exec"; command = "/bin/true"; '


@pytest.fixture
def faults(config, tmp_path):
    files = {"password": ("secret\n", 0o600), "open": ("secret\n", 0o644), "empty": ("", 0o600),
             "lines": ("a\nb\n", 0o600), "accounts": ("{}", 0o600), "list": ("[]", 0o600),
             "template": ("{\"a\": \"${names}\"}", 0o644), "typo": ("${nmaes}", 0o644)}
    for name, (text, mode) in files.items():
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)

    def check(kind, options):
        options = options.replace("{folder}", str(tmp_path))
        text = config(validator=f"one: {{ {options} }};") if kind == "validator" else \
            config() + f"\nnotify: {{ one: {{ {options} }}; }};\n"
        path = tmp_path / "bad.conf"
        path.write_text(text)
        return subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                              capture_output=True, text=True)

    return check


def names(kind, options):
    return [(kind, base + option, said) for base, option, said in options]


SHARED = [
    ('challenge = "http-01";', "dns-account-01"), ("challenge = 1;", "challenge"),
    ('timeout = "10x";', "timeout"), ('timeout = "10m";', "timeout"), ('timeout = "0s";', "timeout"),
    ("propagation = [ ];", "propagation"), ('propagation = [ "none", "authoritative" ];', "stand alone"),
    ('propagation = "192.0.2.1:99999";', "propagation"), ("propagation = [ 1 ];", "propagation"),
    ('resolvers = [ "not a server" ];', "resolvers"), ("nameserver-port = 0;", "nameserver-port"),
    ("nameserver-port = 65536;", "nameserver-port"), ('nameserver-port = "domain";', "nameserver-port"),
    ('ca-file = "";', "ca-file"), ("ca-file = 1;", "ca-file"),
]

VALIDATORS = names("validator", [
    *[(base, option, said) for base in (REQ, DNS) for option, said in SHARED],
    ('type = "dns01-httpreq"; ', "", "endpoint"),
    ('type = "dns01-httpreq"; ', 'endpoint = "";', "endpoint"),
    ('type = "dns01-httpreq"; ', 'endpoint = "dns.example.org";', "https://"),
    ('type = "dns01-httpreq"; ', 'endpoint = "https://a:b@dns.example.org";', "nor a user"),
    ('type = "dns01-httpreq"; ', 'endpoint = "https://dns.example.org?x=y";', "query"),
    (REQ, 'endpoints = "x";', "did you mean"),
    (REQ, 'mode = "cooked";', "raw"),
    (REQ, 'mode = "raw"; challenge = "dns-account-01";', "raw mode"),
    (REQ, 'username = "me";', "go together"),
    (REQ, 'password-file = "{folder}/password";', "go together"),
    (REQ, 'username = "m:e"; password-file = "{folder}/password";', "colon"),
    (REQ, 'username = "me"; password-file = "{folder}/none";', "password-file"),
    (REQ, 'username = "me"; password-file = "{folder}/open";', "0644"),
    (REQ, 'username = "me"; password-file = "{folder}/empty";', "is empty"),
    (REQ, 'username = "me"; password-file = "{folder}";', "regular file"),
    (REQ, "follow-cname = 1;", "follow-cname"),
    ('type = "dns01-acmedns"; ', 'server = "https://auth.example.org";', "accounts"),
    ('type = "dns01-acmedns"; ', 'server = "auth"; accounts = "{folder}/accounts";', "server"),
    ('type = "dns01-acmedns"; ', 'server = "auth.example.org"; accounts = "{folder}/accounts";', "https://"),
    ('type = "dns01-acmedns"; ', 'accounts = "{folder}/none";', "accounts"),
    ('type = "dns01-acmedns"; ', 'accounts = "{folder}/open";', "0644"),
    ('type = "dns01-acmedns"; ', 'accounts = "{folder}/list";', "JSON"),
    ('type = "dns01-acmedns"; ', 'accounts = "{folder}/accounts"; register = true;', "register needs server"),
    (DNS, 'register = "yes";', "register"),
    (DNS, 'allow-from = [ "192.0.2.0/24" ];', "register = true"),
    (DNS, 'register = true; allow-from = [ "192.0.2.0/33" ];', "allow-from"),
    (DNS, 'check-cname = "no";', "check-cname"),
])

NOTIFIERS = names("notify", [
    ('type = "webhook"; ', "", "either url or url-file"),
    ('type = "webhook"; ', 'url = "";', "url"),
    ('type = "webhook"; ', 'url = "events.example.org";', "https://"),
    ('type = "webhook"; ', 'url = "https://events.example.org/a b";', "do not belong"),
    ('type = "webhook"; ', 'url-file = "{folder}/none";', "url-file"),
    ('type = "webhook"; ', 'url-file = "{folder}/open";', "0644"),
    ('type = "webhook"; ', 'url-file = "{folder}/password";', "https://"),
    (HOOK, 'url-file = "{folder}/password";', "either url or url-file"),
    (HOOK, 'format = "irc";', "mattermost"),
    (HOOK, 'format = "ntfy";', "topic"),
    (HOOK, 'topic = "x";', "topic"),
    (HOOK, 'format = "slack"; template = "{folder}/template";', "either format or template"),
    (HOOK, 'template = "{folder}/none";', "template"),
    (HOOK, 'template = "{folder}/typo";', "nmaes"),
    (HOOK, 'content-type = "";', "content-type"),
    (HOOK, 'headers = [ "X-One" ];', "NAME: VALUE"),
    (HOOK, 'headers = [ "X One: 1" ];', "NAME: VALUE"),
    (HOOK, 'headers = [ "X-One: 1\\r\\nX-Two: 2" ];', "control characters"),
    (HOOK, 'headers-file = "{folder}/open";', "0644"),
    (HOOK, 'headers-file = "{folder}/lines";', "NAME: VALUE"),
    (HOOK, 'token-file = "{folder}/lines";', "more than one line"),
    (HOOK, 'secret-file = "{folder}/empty";', "is empty"),
    (HOOK, 'secret-file = "{folder}/open";', "0644"),
    (HOOK, 'ca-file = "";', "ca-file"),
    (HOOK, 'timeout = "1h";', "timeout"),
    (HOOK, 'timeouts = "1s";', "did you mean"),
    (LOG, 'facility = "local8";', "local7"),
    (LOG, 'ident = "";', "ident"),
    (LOG, 'ident = "a b";', "ident"),
    (LOG, 'ident = "a[1]:";', "ident"),
    (LOG, f'socket = "/{"x" * 120}";', "socket"),
    # what all of them know
    (LOG, 'events = [ "isued" ];', 'did you mean "issued"'), (LOG, 'events = [ "test" ];', "there is no event"),
    (LOG, 'events = [ "summary" ];', "there is no event"), (LOG, "events = true;", "events"), (LOG, "events = [ 1 ];", "events"),
    (LOG, 'fold = "2d";', "fold"), (LOG, 'fold = "-1s";', "fold"), (LOG, 'fold = "soon";', "fold"), (LOG, "fold = [ ];", "fold"),
    (LOG, "at-most = 0;", "at-most"), (LOG, "at-most = 1000001;", "at-most"), (LOG, 'at-most = "many";', "at-most"),
    (LOG, "queue = 0;", "queue"), (LOG, "queue = 10001;", "queue"), (LOG, "queue = 1.5;", "queue"),
    (LOG, "at-mots = 1;", 'did you mean "at-most"'),
    # mail
    ('type = "mail"; to = "b@example.org"; ', "", '"from"'),
    (FROM, "", '"to"'),
    (FROM, "to = [ ];", '"to"'), (FROM, "to = 5;", '"to"'), (FROM, 'to = "postmaster";', "no mail address"),
    (FROM, 'to = [ "b@example.org", "c@d> NOTIFY=NEVER" ];', "no mail address"),
    (FROM, 'to = "a@example.org\\r\\nRCPT TO:<x@y>";', "no mail address"), (FROM, 'to = "caf\u00e9@example.org";', "no mail address"),
    ('type = "mail"; to = "b@example.org"; ', 'from = "@example.org";', "no mail address"),
    ('type = "mail"; to = "b@example.org"; ', 'from = [ "a@b.c", "d@e.f" ];', "from"),
    (MAIL, 'server = "mail.example.org";', "smtp://"), (MAIL, 'server = "http://mail.example.org";', "smtp://"),
    (MAIL, 'server = "smtp://";', "no host"), (MAIL, 'server = "smtp://[::1";', '"]"'), (MAIL, 'server = "smtp://x:0";', "port"),
    (MAIL, 'server = "smtp://u:p@x";', "port"), (MAIL, 'server = "smtp://x/y";', "port"), (MAIL, "server = 25;", "server"),
    (MAIL, 'tls = "yes";', "starttls"), (MAIL, 'tls = "tls";', "go together"),
    (MAIL, 'server = "smtps://x"; tls = "starttls";', "go together"),
    (MAIL, 'user = "me"; tls = "starttls";', "go together"), (MAIL, 'password-file = "{folder}/password";', "go together"),
    (MAIL, 'user = "me"; password-file = "{folder}/password";', "only sent over TLS"),
    (MAIL, 'user = "me"; password-file = "{folder}/open"; tls = "starttls";', "0644"),
    (MAIL, 'user = "me"; password-file = "{folder}/none"; tls = "starttls";', "password-file"),
    (MAIL, 'user = "me"; password-file = "{folder}/empty"; tls = "starttls";', "is empty"),
    (MAIL, 'subject-prefix = "a\\r\\nBcc: x@y";', "line end"), (MAIL, f'subject-prefix = "{"x" * 101}";', "subject-prefix"),
    (MAIL, 'timeout = "2m";', "timeout"), (MAIL, 'ca-file = "";', "ca-file"), (MAIL, 'form = "x";', 'did you mean "from"'),
    (MAIL, 'digest = "2d";', "digest"),
    # exec
    ('type = "exec"; ', "", "command"), ('type = "exec"; ', "command = [ ];", "command"), ('type = "exec"; ', "command = 1;", "command"),
    ('type = "exec"; ', 'command = "true";', "absolute"), ('type = "exec"; ', 'command = "/none/such";', "/none/such"),
    ('type = "exec"; ', 'command = "{folder}/template";', "template"), ('type = "exec"; ', 'command = "{folder}";', "{folder}"),
    (EXEC, 'environment = "PATH";', "PATH"), (EXEC, 'environment = [ "=x" ];', "NAME=value"), (EXEC, 'timeout = "1h";', "timeout"),
    (EXEC, 'timeout = "0s";', "timeout"), (EXEC, 'comand = "/bin/true";', 'did you mean "command"'),
])


@pytest.mark.parametrize("kind,options,said", VALIDATORS + NOTIFIERS)
def test_faults_are_found_with_the_configuration(faults, tmp_path, kind, options, said):
    result = faults(kind, options)
    said = said.replace("{folder}", str(tmp_path))
    assert result.returncode == 78, result.stderr
    assert said in result.stderr and re.search(r"bad\.conf:\d+", result.stderr), result.stderr
    assert "secret" not in re.sub(r"change the secret|secret-file", "", result.stderr)


@pytest.mark.parametrize("kind,options", [
    ("validator", REQ), ("validator", DNS), ("notify", HOOK), ("notify", LOG), ("notify", MAIL), ("notify", EXEC),
    ("validator", REQ + 'username = "me"; password-file = "{folder}/password"; propagation = "none"; timeout = 20;'),
    ("validator", DNS + 'register = true; allow-from = [ "192.0.2.0/24", "2001:db8::/32" ];'),
    ("notify", HOOK + 'template = "{folder}/template"; secret-file = "{folder}/password"; headers = [ "A: b" ];')])
def test_what_is_well_is_taken(faults, kind, options):
    result = faults(kind, options)
    assert result.returncode == 0, result.stderr
