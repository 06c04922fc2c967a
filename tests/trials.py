#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""trials.py RIG TOP: `rig try` on patches of different kinds, each with a command that reaches the change and with one
that misses it.

The functions that `rig try` finds are compared with a diff of the two linked kernels, which is made here: objdump's
disassembly of each vmlinux, with addresses masked, compared by the names of symbols. (rig compares relocatable objects
before they are linked.) What is checked: precision and recall, what ran, the exit code, and what is printed if nothing
ran.

Prints TAP and, as comments, the table of docs/evaluation/trials.md. Takes some forty minutes on two busy cores. RIG_TRIALS
may name the kinds to run, separated by commas."""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RIG, TOP = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
PATCHES = TOP / "tests/trials"
failed = number = 0

PASS, USAGE, INCONCLUSIVE = 0, 2, 4
# kind, tree, patch (beginning of its file name), command that reaches it, further options, exit codes of reaching and
# missing, whether changed lines run with the command that reaches it, and how many run with any command: the agent reads
# a pipe while the workload runs.
Trial = collections.namedtuple("Trial", "kind tree patch reach options exits runs always", defaults=[True, 0])
NOTHING = (INCONCLUSIVE, INCONCLUSIVE)
TRIALS = [
    Trial("comments only", "6.12", "0007", "true", (), NOTHING, False),
    Trial("option that cannot be on", "6.12", "kernel-patches/6.12/vacuous-config", "true", (), NOTHING, False),
    Trial("other architecture", "6.12", "0009", "cat /proc/cpuinfo >/dev/null", (), NOTHING, False),
    Trial("fix in an error path", "6.12", "0001", "rmdir /nowhere || true", (), (PASS, INCONCLUSIVE)),
    Trial("changed lock", "6.12", "0002", "cat /proc/filesystems >/dev/null", ("--target", "filesystems_proc_show"), (PASS, INCONCLUSIVE)),
    Trial("new function", "6.12", "0003", "cat /proc/uptime >/dev/null", (), (PASS, INCONCLUSIVE)),
    Trial("inline function in a header", "6.12", "0004", "echo | cat >/dev/null", (), (PASS, INCONCLUSIVE), True, 1),
    Trial("Kconfig-gated file", "6.12", "0005", "cat /proc/config.gz >/dev/null", (), (PASS, INCONCLUSIVE)),
    Trial("renamed file", "6.12", "0006", "cat /proc/loadavg >/dev/null", (), (PASS, INCONCLUSIVE)),
    Trial("`__init` code", "6.12", "0008", "cat /proc/cmdline >/dev/null", ("--target", "cmdline_proc_show"), NOTHING, False),
    # The other kernel has no such file, and so nothing that could show that the workload came there.
    Trial("new option and file", "6.12", "0010", "cat /proc/threads_total || true", ("--target", "seq_read_iter"), NOTHING),
    Trial("inline function in a header", "7.3", "0004", "echo | cat >/dev/null", (), (PASS, INCONCLUSIVE), True, 1),
    Trial("Kconfig-gated file", "7.3", "0005", "cat /proc/config.gz >/dev/null", (), (PASS, INCONCLUSIVE)),
]
MISS = "true"


def check(name, good, why=""):
    global failed, number
    number += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {name}" + ("" if good else f": {why}"), flush=True)


def note(text):
    for line in text.splitlines():
        print(f"# {line}", flush=True)


# ---- A diff of two linked kernels

# objdump reads on behind what it cannot decode, in the middle of instructions: it takes so many bytes to find its way back.
LOST = 32
COMPILER_SUFFIX = re.compile(r"(\.(cold|isra|constprop|part)(\.\d+)?)+$")


def masked(line, function):
    """An instruction with what moves when other code moves taken out."""
    code = line.split("\t", 2)[-1].split("#")[0].strip()
    if re.match(r"(nop|data16|cs nop|xchg +%ax,%ax|int3)", code):
        return ""
    target = re.search(r"\b[0-9a-f]{8,16} <([^>+]+)(\+0x[0-9a-f]+)?>", code)
    if target:
        own = COMPILER_SUFFIX.sub("", target[1]) == function
        code = code.replace(target[0], f"<{target[1]}{target[2] or '' if own else ''}>")
    code = re.sub(r"-?0x[0-9a-f]+\(%rip\)", "ADDRESS", code)
    code = re.sub(r"\$?-?0x(ffffffff)?[0-9a-f]{7,8}\b", "ADDRESS", code)  # 7: sizes of the image
    code = re.sub(r"%gs:-?0x[0-9a-f]+", "%gs:ADDRESS", code)
    return " ".join(code.split())


def functions_of(vmlinux):
    """Name -> the masked bodies of all functions of that name."""
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", vmlinux], capture_output=True, text=True, check=True).stdout
    bodies = collections.defaultdict(list)
    function = body = None
    lost = 0
    for line in out.splitlines():
        head = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if head:
            function = COMPILER_SUFFIX.sub("", head[1])
            body = []
            lost = 0
            if not head[1].startswith("__pfx_"):
                bodies[function].append(body)
        elif line.startswith(("f", " ")) and function:
            code = masked(line, function)
            address = int(line.split(":")[0], 16)
            if "(bad)" in code:
                lost = address + LOST
            if code and address >= lost:
                body.append(code)
    return {name: sorted(tuple(body) for body in all_of_it) for name, all_of_it in bodies.items()}


def changed_in_images(file):
    done = run(["--json", "--quiet", "build", file])
    if done.returncode:
        note(f"{file.name}: {done.stderr[-1500:]}")
        return None
    before, after = (functions_of(kernel["vmlinux"]) for kernel in json.loads(done.stdout)["kernels"])
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


# The mask hides addresses and nothing else.
assert masked("ffffffff81000000:\tcall   ffffffff81234560 <kfree>", "f") == "call <kfree>"
assert masked("ffffffff81000000:\tmov    $0xffffffff82123456,%rdi", "f") == "mov ADDRESS,%rdi"
assert masked("ffffffff81000000:\tmov    $0x10,%eax", "f") != masked("ffffffff81000000:\tmov    $0x11,%eax", "f")
assert masked("ffffffff81000000:\tjmp    ffffffff81000010 <f+0x10>", "f") == "jmp <f+0x10>"
assert masked("ffffffff81000000:\tmov    0x1139f6d(%rip),%rax        # ffffffff8213a000 <x>", "f") == "mov ADDRESS,%rax"
assert masked("ffffffff81000000:\tnopw   0x0(%rax,%rax,1)", "f") == ""


# ---- Trials


def run(words):
    return subprocess.run([RIG, *map(str, words)], cwd=TOP, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def report_of(done):
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


def lines_of(report):
    """(lines that ran, lines with instructions) of both kernels."""
    arms = report.get("changed_lines", {}).get("arms", [])
    return sum(arm["ran"] for arm in arms), sum(arm["with_instructions"] for arm in arms)


def written(folder):
    """Lines that a user would have written instead: the experiment, and the list of the series."""
    text = "".join(file.read_text() for file in (*folder.glob("*.toml"), *folder.glob("kernel-patches/*/series")))
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in text.splitlines())


def share(part, whole):
    return f"{len(part)}/{len(whole)}" if whole else "-"


def try_it(trial, scratch, rows):
    patch = TOP / trial.patch if "/" in trial.patch else next(PATCHES.glob(f"{trial.patch}-*.patch"))
    title = f"{trial.kind}, {trial.tree}"
    name = re.sub(r"[^a-z0-9]+", "-", title.lower())[:30].strip("-")
    seen = []
    for what, command in (("reach", trial.reach), ("miss", MISS)):
        begun = time.monotonic()
        done = run(["--json", "--results", scratch / "results", "try", patch, "--base", f"linux-source-{trial.tree}", "--folder", scratch,
                    "--prerequisites", TOP / "kernel-patches" / trial.tree / "enable",  # boots in a quarter of the time
                    "--name", f"{name}-{what}", "--boots", "1", "--iterations", "5", "--run", command, *trial.options])
        minutes = (time.monotonic() - begun) / 60
        seen.append((done, report_of(done), minutes))
        if done.returncode not in (PASS, INCONCLUSIVE):
            note(f"{title}, {what}: exit {done.returncode}\n{done.stderr[-1500:]}")
    reach, miss = seen
    folder = scratch / f"{name}-reach"
    wanted_reach, wanted_miss = trial.exits
    check(f"{title}: exit code of the command that reaches it", reach[0].returncode == wanted_reach,
          f"{reach[0].returncode}, want {wanted_reach}: {reach[0].stderr[-600:]}")
    check(f"{title}: exit code of the command that misses it", miss[0].returncode == wanted_miss,
          f"{miss[0].returncode}, want {wanted_miss}: {miss[0].stderr[-600:]}")
    images = changed_in_images(folder / f"{folder.name}.toml")
    found = {one["function"] for one in reach[1].get("trial", {}).get("changed_functions", [])}
    # An error that ends the trial before the report lists them as text.
    found = found or set(re.findall(r"^  (?:changed|added|removed) (\S+)\(\) in ", reach[0].stderr, re.MULTILINE))
    if images is None:
        check(f"{title}: the generated experiment builds", False, "rig build failed")
        images = set()
    right = found & images
    if found ^ images:
        note(f"{title}: only rig: {sorted(found - images)}; only the images: {sorted(images - found)}")
    check(f"{title}: every function that rig names differs in the images", found <= images, f"{sorted(found - images)}")
    check(f"{title}: rig names every function that differs in the images", images <= found, f"{sorted(images - found)}")
    ran, countable = lines_of(reach[1])
    ran_missed, _ = lines_of(miss[1])
    if trial.runs:
        check(f"{title}: changed lines ran", ran > 0, "none")
        check(f"{title}: with the other command none ran, and the ways are listed",
              ran_missed == trial.always and "ways" in miss[1].get("trial", {}),
              f"{ran_missed} ran, want {trial.always}; {list(miss[1].get('trial', {}))}")
    else:
        check(f"{title}: no changed line ran", ran == 0 and ran_missed == 0, f"{ran} and {ran_missed}")
    rows.append(f"| {trial.kind} | {trial.tree} | {len(found)} | {share(right, found)} | {share(right, images)} | {ran} of {countable} "
                f"| {ran_missed} | {reach[2]:.1f} | {miss[2]:.1f} | {written(folder) or '-'} |")
    note(rows[-1])


def main():
    chosen = [kind for kind in os.environ.get("RIG_TRIALS", "").split(",") if kind]
    rows = []
    with tempfile.TemporaryDirectory(prefix="rig-trials-") as scratch:
        for trial in TRIALS:
            if not chosen or any(f"{trial.kind}, {trial.tree}".startswith(kind) for kind in chosen):
                try_it(trial, Path(scratch), rows)
    note("| patch | tree | functions | precision | recall | lines ran | missed | minutes | again | lines saved |")
    note("|---|---|---|---|---|---|---|---|---|---|")
    note("\n".join(rows))
    print(f"1..{number}")
    return failed > 0


sys.exit(main())
