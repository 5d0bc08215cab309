# SPDX-License-Identifier: ISC
"""The module kit: what is installed is enough to build modules with, ours and a stranger's."""

import functools
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import threading

import pytest

import rig
import script_rig

MODULES = ["auth-header", "notify-lines", "storage-memory", "validator-webroot"]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-format-truncation"]


class Installation:
    """What `meson install` puts down, in a folder, as a stranger with pkg-config sees it."""

    def __init__(self, root):
        self.root = root
        rig.run("meson", "install", "-C", rig.BUILD, "--no-rebuild", "--quiet", "--destdir", root)
        self.pc = self.one("acmems.pc")
        self.acmems = self.one("sbin/acmems")
        self.env = dict(
            os.environ, PKG_CONFIG_PATH=str(self.pc.parent), PKG_CONFIG_SYSROOT_DIR=str(root),
            LD_LIBRARY_PATH=str(self.pc.parent.parent), PATH=f"{self.acmems.parent}:{os.environ['PATH']}")

    def one(self, name):
        found = sorted(self.root.rglob(name))
        assert len(found) == 1, (name, found)
        return found[0]

    def run(self, *command, **options):
        result = subprocess.run([str(word) for word in command], env=self.env, capture_output=True, text=True, **options)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def pkg_config(self, *words):
        return self.run("pkg-config", *words, "acmems").split()


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    return Installation(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def template(installation, tmp_path_factory):
    """The folder in which the installed template was built."""
    folder = tmp_path_factory.mktemp("template")
    source = installation.one("module-template")
    shutil.copytree(source, folder / "source")
    options = ["-Db_sanitize=address,undefined", "-Db_lundef=false"] if rig.SANITIZED else []
    installation.run("meson", "setup", folder / "build", folder / "source", "-Dwerror=true", *options)
    installation.run("ninja", "-C", folder / "build")
    return folder / "build"


@pytest.mark.parametrize("compiler", [("gcc", "-x", "c"), ("g++", "-x", "c++")], ids=["c", "c++"])
def test_every_header_stands_alone(installation, compiler):
    if not shutil.which(compiler[0]):
        pytest.skip(f"no {compiler[0]}")
    flags = installation.pkg_config("--cflags")
    headers = sorted(path.name for path in installation.one("module.h").parent.glob("*.h"))
    assert len(headers) == len(list((rig.ROOT / "lib/acmems").glob("*.h")))
    for header in headers:
        installation.run(*compiler, *WARNINGS, *flags, "-fsyntax-only", "-",
                         input=f"#include <acmems/{header}>\n#include <acmems/{header}>\n")


def modules_of_ours():
    """The sources of each module, as paths below `modules/`."""
    targets = json.loads(rig.run("meson", "introspect", rig.BUILD, "--targets").stdout)
    return {target["name"]: [os.path.relpath(source, rig.ROOT / "modules") for group in target["target_sources"]
                             for source in group.get("sources", [])]
            for target in targets
            if target["type"] == "shared module" and target["defined_in"] == str(rig.ROOT / "modules/meson.build")}


def test_every_module_of_ours_needs_what_is_installed_only(installation, tmp_path):
    """Headers, library and pkg-config file: the sources are copied away from the tree's lib/."""
    sources, built = tmp_path / "modules", tmp_path / "built"
    shutil.copytree(rig.ROOT / "modules", sources)
    built.mkdir(mode=0o755)
    modules = modules_of_ours()
    assert {source for parts in modules.values() for source in parts} == {
        str(path.relative_to(sources)) for path in sources.rglob("*.c")}, "every source is a module's"
    cflags, libs = installation.pkg_config("--cflags"), installation.pkg_config("--libs")
    state = installation.pkg_config("--variable=statedir")[0]
    for name, parts in modules.items():
        installation.run(
            "gcc", "-std=gnu17", "-D_GNU_SOURCE", *WARNINGS, *cflags, '-DACMEMS_VERSION="7.7"',
            f'-DACMEMS_STATE_DIR="{state}"', "-fPIC", "-shared", "-fvisibility=hidden", "-Wl,-z,defs",
            "-o", built / f"{name}.so", *parts, *libs, cwd=sources)
        (built / f"{name}.so").chmod(0o755)
    said = installation.run(installation.acmems, "-m", built, "-l")
    assert re.findall(r"^(\w+) +(\S+) +7\.7 ", said, re.M) == [tuple(name.split("-", 1)) for name in sorted(modules)]


def test_the_template_passes_its_tests(installation, template):
    said = installation.run("meson", "test", "-C", template, "--no-rebuild", "--print-errorlogs")
    assert re.search(r"auth-header +OK", said)
    assert re.search(r"loader +OK", said), "acmems was not found"


def test_the_template_installs_beside_ours(installation, template, tmp_path):
    installation.run("meson", "install", "-C", template, "--no-rebuild", "--destdir", tmp_path)
    theirs = {path.name: path.parent.relative_to(tmp_path) for path in tmp_path.rglob("*.so")}
    assert sorted(theirs) == [f"{name}.so" for name in MODULES]
    # pkg-config may put its sysroot in front
    folder = str(installation.one("storage-none.so").parent.relative_to(installation.root))
    assert all(str(path).endswith(folder) for path in theirs.values()), theirs


def test_the_example_of_the_manual_is_a_module(installation, tmp_path):
    (tmp_path / "odd.c").write_text(script_rig.example("acmems-module.3", "ACMEMS_MODULE_HEAD"))
    folder = tmp_path / "modules"
    folder.mkdir(mode=0o755)
    installation.run("cc", *WARNINGS, *installation.pkg_config("--cflags"), "-fPIC", "-shared", "-fvisibility=hidden",
                     "-o", folder / "auth-odd.so", tmp_path / "odd.c", *installation.pkg_config("--libs"))
    (folder / "auth-odd.so").chmod(0o755)
    said = rig.run(rig.BUILD / "daemon/acmems", "-m", folder, "-D", "odd").stdout.decode()
    assert "auth-odd 1.0: lets in odd addresses" in said
    assert "whether the last bit has to be set" in said


def module_folder(tmp_path):
    folder = tmp_path / "modules"
    folder.mkdir(mode=0o755)
    for module in (rig.BUILD / "modules").glob("*.so"):
        shutil.copy(module, folder)
    return folder


def drop(template, folder):
    for name in MODULES:
        # as a package manager does: whole under another name, then renamed
        shutil.copy(template / f"{name}.so", folder / f".{name}.new")
        (folder / f".{name}.new").chmod(0o755)
        (folder / f".{name}.new").rename(folder / f"{name}.so")


@pytest.fixture
def webroot(tmp_path, http_port):
    """A web server where the CA looks; it shows a folder."""
    folder = tmp_path / "www/.well-known/acme-challenge"
    folder.mkdir(parents=True)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "www")
    with http.server.ThreadingHTTPServer(("127.0.0.1", http_port), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder
        server.shutdown()
        thread.join()


def events(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_dropped_modules_serve_from_the_next_reload_on(config, start, template, tmp_path, pebble, webroot):
    modules = module_folder(tmp_path)
    port = rig.Ports.take()
    other = f'http: {{ type = "http01"; listen = [ "127.0.0.1:{rig.Ports.take()}" ]; }};'
    acmems = start(config(port=port, validator=other), arguments=("-v", "-m", modules)).ready()
    csr = rig.make_csr(tmp_path, "dropped.example.org")
    lines = tmp_path / "events.json"
    new = config(
        port=port, mgmt='default-notify = [ "all" ];',
        validator=f'web: {{ type = "webroot"; directory = "{webroot}"; }};',
        storage='quick: { type = "memory"; renew-within = "1h"; };',
        auth='{ name = "team"; header: { name = "X-Team"; value = "web"; }; domains = [ "*.example.org" ]; }')
    new += f'notify: {{ all: {{ type = "lines"; file = "{lines}"; }}; }};\n'

    drop(template, modules)
    acmems.config.write_text(new)
    acmems.signal(signal.SIGHUP)
    rig.wait_for(lambda: acmems.sign(csr).status == 403, "the new rules")
    assert acmems.sign(csr, {"X-Team": "wep"}).status == 403

    before = pebble.orders()
    chain = acmems.signed(csr, {"X-Team": "web"})
    assert "dropped.example.org" in rig.leaf(chain)
    assert acmems.signed(csr, {"X-Team": "web"}) == chain
    assert pebble.orders() == before + 1
    assert list(webroot.iterdir()) == [], "cleaned up"
    rig.wait_for(lambda: "issued" in [event["event"] for event in events(lines)], "told")
