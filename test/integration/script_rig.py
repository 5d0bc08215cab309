# SPDX-License-Identifier: ISC
"""Scripts for the modules that run programs, and those that the man pages show."""

import re

import rig


def script(folder, name, text, mode=0o755):
    """Writes a script and returns its path."""
    path = folder / name
    path.write_text(text)
    path.chmod(mode)
    return path


def examples(page):
    """The literal blocks of a man page, as a reader sees them."""
    text = (rig.ROOT / "man" / page).read_text()
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text, flags=re.M | re.S)
    return [re.sub(r"^\\&", "", block.replace("\\e", "\\"), flags=re.M) for block in blocks]


def example(page, marker):
    """The one literal block that holds the marker."""
    found = [block for block in examples(page) if marker in block]
    assert len(found) == 1, (page, marker, len(found))
    return found[0]
