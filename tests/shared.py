#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""shared.py RIG TOP: rig on machines that are not like a developer's own: several users, other
permissions, folders that are read-only or have blanks in their names, no HOME, few descriptors, control
groups. In each case rig works, or prints one sentence and exits with 3. No guest is booted: the kernel
is a Makefile that makes what rig takes from a kernel's build. Prints TAP."""
import fcntl
import hashlib
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from tap_tests import Skip, run_all

RIG, TOP = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
WORK = Path(tempfile.mkdtemp(prefix="rig-shared-"))
RUNS, RUN = WORK / "runs", "20261126-101046-batch-alloc-fail"
ROOT = os.geteuid() == 0
ALICE, BOB, TEAM, NO_ONE = 61001, 61002, 61000, 61003  # none has an entry in passwd

MAKEFILE = """VERSION = 6
PATCHLEVEL = 12
SUBLEVEL = 1
allnoconfig:
\tcp $(KCONFIG_ALLCONFIG) $(KCONFIG_CONFIG)
bzImage vmlinux:
\tmkdir -p $(O)/arch/x86/boot
\tcat mm/memory.c $(O)/.config > $(O)/vmlinux
\tcp $(O)/vmlinux $(O)/arch/x86/boot/bzImage
\techo 'ffffffff81000000 T zap' > $(O)/System.map
"""
PERF = """all $(O)/perf:
\tprintf '%s' '#include <stdio.h>|int main(void) { puts("perf version 6.12.1\\\\n libtraceevent: [ on  ]"); }' | tr '|' '\\n' | gcc -static -x c - -o $(O)/perf
"""
EXPERIMENT = """name = "{name}"
description = "a kernel that is a Makefile"
[kernel]
source = {{ tarball = "linux.tar", sha256 = "{sha}" }}
fragments = ["fragment"]
[[arm]]
name = "base"
marker = "zap"
[[arm]]
name = "patched"
series = ["kernel-patches/{series}"]
marker = "zap"
[guest]
boots = 1
clock = "virtual"
[workload]
name = "munmap"
[fault]
enabled = false
[target]
function = "zap"
[image]
full_perf = true
[metrics.total_ipis]
expect = "report"
"""


def project(at):
    """A folder with an experiment whose kernel is built in an instant."""
    tree = WORK / "linux"
    if not tree.exists():
        (tree / "mm").mkdir(parents=True)
        (tree / "tools/perf").mkdir(parents=True)
        (tree / "Makefile").write_text(MAKEFILE, encoding="utf-8")
        (tree / "mm/memory.c").write_text("int zap;\n", encoding="utf-8")
        (tree / "tools/perf/Makefile").write_text(PERF, encoding="utf-8")
        subprocess.run(["tar", "-C", WORK, "-cf", WORK / "linux.tar", "linux"], check=True)
    at.mkdir(parents=True)
    shutil.copy(WORK / "linux.tar", at)
    (at / "fragment").write_text("CONFIG_MMU=y\n", encoding="utf-8")
    sha = hashlib.sha256((at / "linux.tar").read_bytes()).hexdigest()
    for series in ("one", "two"):
        folder = at / "kernel-patches" / series
        folder.mkdir(parents=True)
        (folder / "series").write_text("1.patch\n", encoding="utf-8")
        (folder / "1.patch").write_text(f"--- a/mm/memory.c\n+++ b/mm/memory.c\n@@ -1 +1 @@\n-int zap;\n+int zap = 1; /* {series} */\n", encoding="utf-8")
        (at / f"{series}.toml").write_text(EXPERIMENT.format(name=series, sha=sha, series=series), encoding="utf-8")
    subprocess.run(["chmod", "-R", "a+rX", at], check=True)
    return at


def as_user(user):
    return ["setpriv", f"--reuid={user}", f"--regid={user}", f"--groups={TEAM}"] if user else []


def rig(*words, cwd=WORK, user=None, umask=None, before=(), env=None, unset=(), **more):
    variables = {**os.environ, "NO_COLOR": "1", **(env or {})}
    if user and "HOME" not in (env or {}):
        variables["HOME"] = str(home(user))
    for name in ("RIG_CACHE_DIR", "RIG_CACHE_RO", "XDG_CACHE_HOME", *unset):
        if name not in (env or {}):
            variables.pop(name, None)
    mask = ["sh", "-c", 'umask "$0"; exec "$@"', umask] if umask else []
    return subprocess.run([*before, *as_user(user), *mask, str(program()), *map(str, words)], cwd=cwd, env=variables, capture_output=True, text=True,
                          timeout=120, check=False, stdin=subprocess.DEVNULL, **more)


def program():
    """Where other users can reach it, with its agent."""
    copy = WORK / "program/bin/rig"
    if not copy.exists():
        for folder in ("bin", "share/rig/configs", "share/rig/kernel-patches"):
            (WORK / "program" / folder).mkdir(parents=True)
        shutil.copy(RIG, copy)
        os.environ["RIG_DATA_DIR"] = str(WORK / "program/share/rig")
        os.environ["RIG_AGENT"] = str(WORK / "program/rig-agent")
        shutil.copy(RIG.parent.parent / "guest/rig-agent", WORK / "program/rig-agent")
    return copy


def home(user):
    folder = WORK / f"home-{user}"
    if not folder.exists():
        folder.mkdir()
        os.chown(folder, user, user)
    return folder


def shared(name, mode):
    folder = WORK / name
    folder.mkdir()
    os.chown(folder, 0, TEAM)
    folder.chmod(mode)
    return folder


def works(done, code=0):
    assert done.returncode == code, (done.args, done.returncode, done.stdout[-800:], done.stderr[-1500:])
    return done


def says(done, *words):
    """Exit code 3 and one sentence."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("  evidence: ")]
    errors = [line for line in lines if line.startswith("rig: host fault: ")]
    assert done.returncode == 3 and len(errors) == 1 and lines[-1:] == errors, (done.args, done.returncode, done.stdout[-800:], done.stderr[-1500:])
    for word in words:
        assert word in errors[0], (word, errors[0])
    return errors[0]


def need_root():
    if not ROOT:
        raise Skip("wants to be several users: run it as root")


def built(done):
    """From the cache or not, by arm."""
    return {one["arm"]: one["from_cache"] for one in json.loads(works(done).stdout)["kernels"]}


# ---- users

def a_group_shares_a_cache_despite_the_umask():
    need_root()
    at, cache = project(WORK / "team"), shared("team-cache", 0o2770)
    first = built(rig("--cache", cache, "--json", "build", at / "one.toml", user=ALICE, umask="077"))
    assert first == {"base": False, "patched": False}, first
    # What Alice made, Bob takes; what she has not, he builds beside it, in a worktree of his own.
    assert built(rig("--cache", cache, "--json", "build", at / "one.toml", user=BOB, umask="077")) == {"base": True, "patched": True}
    assert built(rig("--cache", cache, "--json", "build", at / "two.toml", user=BOB, umask="077")) == {"base": True, "patched": False}
    assert built(rig("--cache", cache, "--json", "build", at / "two.toml", user=ALICE, umask="077")) == {"base": True, "patched": True}
    owners = {tree.stat().st_uid for tree in (cache / "worktrees").iterdir()}
    assert owners == {ALICE, BOB}, owners
    works(rig("--cache", cache, "cache", user=BOB))
    # Control: who is not in the group is told so.
    outside = subprocess.run(["setpriv", f"--reuid={NO_ONE}", f"--regid={NO_ONE}", "--clear-groups", program(), "--cache", cache, "build", at / "one.toml"],
                             capture_output=True, text=True, check=False, cwd=WORK, env={**os.environ, "HOME": str(home(NO_ONE))})
    says(outside, "Permission denied", "RIG_CACHE_DIR")


def a_private_cache_stays_private():
    need_root()
    at = project(WORK / "private")
    works(rig("build", at / "one.toml", user=ALICE, umask="077"))
    cache = home(ALICE) / ".cache/rig"
    for folder in (cache, cache / "kernels", cache / "locks"):
        assert folder.stat().st_mode & 0o077 == 0, (folder, oct(folder.stat().st_mode))


def a_team_cache_is_read_and_not_written():
    need_root()
    at, team = project(WORK / "borrow"), WORK / "team-read-only"
    works(rig("--cache", team, "build", at / "one.toml"))
    subprocess.run(["chmod", "-R", "go-w,a+rX", team], check=True)
    before = {file: file.stat().st_mtime_ns for file in team.rglob("*")}
    env = {"RIG_CACHE_RO": str(team)}
    done = rig("--json", "build", at / "one.toml", user=BOB, env=env)
    assert built(done) == {"base": True, "patched": True}
    assert str(team / "kernels") in done.stdout, done.stdout
    own = home(BOB) / ".cache/rig"
    assert not (own / "kernels").exists() and not (own / "sources").exists(), list(own.iterdir())
    # A patch that the team has not built: from the team's source.
    assert built(rig("--json", "build", at / "two.toml", user=BOB, env=env)) == {"base": True, "patched": False}
    assert len(list((own / "kernels").iterdir())) == 1 and not (own / "sources").exists()
    assert {file: file.stat().st_mtime_ns for file in team.rglob("*")} == before, "the team's cache was written"
    says(rig("build", at / "one.toml", env={"RIG_CACHE_RO": f"{team}:/no/such"}), "/no/such", "want an existing folder")


def a_group_shares_results_despite_the_umask():
    need_root()
    results = shared("team-results", 0o2770)
    shutil.copytree(RUNS / RUN, results / RUN)
    subprocess.run(["chown", "-R", f"{ALICE}:{TEAM}", results / RUN], check=True)
    for user in (ALICE, BOB, ALICE):
        assert RUN in works(rig("--results", results, "list", user=user, umask="077")).stdout
    works(rig("--results", results, "index", "--rebuild", user=BOB, umask="077"))
    works(rig("--results", results, "list", user=ALICE, umask="077"))
    works(rig("--results", results, "report", "latest", user=BOB))


def read_only_results():
    results = WORK / "read-only"
    shutil.copytree(RUNS, results)
    at = project(WORK / "at-read-only")
    cache = WORK / "cache-read-only"
    user = None
    if ROOT:
        user = BOB
        cache.mkdir()
        os.chown(cache, BOB, BOB)
        subprocess.run(["chmod", "-R", "go-w", results], check=True)
    else:
        subprocess.run(["chmod", "-R", "a-w", results], check=True)
    for words in (["list"], ["show", RUN], ["report", "latest"], ["explain", "latest", "target_latency"], ["diff", RUN, RUN],
                  ["export", "latest", "--format", "csv"]):
        works(rig("--results", results, *words, user=user))
    assert RUN in rig("--results", results, "list", user=user).stdout
    says(rig("--results", results, "index", user=user), "Permission denied")
    says(rig("--results", results, "--cache", cache, "compare", at / "one.toml", user=user), "cannot create", "Permission denied")
    subprocess.run(["chmod", "-R", "u+w", results], check=True)


# ---- names and variables

def blanks_in_paths():
    at = project(WORK / "my project")
    works(rig("--cache", WORK / "cache-blank", "build", at / "one.toml"))
    results = WORK / "my results"
    shutil.copytree(RUNS, results)
    for words in (["list"], ["report", "latest"], ["export", "latest", "--format", "ktap", "--out", WORK / "my out"]):
        works(rig("--results", results, *words))
    temporary = WORK / "my tmp"
    temporary.mkdir()
    works(rig("--cache", WORK / "cache-blank", "build", at / "two.toml", env={"TMPDIR": str(temporary)}))
    says(rig("--cache", WORK / "my cache", "build", at / "one.toml"), "neither blanks nor colons", "RIG_CACHE_DIR")


def no_home():
    at = project(WORK / "no-home")
    works(rig("--results", RUNS, "report", "latest", unset=["HOME"]))
    if not ROOT:
        raise Skip("the rest wants to be a user without an entry in passwd: run it as root")
    bare = {"PATH": os.environ["PATH"], "RIG_DATA_DIR": os.environ["RIG_DATA_DIR"], "RIG_AGENT": os.environ["RIG_AGENT"]}
    call = [*as_user(NO_ONE), program()]
    says(subprocess.run([*call, "build", at / "one.toml"], cwd=at, env=bare, capture_output=True, text=True, check=False), "HOME is not set",
         "RIG_CACHE_DIR")
    cache = WORK / "cache-no-home"
    cache.mkdir()
    os.chown(cache, NO_ONE, NO_ONE)
    works(subprocess.run([*call, "--cache", cache, "build", at / "one.toml"], cwd=at, env=bare, capture_output=True, text=True, check=False))


def any_locale_and_time_zone():
    at = project(WORK / "locale")
    cache = WORK / "cache-locale"
    wanted = [works(rig("--results", RUNS, *words, env={"LC_ALL": "C", "TZ": "UTC"})).stdout
              for words in (["report", "latest"], ["list"], ["export", "latest", "--format", "csv"])]
    key = re.search(r'"key": "(\w+)"', works(rig("--cache", cache, "--json", "build", at / "one.toml")).stdout)
    for locale in ("C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8", "POSIX", "no such locale"):
        for zone in ("Pacific/Kiritimati", "America/St_Johns", "XYZ+99", ""):
            env = {"LC_ALL": locale, "LANGUAGE": "de", "TZ": zone}
            got = [works(rig("--results", RUNS, *words, env=env)).stdout
                   for words in (["report", "latest"], ["list"], ["export", "latest", "--format", "csv"])]
            assert got == wanted, env
        again = works(rig("--cache", cache, "--json", "build", at / "one.toml", env=env))
        assert built(again) == {"base": True, "patched": True}, "the locale is part of a kernel's key"
        if key:
            assert key.group(0) in again.stdout


def a_narrow_terminal():
    at = project(WORK / "narrow")
    for columns in (20, 5):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        done = subprocess.run([program(), "--cache", WORK / f"cache-{columns}", "build", at / "one.toml"], stdout=subprocess.PIPE, stderr=theirs,
                              stdin=theirs, cwd=WORK, timeout=120, check=False)
        os.close(theirs)
        shown = b""
        try:
            while more := os.read(ours, 65536):
                shown += more
        except OSError:  # the end of a terminal
            pass
        os.close(ours)
        text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown.decode())
        assert done.returncode == 0, text
        widest = max((len(line) for line in re.split(r"[\r\n]+", text)), default=0)
        assert widest <= 20, (columns, widest, text[:2000])  # 20 is the least that rig uses


# ---- what the host allows

def few_descriptors():
    at = project(WORK / "descriptors")
    cache = WORK / "cache-descriptors"

    def limited(number, *words):
        return rig(*words, before=["sh", "-c", f'ulimit -n {number}; exec "$@"', "sh"])

    works(limited(64, "--cache", cache, "build", at / "one.toml"))
    for words in (["report", "latest"], ["list"]):
        works(limited(64, "--results", RUNS, *words))
    says(limited(20, "--cache", cache, "build", at / "one.toml"), "limit of open files is 20", "want at least 64")


def a_temporary_folder_without_programs():
    at = project(WORK / "noexec")
    tmp = WORK / "tmp-noexec"
    tmp.mkdir()
    mount = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o noexec,mode=1777 none "{tmp}" && exec "$@"', "sh"]
    if not ROOT or subprocess.run([*mount, "true"], capture_output=True, check=False).returncode != 0:
        raise Skip("no mount namespace here")
    control = subprocess.run([*mount, "sh", "-c", f"cp /bin/true {tmp}/x && {tmp}/x"], capture_output=True, check=False)
    assert control.returncode == 126, "control: the folder allows programs"
    works(rig("--cache", WORK / "cache-noexec", "build", at / "one.toml", before=mount, env={"TMPDIR": str(tmp)}))
    says(rig("--cache", WORK / "cache-noexec", "build", at / "two.toml", env={"TMPDIR": "/no/such"}), "/no/such", "set TMPDIR")


def a_cache_without_programs():
    at = project(WORK / "noexec-cache")
    cache = WORK / "cache-without-programs"
    cache.mkdir()
    mount = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o noexec,mode=1777 none "{cache}" && exec "$@"', "sh"]
    if not ROOT or subprocess.run([*mount, "true"], capture_output=True, check=False).returncode != 0:
        raise Skip("no mount namespace here")
    says(rig("--cache", cache, "build", at / "one.toml", before=mount), "perf")


def control_group(controller, **limits):
    """Words that run a command in a new group of cgroup v1 or v2, and the folder to remove."""
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    if unified:
        parent = Path("/sys/fs/cgroup")
        try:
            (parent / "cgroup.subtree_control").write_text(f"+{controller}", encoding="utf-8")
        except OSError as why:
            raise Skip(f"no control group with {controller} here: {why}") from why
    else:
        parent = Path("/sys/fs/cgroup") / controller
    folder = parent / f"rig-test-{os.getpid()}"
    try:
        folder.mkdir()
        for name, value in limits.items():
            file = name.split("__")[1 if unified else 0].replace("_of_", ".")
            (folder / file).write_text(value, encoding="utf-8")
    except OSError as why:
        if folder.exists():
            folder.rmdir()
        raise Skip(f"no control group with {controller} here: {why}") from why
    return ["sh", "-c", f'echo $$ > "{folder}/cgroup.procs" && exec "$@"', "sh"], folder


def control_groups():
    need_root()
    at = project(WORK / "groups")
    cache = WORK / "cache-groups"
    before, folder = control_group("cpu", cpu_of_cfs_quota_us__cpu_of_max="50000")
    try:
        works(rig("--cache", cache, "build", at / "one.toml", before=before))
    finally:
        folder.rmdir()
    before, folder = control_group("memory", memory_of_limit_in_bytes__memory_of_max=str(200 << 20))
    try:
        works(rig("--cache", cache, "build", at / "two.toml", before=before))
        # A guest has 512 MiB: one sentence with the group, and nothing killed.
        says(rig("--cache", cache, "--results", WORK / "results-groups", "compare", at / "one.toml", before=before), "control group", folder.name)
    finally:
        folder.rmdir()


def main():
    WORK.chmod(0o755)
    program()
    shutil.copytree(TOP / "rig/testdata/runs" / RUN, RUNS / RUN)
    tests = [a_group_shares_a_cache_despite_the_umask, a_private_cache_stays_private, a_team_cache_is_read_and_not_written,
             a_group_shares_results_despite_the_umask, read_only_results, blanks_in_paths, no_home, any_locale_and_time_zone, a_narrow_terminal,
             few_descriptors, a_temporary_folder_without_programs, a_cache_without_programs, control_groups]
    bad = run_all(tests)
    shutil.rmtree(WORK)
    return 1 if bad else 0


sys.exit(main())
