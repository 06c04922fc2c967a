#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that includes run downwards.

A file may include headers of its own folder and of the folders before it in ORDER. Only the folders
that rig/meson.build lists as threaded may use threads: ThreadSanitizer's build tests no others."""
import pathlib
import re
import sys

ORDER = ("base arch protocol stats workloads fault_points spec host hypervisor kernel series derive plan guest_output profile boot analysis results "
         "report run_index export html experiment slurm pack bisect nightly trial help cli").split()
RANK = {name: rank for rank, name in enumerate(ORDER)}
THREADS = re.compile(r'^\s*#\s*include\s+<(?:atomic|barrier|condition_variable|future|latch|mutex|pthread\.h|semaphore|shared_mutex|thread|'
                     r'boost/asio.*)>', re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def folder_of(path):
    parts = pathlib.PurePosixPath(path).parts
    # The headers that the TCG plugins share with rig; they include nothing above the protocol.
    if parts[:2] == ("guest", "protocol") or path in ("plugin/counts_file.h", "plugin/profile_file.h"):
        return "protocol"
    return parts[1] if parts[0] == "rig" and len(parts) > 2 else parts[0]


def threaded_folders(top):
    listed = re.search(r"^threaded = \[(.*?)\]", (top / "rig/meson.build").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return set(re.findall(r"'([a-z_]+)'", listed[1]))


def main(top):
    wrong = []
    threaded = threaded_folders(top)
    assert threaded and threaded < set(ORDER), threaded
    for file in sorted(p for root in ("rig", "guest") for p in (top / root).rglob("*") if p.suffix in (".h", ".cc")):
        name = file.relative_to(top).as_posix()
        if file.name.endswith("_test.cc") or name.startswith(("rig/testing/", "rig/testdata/")):
            continue
        here = folder_of(name)
        if here != "guest" and here not in RANK:
            wrong.append(f"{name}: folder {here} has no rank")
            continue
        text = file.read_text(encoding="utf-8")
        for header in THREADS.finditer(text):
            if here in RANK and here not in threaded:
                wrong.append(f"{name}: {header[0].strip()}, but {here} is not a threaded folder of rig/meson.build")
        for included in INCLUDE.findall(text):
            there = folder_of(included)
            allowed = there in ("guest", "protocol") if here == "guest" else there == here or RANK.get(there, len(ORDER)) < RANK[here]
            if not allowed:
                wrong.append(f'{name}: must not include "{included}"')
    print("\n".join(wrong) or "every include runs downwards")
    return 1 if wrong else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
