# SPDX-License-Identifier: ISC
"""Broken modules: each is named with its reason, and none takes the daemon down."""

import pathlib
import re
import shutil
import signal
import subprocess

import pytest

import rig

SOURCE = """
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <acmems/auth.h>
#include <acmems/module.h>

struct broken { struct acmems_instance self; bool on; };

static const struct acmems_option options[] = {
    { .name = "on", .type = ACMEMS_BOOL, .offset = offsetof(struct broken, on), .flags = ACMEMS_DIRECT,
      .help = "nothing" },
};

static inline void crash(void) { *(volatile int *)8 = 1; }
static inline int deep(int depth) { volatile char room[65536]; room[0] = (char)depth; return deep(depth + 1) + room[0]; }

static void lost(void) { static char *volatile nowhere; memset(nowhere, 1, 100000); }
static inline void on_task(void *arg) { ((void (*)(void))arg)(); }
static inline void later(void (*what)(void))
{ static struct acmems_task task; acmems_task_post(&task, on_task, (void *)what); (void)lost; }

static bool judge(void *instance, uint64_t op, const struct acmems_sign_request *request, struct acmems_error *err)
{
    (void)instance; (void)request; (void)err;
    acmems_op_finish(op, NULL);
    return true;
}

#ifdef CONSTRUCTOR
__attribute__((constructor)) static void constructor(void) { CONSTRUCTOR; }
#endif
#ifdef LOAD
static bool load(struct acmems_error *err) { (void)err; LOAD; return true; }
#endif
#ifdef CHECK
static bool check(void *instance, struct acmems_error *err) { (void)instance; (void)err; CHECK; return true; }
#endif
#ifdef START
static bool start(void *instance, uint64_t op, struct acmems_error *err)
{ (void)instance; (void)err; START; acmems_op_finish(op, NULL); return true; }
#endif
#ifdef RELEASE
static void release(void *instance) { (void)instance; RELEASE; }
#endif
#ifdef NOBODY
extern void acmems_nobody_has_this(void);
static bool load(struct acmems_error *err) { (void)err; acmems_nobody_has_this(); return true; }
#endif
#ifndef KIND
#define KIND ACMEMS_AUTH
#endif

static const struct acmems_auth_ops ops = { .check = judge };

#ifndef NOTHING
ACMEMS_MODULE = {
    ACMEMS_MODULE_HEAD(KIND, "broken"),
#ifdef ABI
    .abi = ABI,
#endif
#ifndef SUMMARY
#define SUMMARY "is broken"
#endif
    .version = "1", .summary = SUMMARY, ACMEMS_MODULE_OPTIONS(options),
    .instance_size = sizeof(struct broken), .ops_size = sizeof(ops), .ops = &ops,
#if defined LOAD || defined NOBODY
    .load = load,
#endif
#ifdef CHECK
    .check = check,
#endif
#ifdef START
    .start = start,
#endif
#ifdef RELEASE
    .release = release,
#endif
};
#endif
"""

ENDED = r"ended the process in "

# what is defined, what is said of it, and who says so: "list", "test", "reload"
BROKEN = {
    "crashes when mapped": (["CONSTRUCTOR=crash()"], r"crashed in being mapped \(Segmentation fault\)", "list"),
    "exits when mapped": (["CONSTRUCTOR=exit(0)"], ENDED + r"being mapped \(exit status 0\)", "list"),
    "crashes in load": (["LOAD=crash()"], r"crashed in load \(Segmentation fault\)", "test"),
    "aborts in check": (["CHECK=abort()"], r"crashed in check \(Aborted\)", "test"),
    "hangs in check": (["CHECK=for(;;)pause()"], r"did not come back from check within 5 s", "test"),
    "crashes in start": (["START=crash()"], r"crashed in start \(Segmentation fault\)", "reload"),
    "exits in start": (["START=_exit(3)"], ENDED + r"start \(exit status 3\)", "reload"),
    "stops in start": (["START=raise(SIGSTOP)"], r"did not come back from start within 5 s", "reload"),
    "overflows the stack in start": (["START=deep(0)"], r"crashed in start \(Segmentation fault\)", "reload"),
    "crashes in release": (["RELEASE=crash()"], r"crashed in release \(Segmentation fault\)", "test"),
    "fails to start": (["START=return acmems_error_set(err, ACMEMS_SYSTEM, \"is ill\")"], r"is ill", "reload"),
    "old": (["ABI=0"], r"built for module ABI 0, this acmems has ABI 1", "list"),
    "without a symbol": (["NOBODY"], r"can not be mapped: undefined symbol: acmems_nobody_has_this", "list"),
    "empty": (["NOTHING"], r"has no constant acmems_module", "list"),
    "of another kind": (["KIND=ACMEMS_NOTIFY"], r"is of kind notify, and its file name says auth", "list"),
}


def compile_module(folder, out, *defines):
    source = folder / "broken.c"
    source.write_text(SOURCE)
    rig.run("gcc", "-D_GNU_SOURCE", "-I", rig.ROOT / "lib", "-fPIC", "-shared", "-fvisibility=hidden",
            *[f"-D{define}" for define in defines], "-o", folder / "broken.so", source)
    (folder / "broken.so").chmod(0o755)
    (folder / "broken.so").rename(out)


@pytest.fixture
def modules(tmp_path):
    folder = tmp_path / "modules"
    folder.mkdir(mode=0o755)
    for module in (rig.BUILD / "modules").glob("*.so"):
        shutil.copy(module, folder)
    return folder


AUTH = '{ name = "x"; broken = true; domains = [ "*.example.net" ]; }'


def acmems_says(*arguments):
    return subprocess.run([rig.BUILD / "daemon/acmems", *map(str, arguments)], capture_output=True, text=True,
                          timeout=rig.PATIENCE)


def children(acmems):
    return pathlib.Path(f"/proc/{acmems.pid}/task/{acmems.pid}/children").read_text()


def refuse(acmems, words):
    """SIGHUP, and the new configuration must be refused with these words."""
    before = acmems.log().count("reload refused, nothing has changed")
    acmems.signal(signal.SIGHUP)
    rig.wait_for(lambda: acmems.log().count("reload refused, nothing has changed") > before, "refusal")
    assert re.search(words, acmems.log()), acmems.log()


@pytest.mark.parametrize("defines, words, who", BROKEN.values(), ids=BROKEN.keys())
def test_it_is_named_and_the_daemon_goes_on(config, start, modules, tmp_path, defines, words, who):
    port = rig.Ports.take()
    acmems = start(config(port=port), arguments=("-v", "-m", modules)).ready()
    acmems.announce("reload", "Sanitizer")
    compile_module(tmp_path, modules / "auth-broken.so", *defines)

    listed = acmems_says("-m", modules, "-l")
    assert listed.returncode == 0
    assert "http01" in listed.stdout, "the others are listed all the same"
    described = acmems_says("-m", modules, "-D", "auth-broken")
    if who == "list":
        assert re.search(f"auth-broken.*{words}", listed.stderr), listed.stderr
        assert re.search(words, described.stderr) and described.returncode != 0
    else:
        assert "is broken" in listed.stdout and not listed.stderr
        assert described.returncode == 0

    acmems.config.write_text(config(port=port, auth=AUTH))
    tested = acmems_says("-m", modules, "-t", "-c", acmems.config)
    if who == "reload":
        assert tested.returncode == 0, tested.stderr
    else:
        assert tested.returncode == 78
        assert re.search(f"acmems.conf.*broken.*{words}", tested.stderr), tested.stderr

    refuse(acmems, words)
    assert acmems.alive()
    csr = rig.make_csr(tmp_path, "www.example.org")
    assert acmems.sign(csr).status == 200, "as before"


def test_one_that_can_not_be_described(modules, tmp_path):
    """What it says of itself leads nowhere."""
    compile_module(tmp_path, modules / "auth-broken.so", "SUMMARY=(const char *)8")
    listed = acmems_says("-m", modules, "-l")
    assert listed.returncode == 0 and "http01" in listed.stdout
    described = acmems_says("-m", modules, "-D", "broken")
    assert described.returncode != 0
    for said in listed, described:
        assert re.search(r"auth-broken.so.* crashed in being described \(Segmentation fault\)", said.stderr), said.stderr


def test_one_that_crashed_can_be_replaced_without_a_restart(config, start, modules, tmp_path):
    port = rig.Ports.take()
    acmems = start(config(port=port), arguments=("-v", "-m", modules)).ready()
    acmems.announce("reload")
    csr = rig.make_csr(tmp_path, "www.example.net")
    acmems.config.write_text(config(port=port, auth=AUTH))
    compile_module(tmp_path, modules / "auth-broken.so", "START=crash()")
    refuse(acmems, "module auth-broken crashed in start")
    assert acmems.sign(csr).status == 403
    compile_module(tmp_path, modules / "auth-broken.so")
    acmems.signal(signal.SIGHUP)
    rig.wait_for(lambda: acmems.sign(csr).status == 200, "the new rules")


@pytest.mark.parametrize("define, words", [
    ("CONSTRUCTOR=crash()", "module auth-broken crashed in being mapped"),
    ("START=crash()", "module auth-broken crashed in start"),
])
def test_the_first_start_names_it(config, modules, tmp_path, define, words):
    """A restart would not help: the exit status keeps systemd from it."""
    compile_module(tmp_path, modules / "auth-broken.so", define)
    file = tmp_path / "first.conf"
    file.write_text(config(port=rig.Ports.take(), auth=AUTH))
    said = acmems_says("-m", modules, "-c", file)
    assert said.returncode == 78
    assert f"{file}: {words} (Segmentation fault)" in said.stderr, said.stderr


def test_one_that_crashes_in_its_second_start(config, start, modules, tmp_path):
    """Nothing has changed since it was started; a reload starts it beside itself all the same."""
    port = rig.Ports.take()
    acmems = start(config(port=port), arguments=("-v", "-m", modules)).ready()
    acmems.announce("reload")
    compile_module(tmp_path, modules / "auth-broken.so", "START=static int count; if (++count > 1) crash()")
    acmems.config.write_text(config(port=port, auth=AUTH))
    rig.reload(acmems)
    csr = rig.make_csr(tmp_path, "www.example.net")
    rig.wait_for(lambda: acmems.sign(csr).status == 200, "the new rules")
    refuse(acmems, "module auth-broken crashed in start")
    assert acmems.sign(csr).status == 200, "as before"


# what only a process does that is no copy
ONLY_HERE = "int number = 0; prctl(PR_GET_PDEATHSIG, &number); if (!number) "


@pytest.mark.parametrize("defines, signal_name", [
    ([f"START={ONLY_HERE} crash()"], "Segmentation fault"), ([f"START={ONLY_HERE} deep(0)"], "Segmentation fault"),
    ([f"START={ONLY_HERE} abort()"], "Aborted"), (["START=later(crash)"], "Segmentation fault"),
    (["START=later(lost)"], "Segmentation fault")])
def test_what_the_copy_did_not_see_is_named(config, start, modules, tmp_path, defines, signal_name):
    """It ends the daemon, which says by whom."""
    port = rig.Ports.take()
    acmems = start(config(port=port), arguments=("-v", "-m", modules)).ready()
    acmems.announce("auth-broken.so", "Sanitizer", "DEADLYSIGNAL")
    acmems.config.write_text(config(port=port, auth=AUTH))
    compile_module(tmp_path, modules / "auth-broken.so", *defines)
    acmems.signal(signal.SIGHUP)
    assert acmems.wait() < 0 or rig.SANITIZED
    assert f"error crash: module auth-broken.so crashed ({signal_name})" in acmems.log()
    acmems.popen.returncode = 0


def test_one_that_hangs_only_here_is_named_to_the_watchdog(config, start, modules, tmp_path):
    """What the watchdog of a service manager sends says where it hung."""
    port = rig.Ports.take()
    acmems = start(config(port=port), arguments=("-v", "-m", modules)).ready()
    acmems.announce("auth-broken.so", "Sanitizer")
    acmems.config.write_text(config(port=port, auth=AUTH))
    compile_module(tmp_path, modules / "auth-broken.so", f'START={ONLY_HERE} {{ write(2, "hangs\\n", 6); for (;;) pause(); }}')
    acmems.signal(signal.SIGHUP)
    rig.wait_for(lambda: "hangs\n" in acmems.log(), "it hangs")
    acmems.signal(signal.SIGABRT)
    assert acmems.wait() < 0 or rig.SANITIZED
    assert "error crash: module auth-broken.so crashed (Aborted)" in acmems.log()
    acmems.popen.returncode = 0


def test_requests_are_answered_while_a_module_hangs(config, start, modules, tmp_path):
    port = rig.Ports.take()
    acmems = start(config(port=port), arguments=("-v", "-m", modules)).ready()
    acmems.announce("reload")
    csr = rig.make_csr(tmp_path, "www.example.org")
    acmems.signed(csr)
    acmems.config.write_text(config(port=port, auth=AUTH))
    compile_module(tmp_path, modules / "auth-broken.so", "START=for(;;)pause()")
    acmems.signal(signal.SIGHUP)
    rig.wait_for(lambda: children(acmems), "the rehearsal")
    for _ in range(50):
        assert acmems.sign(csr).status == 200
    assert "reload refused" not in acmems.log()
    acmems.signal(signal.SIGTERM)
    assert acmems.wait() == 0, "and it can be stopped"


def test_others_may_write(config, start, modules, tmp_path):
    port = rig.Ports.take()
    acmems = start(config(port=port), arguments=("-v", "-m", modules)).ready()
    acmems.announce("reload", "acmems.conf")
    compile_module(tmp_path, modules / "auth-broken.so")
    (modules / "auth-broken.so").chmod(0o757)
    words = r"others may write to it \(mode 0757\): run chmod go-w"
    assert re.search(words, acmems_says("-m", modules, "-l").stderr)
    acmems.config.write_text(config(port=port, auth=AUTH))
    assert re.search(words, acmems_says("-m", modules, "-t", "-c", acmems.config).stderr)
    refuse(acmems, words)
