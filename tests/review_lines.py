#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""review_lines.py RIG TOP RESULTS [ARGUMENTS...]: the review suite (configs/review.toml) without a marker in any experiment.

With markers, perf's count of the marker shows that the changed code ran. Here only the counted lines show it. The experiments
are copies without their markers, in a folder of their own. The exit code is that of `rig compare`."""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

rig, top, results = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()

with tempfile.TemporaryDirectory() as folder:
    copy = Path(folder)
    (copy / "kernel-patches").symlink_to(top / "kernel-patches")
    shutil.copytree(top / "configs", copy / "configs")
    removed = 0
    for file in sorted((copy / "configs").glob("*.toml")):
        text, lines = re.subn(r'^(?:"arm\.[\w-]+\.)?marker"? *= *".*\n', "", file.read_text(), flags=re.M)
        removed += lines
        file.write_text(text)
    if removed < 20:
        sys.exit(f"removed only {removed} markers: are they written otherwise now?")
    print(f"{removed} markers removed", flush=True)
    sys.exit(subprocess.run([rig, "--results", results, "compare", copy / "configs/review.toml", *sys.argv[4:]], cwd=copy).returncode)
