#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that includes run downwards.

A file may include headers of its own folder and of the folders before it in ORDER."""
import pathlib
import re
import sys

ORDER = ("base arch protocol stats workloads spec host hypervisor kernel plan guest_output boot analysis results report "
         "run_index export html experiment slurm bisect nightly cli").split()
RANK = {name: rank for rank, name in enumerate(ORDER)}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def folder_of(path):
    parts = pathlib.PurePosixPath(path).parts
    # The one header that the TCG plugin shares with rig; it includes nothing above the protocol.
    if parts[:2] == ("guest", "protocol") or path == "plugin/counts_file.h":
        return "protocol"
    return parts[1] if parts[0] == "rig" and len(parts) > 2 else parts[0]


def main(top):
    wrong = []
    for file in sorted(p for root in ("rig", "guest") for p in (top / root).rglob("*") if p.suffix in (".h", ".cc")):
        name = file.relative_to(top).as_posix()
        if file.name.endswith("_test.cc") or name.startswith(("rig/testing/", "rig/testdata/")):
            continue
        here = folder_of(name)
        if here != "guest" and here not in RANK:
            wrong.append(f"{name}: folder {here} has no rank")
            continue
        for included in INCLUDE.findall(file.read_text(encoding="utf-8")):
            there = folder_of(included)
            allowed = there in ("guest", "protocol") if here == "guest" else there == here or RANK.get(there, len(ORDER)) < RANK[here]
            if not allowed:
                wrong.append(f'{name}: must not include "{included}"')
    print("\n".join(wrong) or "every include runs downwards")
    return 1 if wrong else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
