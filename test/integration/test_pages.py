# SPDX-License-Identifier: ISC
"""What the pages show is typed as it stands."""

import re
import subprocess

import pytest

import rig
from script_rig import examples

GROUPS = ("account", "mgmt", "validator", "storage", "notify", "auth")
# What an example may need besides: files that an operator makes, and the module that the page is about to write.
MISSING = re.compile(r"No such file or directory|there is no module auth-odd")
REST = {
    "account": 'account: { ca: { dir = "/nowhere"; accept-terms-of-service = true; }; };',
    "validator": 'validator: { http: { type = "http01"; listen = [ "127.0.0.1:1380" ]; }; };',
    "auth": 'auth: ( { name = "a"; ip = [ "127.0.0.1" ]; domains = [ "*.example.org" ]; } );',
}


def configurations(page):
    """The blocks of a page that are parts of a configuration, each made whole."""
    for block in examples(page):
        has = {group for group in GROUPS if re.search(rf"^{group}: ", block, re.M)}
        if has:
            yield "\n".join([block.replace("DIGEST", "0" * 64)] + [text for group, text in REST.items() if group not in has])


def faults(folder, text):
    path = folder / "page.conf"
    path.write_text(text)
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-t", "-c", path, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True)
    assert result.returncode in (0, 78)
    return result.stderr.splitlines()[:-1]


@pytest.mark.parametrize("page", sorted(path.name for path in (rig.ROOT / "man").glob("acmems*.[1-9]")))
def test_configurations(tmp_path, page):
    for text in configurations(page):
        wrong = [line for line in faults(tmp_path, text) if not MISSING.search(line)]
        assert not wrong, text


def test_readme(tmp_path):
    blocks = re.findall(r"(?:^    .*\n)+(?:\n?^    .*\n)*", (rig.ROOT / "README.md").read_text(), flags=re.M)
    found = [block for block in blocks if re.match(r"    (account|mgmt): ", block)]
    assert len(found) == 2
    assert not faults(tmp_path, found[0])
    wrong = [line for line in faults(tmp_path, "\n".join([found[1], *REST.values()])) if not MISSING.search(line)]
    assert not wrong
