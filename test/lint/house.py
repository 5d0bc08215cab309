#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Checks the rules of the house that a machine can check (CONTRIBUTING.md). No exceptions list.

usage: house.py SOURCE_ROOT [BUILD_ROOT]     with a build, symbols and man pages are checked too
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1]).resolve()
BUILD = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None

FILE_LIMIT = 600
MODULE_LIMIT = 350
HEADER_LIMIT = 200
FUNCTION_LIMIT = 80
BRANCH_LIMIT = 20

LIB = ["base", "net", "dns", "x509", "conf", "acme"]

# Which rooms a room may include, besides itself and the public headers.
ARROWS = {
    "lib/base": [],
    "lib/net": ["base"],
    "lib/dns": ["base", "net"],
    "lib/x509": ["base"],
    "lib/conf": ["base"],
    "lib/acme": ["base", "net", "dns", "x509", "conf"],
    "daemon/settings": LIB,
    "daemon/registry": LIB + ["settings"],
    "daemon/generation": LIB + ["settings", "registry"],
    "daemon/notify": LIB + ["settings", "registry", "generation"],
    "daemon/sign": LIB + ["settings", "registry", "generation", "notify"],
    "daemon/reload": LIB + ["settings", "registry", "generation", "notify", "sign"],
    "daemon": LIB + ["settings", "registry", "generation", "notify", "sign", "reload"],
    "modules": [],
}

# Libraries that exactly one file may know: pattern of the include, most files allowed.
SINGLE = {
    r"<event2/http.*\.h>": "evhttp",
    r"<curl/.*\.h>": "curl",
    r"<ares.*\.h>": "c-ares",
    r"<libconfig\.h>": "libconfig",
    r"<cjson/cJSON\.h>": "cJSON",
}

# Libraries that exactly one room may know.
OF_ROOM = {
    r"<ldns/.*\.h>": "lib/dns",
}

BANNED = re.compile(
    r"\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atoll|gets|system|popen|alloca|tmpnam|mktemp|"
    r"strncat|scanf|sscanf|localtime|gmtime|asctime|ctime|rand|random|sleep|usleep|getaddrinfo|"
    r"gethostbyname|signal|setjmp|longjmp|abort)\s*\("
)

faults = []


def fault(path, line, text):
    where = path.relative_to(ROOT) if path.is_absolute() and ROOT in path.parents else path
    faults.append(f"{where}:{line}: {text}")


def strip(text):
    """Blanks comments and literals, keeping the lines."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def room_of(path):
    parts = path.relative_to(ROOT).parts[:-1]
    return parts[0] if parts[0] == "modules" else "/".join(parts[:2])


def is_own_part(path, target):
    """Is it a part of the same module: TYPE_PART.h beside TYPE.c and TYPE_PART.c? Or of all whose TYPE begins alike:
    dns01_PART.h beside dns01-exec.c?"""
    part = path.parent / target
    mine, whose = path.stem.split("_")[0], part.stem.split("_")[0]
    return "/" not in target and part.exists() and whose in (mine, mine.split("-")[0])


def check_includes(path, text, users):
    room = room_of(path)
    allowed = ARROWS.get(room)
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"][^>"]+[>"])', line)
        if not match:
            continue
        target = match.group(1)
        for pattern, name in SINGLE.items():
            if re.fullmatch(pattern, target):
                users.setdefault(name, set()).add(path)
        for pattern, owner in OF_ROOM.items():
            if re.fullmatch(pattern, target) and room != owner:
                fault(path, number, f"{target} is for {owner} only")
        if not target.startswith('"'):
            continue
        if allowed is None:
            fault(path, number, f"{room} is no room that ARROWS knows")
            return
        folder = target.strip('"').split("/")[0] if "/" in target else None
        if room == "modules":
            if not is_own_part(path, target.strip('"')):
                fault(path, number, f"a module includes {target}: only <acmems/*.h> is for modules")
        elif folder and folder not in allowed and folder != room.split("/")[-1]:
            fault(path, number, f"arrow up: {room} includes {target}")
        elif folder is None and room != "daemon":
            fault(path, number, f'include {target} with its room ("{room.split("/")[-1]}/...")')


def check_functions(path, code):
    start = None
    branches = 0
    for number, line in enumerate(code.splitlines(), 1):
        if line == "{":
            start, branches = number, 0
        elif line == "}" and start:
            if number - start - 1 > FUNCTION_LIMIT:
                fault(path, start, f"function of {number - start - 1} lines, limit {FUNCTION_LIMIT}")
            if branches > BRANCH_LIMIT:
                fault(path, start, f"function with {branches} branches, limit {BRANCH_LIMIT}")
            start = None
        elif start:
            branches += len(re.findall(r"\b(?:if|for|while)\b|&&|\|\||\?", line))


def check_file(path, users):
    text = path.read_text()
    code = strip(text)
    lines = text.count("\n")
    limit = MODULE_LIMIT if room_of(path) == "modules" else FILE_LIMIT
    if path.suffix == ".h" and path.parent.name == "acmems":
        limit = HEADER_LIMIT
        if re.search(r'#\s*include\s*"', text):
            fault(path, 1, "a public header includes a private one")
        for number, line in enumerate(code.splitlines(), 1):
            if re.match(r"\s*#\s*if(?!ndef ACMEMS_)", line):
                fault(path, number, "a public header must not depend on conditions")
    if lines > limit:
        fault(path, lines, f"{lines} lines, limit {limit}")
    if not text.startswith("/* SPDX-License-Identifier: ISC */\n"):
        fault(path, 1, "does not begin with the licence line")
    if not text.split("\n", 1)[1].lstrip().startswith("/*"):
        fault(path, 1, "no header comment")
    check_includes(path, text, users)
    check_functions(path, code)
    for number, line in enumerate(code.splitlines(), 1):
        if len(line.rstrip().expandtabs(8)) > 100:
            fault(path, number, "longer than 100 columns")
        match = BANNED.search(line)
        if match:
            fault(path, number, f"banned: {match.group(1)}()")
        if re.search(r"\bif \([^=!<>]*[^=!<>]=[^=]", line):
            fault(path, number, "assignment in a condition")
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            fault(path, number, "TODO without an owner: do it or open an issue")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic_symbols(path, which):
    result = set()
    for line in output("nm", "-D", which, str(path)).splitlines():
        result.add((line.split()[-1], line.split()[-2]))
    return result


def declared():
    """Functions of the public headers; types of callbacks are not among them."""
    names = set()
    for header in (ROOT / "lib/acmems").glob("*.h"):
        code = re.sub(r"\btypedef\b[^;{]*;", "", strip(header.read_text()))
        names |= set(re.findall(r"\b(acmems_\w+)\s*\(", code))
    return names


def check_symbols():
    library = BUILD / "lib/libacmems.so"
    exported = {name.split("@")[0] for name, _ in dynamic_symbols(library, "--defined-only")}
    public = {name for name in exported if name.startswith("acmems_")}
    promised = declared()
    for name in sorted(public - promised):
        fault(library, 0, f"exports {name}, which no public header declares")
    for name in sorted(promised - public):
        fault(library, 0, f"does not export {name}, which a public header declares")
    for module in sorted((BUILD / "modules").glob("*.so")):
        ours = {name for name, _ in dynamic_symbols(module, "--defined-only")}
        if ours != {"acmems_module"}:
            fault(module, 0, f"exports {sorted(ours)}, not just acmems_module")
        for name, _ in dynamic_symbols(module, "--undefined-only"):
            bare = name.split("@")[0]
            if bare in exported and not bare.startswith("acmems_"):
                fault(module, 0, f"uses {bare}, which is not for modules")
        for line in output("nm", "--format=sysv", str(module)).splitlines():
            parts = [part.strip() for part in line.split("|")]
            # constant tables of pointers are in .data.rel.ro, read-only once the loader is done
            if len(parts) == 7 and parts[6].startswith((".data", ".bss")) and parts[6] != ".data.rel.ro":
                if not parts[0].startswith(("_", "completed")):
                    fault(module, 0, f"mutable static data: {parts[0]}")


def check_pages():
    daemon = BUILD / "daemon/acmems"
    for module in sorted((BUILD / "modules").glob("*.so")):
        page = ROOT / "man" / f"acmems-{module.stem}.7"
        if not page.exists():
            fault(page, 0, "no man page for this module")
            continue
        text = output(str(daemon), "-m", str(BUILD / "modules"), "-D", module.stem)
        # those of the daemon are in acmems.conf(5)
        text = text.split("\nOptions of every ")[0]
        options = set(re.findall(r"^(?: {2}){1,2}([a-z][a-z0-9-]*)\b", text, flags=re.M))
        documented = set(re.findall(r"^\.It (?:Ic|Cm|Va) ([a-z][a-z0-9-]*)", page.read_text(), flags=re.M))
        for name in sorted(options - documented):
            fault(page, 0, f"option {name} is not documented")
        for name in sorted(documented - options):
            fault(page, 0, f"documents {name}, which is no option")
    for reader in ("man/acmems.8", "man/acmems.conf.5", "README.md"):
        text = (ROOT / reader).read_text()
        for page in sorted((ROOT / "man").glob("acmems-*.7")):
            if not re.search(rf"{page.stem}[( ]7", text):
                fault(ROOT / reader, 0, f"does not lead to {page.stem}(7)")


def main():
    users = {}
    for folder in ("lib", "daemon", "modules"):
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            check_file(path, users)
    for name, paths in users.items():
        # curl's pools have two kinds of members, requests and mails, with a file each
        if len({path.stem for path in paths} - {"curl_glue", "curl_mail"}) > 1:
            fault(sorted(paths)[0], 1, f"{name} is known to more than one file: {[p.name for p in paths]}")
    if BUILD:
        check_symbols()
        check_pages()
    print("\n".join(faults) or "the house stands")
    return 1 if faults else 0


sys.exit(main())
